"""Instances with settings of their own: a second PostgreSQL, and software that runs elsewhere and uses it."""

from __future__ import annotations

import json

import psycopg2
import pytest
from integration.conftest import docker
from integration.services.conftest import told_by
from patience import free_port
from plays import Run

PORT = free_port()
REPORTS = {
    "role": "postgresql",
    "port": PORT,
    "networks": ["reports"],
    "memory_limit_mb": 512,
    "memory_mb": 512,
    "max_connections": 30,
    "settings": {"jit": "off"},
}
SHOP = {
    "role": "consumer",
    "needs": [
        {
            "kind": "postgresql",
            "instance": "reports",
            "role": {
                "name": "shop",
                "password": "{{ lookup('borgstack.platform.secret', 'shop_database_password') }}",
            },
            "database": {"name": "shop_db", "owner": "shop", "revoke_public": True, "extensions": ["vector"]},
        }
    ],
    "sites": [{"host": "shop.demo.example.com", "upstream": "192.0.2.7:8080"}],
}


@pytest.fixture(scope="module")
def platform(deploy):
    return deploy(platform_datastores=["postgresql"], platform_instances={"reports": REPORTS, "shop": SHOP})


def tables(platform, **place) -> list:
    place = place or {"host": platform.address("reports")}
    login = {"user": "shop", "password": platform.secrets["shop_database_password"], "dbname": "shop_db"}
    with psycopg2.connect(**place, **login) as connection, connection.cursor() as cursor:
        cursor.execute("create table if not exists orders (place vector(3))")
        cursor.execute("select tablename from pg_tables where schemaname = 'public'")
        return cursor.fetchall()


def test_each_has_its_own_limit_settings_volume_and_password(platform):
    other, own = platform.inspect("postgresql"), platform.inspect("reports")
    assert own["HostConfig"]["Memory"] == 512 * 2**20 < other["HostConfig"]["Memory"]
    assert {mount["Name"] for mount in own["Mounts"] if mount["Type"] == "volume"} == {
        f"{platform.project}_reports_data"
    }
    asked = "select current_setting('max_connections') || ' ' || current_setting('jit')"
    assert platform.query("postgres", asked, "reports") == "30 off"
    assert platform.query("postgres", asked) == "200 on"
    passwords = [platform.secrets[f"{name}_superuser_password"] for name in ("postgresql", "reports")]
    assert len(set(passwords)) == 2


def test_it_logs_in_to_its_own_database_with_its_extension(platform):
    assert tables(platform) == [("orders",)]
    assert platform.secrets["shop_database_password"] not in str(platform.compose)


def test_its_program_is_told_how_to_log_in(platform):
    file = platform.folder / "project/connections/shop.env"
    assert file.stat().st_mode & 0o777 == 0o600
    with psycopg2.connect(told_by(file)["POSTGRESQL_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("select current_user || ' ' || current_database()")
        assert cursor.fetchone() == ("shop shop_db",)


def test_programs_of_the_host_reach_it_at_its_port_and_no_other_container_does(platform):
    assert tables(platform, host="127.0.0.1", port=PORT) == [("orders",)]
    (binding,) = platform.inspect("reports")["NetworkSettings"]["Ports"]["5432/tcp"]
    assert binding == {"HostIp": "127.0.0.1", "HostPort": str(PORT)}
    others = [*platform.inspect("reports")["NetworkSettings"]["Networks"].values()]
    for place in ["reports", *(network["IPAddress"] for network in others)]:
        answer = platform.run("postgresql", "pg_isready", "--host", place, "--timeout", "3", check=False)
        assert "accepting connections" not in answer, place


def test_a_second_run_and_one_of_it_alone_change_nothing(platform):
    for arguments in ((), ("--tags", "shop"), ("--tags", "consumer"), ("--check", "--tags", "reports")):
        again = platform.converge(*arguments)
        assert (again.returncode, again.changed) == (0, 0), again.output
    refused = platform.converge("--tags", "reprots")
    assert refused.returncode != 0 and "nothing has the tag reprots, did you mean reports?" in refused.output


def test_a_run_of_one_instance_leaves_the_others_of_its_role_alone(platform):
    wider = {**REPORTS, "memory_limit_mb": 640}
    run = platform.converge("--tags", "postgresql", platform_instances={"reports": wider, "shop": SHOP})
    assert run.returncode == 0 and platform.inspect("reports")["HostConfig"]["Memory"] == 640 * 2**20
    before = platform.inspect("postgresql")["State"]["StartedAt"]
    platform.variables["postgresql_max_connections"] = 210
    run = platform.converge("--tags", "reports", platform_instances={"reports": REPORTS, "shop": SHOP})
    assert run.returncode == 0 and platform.inspect("reports")["HostConfig"]["Memory"] == 512 * 2**20
    assert platform.inspect("postgresql")["State"]["StartedAt"] == before


def test_what_it_says_wrongly_is_named_and_shows_no_secret(platform):
    wrong = {**SHOP, "needs": [{**SHOP["needs"][0], "databse": {}}]}
    refused = platform.converge(platform_instances={"reports": REPORTS, "shop": wrong})
    platform.variables["platform_instances"] = {"reports": REPORTS, "shop": SHOP}
    words = " ".join(refused.output.split())
    assert refused.returncode != 0 and "unknown keys: databse (did you mean database?)" in words, refused.output
    assert platform.secrets["shop_database_password"] not in refused.output


def test_what_was_deployed_is_noted_without_secrets(platform):
    notes = platform.folder / "project/deployed"
    assert notes.stat().st_mode & 0o777 == 0o700
    reports, shop = (json.loads((notes / f"{name}.json").read_text(encoding="utf-8")) for name in ("reports", "shop"))
    image = docker("inspect", "--format", "{{.Image}}", platform.container("reports")).strip()
    assert reports["images"] == {"reports": {"name": platform.compose["services"]["reports"]["image"], "id": image}}
    assert reports["volumes"] == [f"{platform.project}_reports_data"]
    assert [need["database"] for need in shop["needs"]] == [{"name": "shop_db", "owner": "shop"}]
    texts = [path.read_text(encoding="utf-8") for path in notes.glob("*.json")]
    assert not [secret for secret in platform.secrets.values() for text in texts if secret in text]
    assert {path.stat().st_mode & 0o777 for path in notes.glob("*.json")} == {0o600}


def purge(platform, name: str, *arguments: str) -> Run:
    platform.variables["purge"] = name
    run = platform.converge(*arguments, playbook="purge.yml")
    del platform.variables["purge"]
    return run


def volumes() -> list[str]:
    return docker("volume", "ls", "--format", "{{.Name}}").split()


def test_its_data_stays_when_it_is_no_longer_named_until_it_is_purged(platform):
    without = platform.converge(platform_instances={"reports": REPORTS})
    assert without.returncode == 0, without.output
    assert platform.query("shop_db", "select count(*) from orders", "reports") == "0"
    refused = purge(platform, "nothing")
    assert refused.returncode != 0 and "deployed and no longer declared are shop" in " ".join(refused.output.split())
    foretold = purge(platform, "shop", "--check")
    assert foretold.returncode == 0 and "database shop_db in reports" in foretold.output, foretold.output
    done = purge(platform, "shop")
    assert done.returncode == 0 and "role shop in reports" in done.output, done.output
    asked = "select count(*) from pg_database, pg_roles where datname = 'shop_db' or rolname = 'shop'"
    assert platform.query("postgres", asked, "reports") == "0"
    assert not (platform.folder / "project/deployed/shop.json").exists()


def test_an_instance_that_is_no_longer_named_goes_and_its_volume_stays_until_it_is_purged(platform):
    without = platform.converge(platform_instances={})
    assert without.returncode == 0, without.output
    assert "reports" not in platform.compose["services"]
    assert f"{platform.project}_reports_data" in volumes()
    assert "postgresql is switched on" in purge(platform, "postgresql").output
    started = platform.inspect("postgresql")["State"]["StartedAt"]
    done = purge(platform, "reports")
    assert done.returncode == 0, done.output
    assert f"{platform.project}_reports_data" not in volumes() and f"{platform.project}_postgresql_data" in volumes()
    assert platform.inspect("postgresql")["State"]["StartedAt"] == started
    again = platform.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output
