"""A PostgreSQL that is somebody else's: its own authority, TLS for everybody, and no superuser for us."""

from __future__ import annotations

import json
import subprocess
import time

import psycopg2
import pytest
from integration.conftest import Container, docker, rows_of
from integration.services.conftest import HOST, told_by

OWNER = "Owners-1-secret"
MANAGER = "Managers-1-secret"
# Everybody encrypts, and nobody is let in otherwise.
RULES = "local all all trust\nhostssl all all all scram-sha-256\n"


class Managed:
    """The server, as whoever runs it sees it.

    Args:
        folder: for its certificate.
        gateway: the address of this machine that containers of all networks reach it at.
    """

    def __init__(self, folder, gateway: str):
        self.gateway = gateway
        self._files = {name: folder / name for name in ("key.pem", "cert.pem")}
        names = ["-subj", "/CN=db", "-addext", f"subjectAltName=IP:{gateway}"]
        files = ["-keyout", str(self._files["key.pem"]), "-out", str(self._files["cert.pem"])]
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files]
        subprocess.run(request, check=True, capture_output=True)
        options = ("--env", f"POSTGRES_PASSWORD={OWNER}", "--publish", f"{gateway}::5432")
        self.container = Container("pgvector/pgvector:pg18", "postgres", "-c", "fsync=off", options=options)
        self.port = int(docker("port", self.container.name, "5432").strip().rpartition(":")[2])
        self._wait()
        self._encrypt()
        self.ask(f"create role manager login createdb createrole password '{MANAGER}'")

    @property
    def authority(self) -> str:
        return self._files["cert.pem"].read_text(encoding="utf-8")

    def ask(self, statement: str, **other) -> list[tuple]:
        login = {"host": self.gateway, "port": self.port, "user": "postgres", "password": OWNER, "dbname": "postgres"}
        return rows_of(statement, **{**login, **other})

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("select 1")
                return
            except psycopg2.OperationalError:
                assert time.monotonic() < deadline, self.container.logs()[-2000:]
                time.sleep(0.3)

    def _encrypt(self) -> None:
        for name, path in self._files.items():
            docker("cp", str(path), f"{self.container.name}:/var/lib/postgresql/{name}")
        data = self.ask("show data_directory")[0][0]
        for setting, name in (("ssl_cert_file", "cert.pem"), ("ssl_key_file", "key.pem")):
            self.ask(f"alter system set {setting} = '/var/lib/postgresql/{name}'")
        self.ask("alter system set ssl = on")
        commands = "chown postgres /var/lib/postgresql/*.pem; chmod 600 /var/lib/postgresql/*.pem"
        self.container.run("sh", "-c", f"{commands}; printf '{RULES}' > {data}/pg_hba.conf")
        self.ask("select pg_reload_conf()")
        self.container.wait("sh", "-c", "psql -XU postgres -Atc 'show ssl' | grep -q on")


@pytest.fixture(scope="module")
def managed(tmp_path_factory):
    gateway = docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", "bridge").strip()
    server = Managed(tmp_path_factory.mktemp("managed"), gateway)
    yield server
    server.container.remove()


def consumer(name: str, password: str) -> dict:
    database = {"name": f"{name}_db", "owner": name, "revoke_public": True}
    need = {"kind": "postgresql", "instance": "db", "role": {"name": name, "password": password}, "database": database}
    return {"role": "consumer", "needs": [need]}


def instances(managed, password: str = "Shops-1-secret") -> dict:
    place = {"host": managed.gateway, "port": managed.port}
    return {
        "db": {
            "role": "postgresql",
            "external": {**place, "user": "manager", "password": MANAGER, "ca": managed.authority},
        },
        "shop": consumer("shop", password),
        "desk": consumer("desk", "Desks-1-secret"),
    }


@pytest.fixture(scope="module")
def platform(deploy, managed):
    # What a verification of this machine would look at besides.
    disk = {"data": {"path": "/", "total_gb": 100, "free_gb": 50}}
    deployment = deploy(converge=False, platform_host={**HOST, **disk}, platform_instances=instances(managed))
    foretold = deployment.converge("--check")
    assert foretold.returncode == 0, foretold.output
    assert managed.ask("select count(*) from pg_database where datname = 'shop_db'") == [(0,)]
    first = deployment.converge()
    assert first.returncode == 0, first.output
    return deployment


def who(platform) -> tuple:
    """Log in as the program of the host does that has nothing but its file."""
    told = told_by(platform.folder / "project/connections/shop.env")
    with psycopg2.connect(told["POSTGRESQL_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select current_user::text, current_database()::text, ssl from pg_stat_ssl where pid = pg_backend_pid()"
        )
        return (*cursor.fetchone(), told["POSTGRESQL_SSLMODE"])


def test_a_program_has_its_database_there_and_reaches_it_encrypted(platform):
    assert who(platform) == ("shop", "shop_db", True, "verify-full")


def test_nothing_of_it_runs_here_and_its_own_databases_are_as_they_were(platform, managed):
    assert not platform.compose["services"] and not (platform.folder / "vault.yml").exists()
    assert managed.ask("select has_database_privilege('shop', 'postgres', 'CONNECT')") == [(True,)]


def test_a_second_run_and_one_in_check_mode_change_nothing(platform):
    for arguments in ((), ("--check",), ("--tags", "shop"), ("--tags", "db")):
        again = platform.converge(*arguments)
        assert (again.returncode, again.changed) == (0, 0), again.output


def test_a_password_of_the_inventory_reaches_it_and_the_program(platform, managed):
    run = platform.converge(platform_instances=instances(managed, "Shops-2-secret"))
    assert run.returncode == 0 and who(platform)[:2] == ("shop", "shop_db"), run.output
    with pytest.raises(psycopg2.OperationalError):
        managed.ask("select 1", user="shop", password="Shops-1-secret", dbname="shop_db")


def test_a_verification_asks_it(platform, managed, tmp_path):
    report = tmp_path / "report.json"

    def states() -> dict[str, str]:
        run = platform.converge(playbook="verify.yml", verify_report=str(report))
        assert report.exists(), run.output
        rows = json.loads(report.read_text(encoding="utf-8"))["checks"]
        return {row["check"]: row["state"] for row in rows if row["component"] == "db"}

    roles, databases = "the administrator gets in, and roles are as declared", "databases are as declared"
    assert states() == {roles: "ok", databases: "ok"}
    managed.ask("alter role shop nologin")
    assert states() == {roles: "failed", databases: "ok"}
    assert platform.converge().returncode == 0 and who(platform)[0] == "shop"


def test_a_server_of_another_authority_is_not_spoken_to(platform, managed, tmp_path):
    other = Managed.__new__(Managed)
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=db", *files]
    subprocess.run(request, check=True, capture_output=True)
    other.gateway, other.port, other._files = managed.gateway, managed.port, {"cert.pem": tmp_path / "cert.pem"}
    refused = platform.converge("--tags", "db", platform_instances=instances(other, "Shops-2-secret"))
    platform.variables["platform_instances"] = instances(managed, "Shops-2-secret")
    assert refused.returncode != 0 and "certificate verify failed" in refused.output, refused.output
    assert MANAGER not in refused.output


def test_a_purge_takes_what_is_ours_and_leaves_the_server(platform, managed):
    left = {name: one for name, one in instances(managed, "Shops-2-secret").items() if name != "shop"}
    assert platform.converge(platform_instances=left).returncode == 0
    done = platform.converge(playbook="purge.yml", purge="shop")
    assert done.returncode == 0 and "database shop_db in db" in done.output, done.output
    asked = "select count(*) from pg_database, pg_roles where datname = 'shop_db' or rolname = 'shop'"
    assert managed.ask(asked) == [(0,)]
    gone = platform.converge(platform_instances={})
    assert gone.returncode == 0, gone.output
    done = platform.converge(playbook="purge.yml", purge="db")
    assert done.returncode == 0 and not (platform.folder / "project/authorities/db.pem").exists(), done.output
    assert managed.ask("select count(*) from pg_database where datname = 'desk_db'") == [(1,)]
