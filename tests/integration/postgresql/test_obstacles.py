"""What the server would refuse is told by check mode and by the run in the same words, with a remedy that works."""

from __future__ import annotations

import psycopg2
import psycopg2.extras
import pytest
from integration.conftest import Container
from integration.postgresql.conftest import PASSWORD, role, start

pytestmark = pytest.mark.integration


@pytest.fixture
def refused(module, login):
    """Return the message of what check mode and the run refuse alike, having done nothing before."""

    def prove(name: str, **arguments) -> str:
        predicted, failed = (module(name, {**login, **arguments}, check=check) for check in (True, False))
        assert predicted.refusal == failed.refusal
        assert failed["error"]["done"] == []
        return failed.refusal

    return prove


def test_a_template_with_other_collations(refused, converge, login, query, version):
    if version < 15:
        pytest.skip("this version records no versions of collations")
    query("drop database if exists aged")
    query("create database aged template template0 locale_provider icu icu_locale 'en-US'")
    query("update pg_database set datcollversion = '0.1' where datname = 'aged'")
    databases = ["before_it", {"name": "collated", "template": "aged"}]
    message = refused("postgresql_databases", databases=databases)
    assert "[2] prerequisite error at database collated: its template aged was made with version 0.1" in message
    # As the remedy says.
    assert "ALTER DATABASE aged REFRESH COLLATION VERSION" in message
    query("alter database aged refresh collation version")
    plan = converge("postgresql_databases", {**login, "databases": databases})
    assert plan == ["create database before_it", "create database collated"]


def test_a_database_that_was_left_half_dropped(refused, converge, module, login, query):
    query("create database half_dropped")
    query("update pg_database set datconnlimit = -2 where datname = 'half_dropped'")
    assert "left behind half dropped" in refused("postgresql_databases", databases=["half_dropped"])
    assert "half dropped" in refused(
        "postgresql_databases", databases=[{"name": "from_it", "template": "half_dropped"}]
    )
    told = module("postgresql_databases_info", {**login})
    assert told["unreadable"] == ["half_dropped"]
    assert "half_dropped" not in [database["name"] for database in told["databases"]]
    absent = [{"name": "half_dropped", "state": "absent"}]
    assert converge("postgresql_databases", {**login, "databases": absent}) == ["drop database half_dropped"]


def test_a_database_that_allows_no_connections(refused, converge, module, login, query):
    query("create database shut allow_connections false")
    assert "it allows no connections" in refused("postgresql_databases", databases=["shut"])
    assert module("postgresql_databases_info", {**login, "names": ["shut"]})["unreadable"] == ["shut"]
    absent = [{"name": "shut", "state": "absent"}]
    assert converge("postgresql_databases", {**login, "databases": absent}) == ["drop database shut"]


def test_a_database_with_a_subscription_is_not_dropped(refused, converge, login, query):
    query("drop database if exists subscribed with (force)")
    query("create database subscribed")
    query("create subscription follows connection 'host=192.0.2.1' publication p with (connect = false)", "subscribed")
    absent = {"name": "subscribed", "state": "absent"}
    for declared in (absent, {**absent, "force": True}):
        message = refused("postgresql_databases", databases=["before_it_too", declared])
        assert "it has a subscription: follows; force does not help" in message
    assert query("select count(*) from pg_database where datname = 'before_it_too'") == [(0,)]
    # As the remedy says.
    query("alter subscription follows disable", "subscribed")
    query("alter subscription follows set (slot_name = none)", "subscribed")
    query("drop subscription follows", "subscribed")
    assert converge("postgresql_databases", {**login, "databases": [absent]}) == ["drop database subscribed"]


@pytest.fixture(scope="module", params=["14", "18"])
def publisher(request):
    """A server that keeps what has changed for subscribers, and transactions that are prepared."""
    container = start(
        request.param, ("-c", "wal_level=logical", "-c", "max_prepared_transactions=5", "-c", "fsync=off")
    )
    yield container
    container.remove()


def connect(server: Container, database: str, **other):
    connection = psycopg2.connect(host=server.address, user="postgres", password=PASSWORD, dbname=database, **other)
    if not other:
        connection.autocommit = True
    return connection


def test_slots_and_prepared_transactions_of_a_database_to_be_dropped(module, publisher):
    login = {"login_host": publisher.address, "login_password": PASSWORD}
    absent = {**login, "databases": [{"name": "published", "state": "absent", "force": True}]}
    connect(publisher, "postgres").cursor().execute("create database published")
    connection = connect(publisher, "published")
    cursor = connection.cursor()
    cursor.execute("create table t (id int)")
    cursor.execute("begin; insert into t values (1); prepare transaction 'left_alone'")
    for check in (True, False):
        assert (
            "it has a prepared transaction: left_alone" in module("postgresql_databases", absent, check=check).refusal
        )
    cursor.execute("rollback prepared 'left_alone'")
    cursor.execute("select pg_create_logical_replication_slot('follower', 'pgoutput')")
    reader = connect(publisher, "published", connection_factory=psycopg2.extras.LogicalReplicationConnection)
    reading = reader.cursor()
    cursor.execute("create publication p for all tables")
    reading.start_replication(
        "follower",
        options={"proto_version": "1", "publication_names": "p"},
        slot_type=psycopg2.extras.REPLICATION_LOGICAL,
    )
    for check in (True, False):
        refusal = module("postgresql_databases", absent, check=check).refusal
        assert "it has a replication slot in use: follower; force does not help" in refusal
    reader.close()
    connection.close()
    step = "drop database published with its replication slots follower"
    for _attempt in range(50):
        predicted = module("postgresql_databases", absent, check=True)
        if "plan" in predicted:
            break
    assert predicted["plan"] == module("postgresql_databases", absent)["plan"] == [step]


def test_who_granted_memberships_is_dropped_and_they_outlive_it(module, converge, refused, login, query, version):
    roles = [role("giver", createrole=True), role("taker"), role("club_of_giver", login=False), role("heir_of_giver")]
    converge("postgresql_roles", {**login, "roles": roles})
    query("grant club_of_giver to giver with admin option")
    query("grant club_of_giver to taker with admin option", user="giver", password="Password-1-giver")
    query("grant club_of_giver to heir_of_giver", user="taker", password="Password-1-taker")
    leaving = {"name": "giver", "state": "absent"}
    if version < 16:
        assert converge("postgresql_roles", {**login, "roles": [leaving]}) == ["drop role giver"]
    else:
        message = refused("postgresql_roles", roles=[leaving])
        assert "it granted the membership of role taker in role club_of_giver" in message
        assert converge("postgresql_roles", {**login, "roles": [{**leaving, "reassign_to": "heir_of_giver"}]}) == [
            "grant role club_of_giver to role taker anew, which role giver had granted",
            "drop role giver",
        ]
    for member in ("taker", "heir_of_giver"):
        assert query(f"select pg_has_role('{member}', 'club_of_giver', 'MEMBER')") == [(True,)]
    assert query("select pg_has_role('taker', 'club_of_giver', 'MEMBER WITH ADMIN OPTION')") == [(True,)]


def test_no_circle_of_memberships_is_predicted(refused, converge, login):
    converge("postgresql_roles", {**login, "roles": [role("ring_a", member_of=["ring_b"]), role("ring_b")]})
    message = refused("postgresql_roles", roles=["ring_c", role("ring_b", member_of=["ring_a"])])
    assert "[1] configuration error at role ring_b: it would be a member of itself" in message
    turned = [role("ring_b", member_of=["ring_a"]), role("ring_a", member_of=[], exclusive_memberships=True)]
    assert converge("postgresql_roles", {**login, "roles": turned}) == [
        "revoke role ring_b from role ring_a",
        "grant role ring_a to role ring_b",
    ]


def test_nobody_locks_himself_out_unasked(refused, converge, module, login, query):
    for lost in ({"login": False}, {"superuser": False}, {"valid_until": "2001-01-01"}):
        assert "is the role that is logged in as, and would lose" in refused(
            "postgresql_roles", roles=["before_it", {"name": "postgres", **lost}]
        )
    query("drop role if exists second")
    query("create role second superuser login password 'Password-1-second'")
    second = {**login, "login_user": "second", "login_password": "Password-1-second"}
    own = role("second", superuser=False, allow_lockout=True)
    assert module("postgresql_roles", {**second, "roles": [own]})["plan"] == ["change superuser of role second"]


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"work_mem": "much"}, "work_mem cannot be set to much: invalid value"),
        ({"work_mem": 1}, "work_mem cannot be set to 1: 1 kB is outside the valid range"),
        ({"jit": "perhaps"}, "jit cannot be set to perhaps: parameter"),
        ({"TimeZone": "Mars/Phobos"}, "TimeZone cannot be set to Mars/Phobos: invalid value"),
        ({"log_connections": True}, "log_connections cannot be set to on: only the client can set it"),
        ({"max_connections": 5}, "max_connections cannot be set to 5: it belongs to the server as a whole"),
    ],
)
def test_a_setting_that_the_server_would_not_take(refused, setting, reason):
    assert reason in refused("postgresql_roles", roles=["before_it", {"name": "set_wrong", "settings": setting}])
    databases = ["before_it", {"name": "set_wrong", "role_settings": {"postgres": setting}}]
    assert reason in refused("postgresql_databases", databases=databases)


def test_settings_of_every_kind_are_taken(converge, login):
    every = {"work_mem": "8MB", "jit": False, "TimeZone": "UTC", "default_tablespace": "nowhere_yet", "my.own": "x"}
    every.update(
        {"search_path": ["a", "b"], "log_min_messages": "error", "statement_timeout": 5000, "role": "postgres"}
    )
    every.update({"seq_page_cost": 1.5, "default_text_search_config": "nowhere.yet"})
    assert len(converge("postgresql_roles", {**login, "roles": [{"name": "set_well", "settings": every}]})) == 12
