"""Two hosts of one system, as far as one machine can be two: two projects, each with its own folder and networks."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg2
import pytest
import yaml
from integration.conftest import docker, rows_of
from integration.services.conftest import HOST, told_by

from ansible_collections.borgstack.platform.plugins.plugin_utils import secret_policy

PORT = 15433
DISK = {"data": {"path": "/", "total_gb": 100, "free_gb": 50}}
PASSWORDS = {"shop": "Shops-1-secret", "desk": "Desks-1-secret"}


def consumer(name: str, instance: str = "db", **settings) -> dict:
    role, database = {"name": name, "password": PASSWORDS[name]}, {"name": f"{name}_db", "owner": name}
    need = {"kind": "postgresql", "instance": instance, "role": role, "database": {**database, "revoke_public": True}}
    return {"role": "consumer", "needs": [need], **settings}


class System:
    """The host `data`, which has the database, and the host `app`, which has not."""

    def __init__(self, deployment):
        self.deployment = deployment
        # Where containers of all networks reach this machine, as hosts reach each other.
        self.address = docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", "bridge").strip()
        self.names = {host: f"{deployment.project}-{host}" for host in ("data", "app")}
        deployment.hosts = {
            host: {"platform_name": name, "platform_directory": str(self.folder(host))}
            for host, name in self.names.items()
        }
        self.set(platform_host_address=self.address, postgresql_memory_mb=512)
        self.instances(
            db={"role": "postgresql", "runs_on": "data", "port": PORT},
            shop=consumer("shop", runs_on="app"),
            desk=consumer("desk", runs_on="data"),
        )

    def folder(self, host: str):
        return self.deployment.folder / host

    def set(self, **variables) -> None:
        self.deployment.variables.update(variables)

    def instances(self, **named) -> None:
        self.set(platform_instances={**self.deployment.variables.get("platform_instances", {}), **named})

    def converge(self, *arguments: str, **variables):
        return self.deployment.converge(*arguments, **variables)

    def ask(self, statement: str, **login) -> list[tuple]:
        """Ask the database as a program of another host does."""
        authority = str(self.folder("app") / "authorities/db.pem")
        known = {"host": self.address, "port": PORT, "sslmode": "verify-full", "sslrootcert": authority}
        return rows_of(statement, **{**known, **login})

    def told(self, service: str, host: str = "app") -> dict[str, str]:
        """Return what a program's file of the environment says."""
        return told_by(self.folder(host) / f"connections/{service}.env")

    def containers(self, host: str) -> dict:
        return yaml.safe_load((self.folder(host) / "compose.yaml").read_text(encoding="utf-8"))["services"]


@pytest.fixture(scope="module")
def system(deploy):
    made = System(deploy(converge=False))
    foretold = made.converge("--check")
    assert foretold.returncode == 0, foretold.output
    first = made.converge()
    assert first.returncode == 0, first.output
    yield made
    for project in made.names.values():
        made.deployment.project = project
        made.deployment.remove()


def test_each_host_has_its_own_part(system):
    assert [*system.containers("data")] == ["db"] and not system.containers("app")


def test_a_program_of_another_host_has_its_database_there_and_encrypts(system):
    told = system.told("shop")
    assert (told["POSTGRESQL_HOST"], told["POSTGRESQL_PORT"]) == (system.address, str(PORT))
    assert told["POSTGRESQL_SSLMODE"] == "verify-full"
    with psycopg2.connect(told["POSTGRESQL_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select current_user::text, current_database()::text, ssl from pg_stat_ssl where pid = pg_backend_pid()"
        )
        assert cursor.fetchone() == ("shop", "shop_db", True)


def test_a_program_of_its_own_host_reaches_it_beside_that(system):
    with psycopg2.connect(system.told("desk", "data")["POSTGRESQL_URL"]) as connection:
        assert connection.info.dbname == "desk_db"


def test_a_second_run_and_one_in_check_mode_change_nothing(system):
    for arguments in ((), ("--check",)):
        again = system.converge(*arguments)
        assert (again.returncode, again.changed) == (0, 0), again.output


def test_without_its_authority_it_is_not_believed(system, tmp_path):
    other = tmp_path / "other.pem"
    other.write_text((system.folder("data") / "db/server.pem").read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        system.ask("select 1", user="shop", password=PASSWORDS["shop"], dbname="shop_db", sslrootcert=str(other))
    with pytest.raises(psycopg2.OperationalError, match="does not match"):
        system.ask("select 1", user="shop", password=PASSWORDS["shop"], dbname="shop_db", host="localhost")


def test_the_administrators_password_is_on_its_own_host_alone(system):
    password = system.deployment.secrets["db_superuser_password"]
    files = {host: [path for path in system.folder(host).rglob("*") if path.is_file()] for host in system.names}
    holding = {
        host: [path.name for path in found if password in path.read_text(encoding="utf-8")]
        for host, found in files.items()
    }
    assert holding["data"] and not holding["app"]
    for path in files["data"]:
        if "PRIVATE KEY" in path.read_text(encoding="utf-8"):
            assert path.stat().st_mode & 0o077 == 0


def test_a_changed_password_reaches_the_server_and_the_program_in_one_run(system, monkeypatch):
    former = system.told("shop")["POSTGRESQL_URL"]
    monkeypatch.setitem(PASSWORDS, "shop", "Shops-2-secret")
    system.instances(shop=consumer("shop", runs_on="app"))
    run = system.converge()
    assert run.returncode == 0 and system.told("shop")["POSTGRESQL_PASSWORD"] == PASSWORDS["shop"], run.output
    psycopg2.connect(system.told("shop")["POSTGRESQL_URL"]).close()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(former)


def test_another_authority_reaches_the_server_and_the_program_in_one_run(system):
    former = (system.folder("app") / "authorities/db.pem").read_text(encoding="utf-8")
    run = system.converge(platform_supplied_secrets={"platform_authority_key": secret_policy.generate("authority")})
    assert run.returncode == 0, run.output
    assert (system.folder("app") / "authorities/db.pem").read_text(encoding="utf-8") != former
    psycopg2.connect(system.told("shop")["POSTGRESQL_URL"]).close()


def test_a_run_that_leaves_out_who_needs_the_database_is_refused_where_it_is(system):
    refused = system.converge("--limit", "data")
    assert refused.returncode != 0 and "this run leaves out app" in refused.output
    alone = system.converge("--limit", "app")
    assert (alone.returncode, alone.changed) == (0, 0), alone.output


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"runs_on": "dta"}, "runs on dta, and the group platform has no such host (did you mean data?)"),
        ({"port": 0}, "needed here and runs on data, where no other host reaches it"),
    ],
)
def test_what_cannot_be_reached_is_refused_before_anything_is_changed(system, changed, refusal):
    declared = system.deployment.variables["platform_instances"]
    system.instances(db={**declared["db"], **changed})
    refused = system.converge()
    system.instances(db=declared["db"])
    assert refused.returncode != 0 and refusal in " ".join(refused.output.split()) and refused.changed == 0


def test_a_host_that_cannot_be_reached_at_an_address_is_refused(system):
    refused = system.converge(platform_host_address="data.example.com")
    system.set(platform_host_address=system.address)
    assert refused.returncode != 0 and "set platform_host_address" in refused.output


def test_a_verification_finds_both_hosts_well_and_what_is_ill_where_it_is(system, tmp_path):
    report = str(tmp_path / "report.json")
    run = system.converge(playbook="verify.yml", verify_report=report, platform_host={**HOST, **DISK})
    failed = [row for row in json.loads(Path(report).read_text(encoding="utf-8"))["checks"] if row["state"] == "failed"]
    assert not [row for row in failed if row["component"] in ("db", "shop", "desk")], run.output


def test_a_purge_takes_what_it_has_on_other_hosts_too(system):
    kept = {name: one for name, one in system.deployment.variables["platform_instances"].items() if name != "shop"}
    assert system.converge(platform_instances=kept).returncode == 0
    done = system.converge(playbook="purge.yml", purge="shop")
    assert done.returncode == 0 and "database shop_db in db" in done.output, done.output
    assert not (system.folder("app") / "connections/shop.env").exists()
    asked = "select count(*) from pg_database, pg_roles where datname = 'shop_db' or rolname = 'shop'"
    superuser = {"user": "postgres", "password": system.deployment.secrets["db_superuser_password"]}
    authority = str(system.folder("data") / "db/authority.pem")
    assert system.ask(asked, **superuser, dbname="postgres", sslrootcert=authority) == [(0,)]
    again = system.converge(playbook="purge.yml", purge="shop")
    assert again.changed == 0 and "deployed and no longer declared are none" in again.output
