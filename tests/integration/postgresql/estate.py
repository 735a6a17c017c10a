"""Everything that the modules can change on a server, read without them."""

from __future__ import annotations

SERVER = (
    "select rolname, rolsuper, rolcreatedb, rolcreaterole, rolcanlogin, rolreplication, rolinherit, rolbypassrls, "
    "rolconnlimit, rolvaliduntil, rolpassword from pg_authid where rolname !~ '^pg_' order by 1",
    "select m.rolname, g.rolname from pg_auth_members join pg_roles m on m.oid = member "
    "join pg_roles g on g.oid = roleid order by 1, 2",
    "select coalesce(datname, ''), coalesce(rolname, ''), setconfig from pg_db_role_setting "
    "left join pg_database d on d.oid = setdatabase left join pg_roles r on r.oid = setrole order by 1, 2",
    "select datname, pg_get_userbyid(datdba), datconnlimit, datacl::text, shobj_description(oid, 'pg_database') "
    "from pg_database order by 1",
    "select rolname, shobj_description(oid, 'pg_authid') from pg_roles where rolname !~ '^pg_' order by 1",
)
DATABASE = (
    "select nspname, pg_get_userbyid(nspowner), nspacl::text from pg_namespace where nspname !~ '^pg_' order by 1",
    "select extname, extversion, nspname from pg_extension join pg_namespace n on n.oid = extnamespace order by 1",
    "select c.oid::regclass::text, relacl::text, pg_get_userbyid(relowner) from pg_class c where oid >= 16384 "
    "and relnamespace <> 'pg_toast'::regnamespace order by 1",
    "select p.oid::regprocedure::text, proacl::text from pg_proc p where oid >= 16384 order by 1",
    "select pg_get_userbyid(defaclrole), nspname, defaclobjtype, defaclacl::text from pg_default_acl "
    "join pg_namespace n on n.oid = defaclnamespace order by 1, 2, 3",
)


def snapshot(query) -> list:
    """Return what the server and each of its databases hold."""
    databases = [name for (name,) in query("select datname from pg_database where datallowconn order by 1")]
    return [*_answers(query, SERVER, "postgres"), [(name, _answers(query, DATABASE, name)) for name in databases]]


def _answers(query, statements: tuple[str, ...], database: str) -> list:
    # All of them in one: most of the time would go into connecting.
    whole = ", ".join(f"(select json_agg(to_json(answer)) from ({statement}) answer)" for statement in statements)
    return query(f"select json_build_array({whole})", database)[0][0]
