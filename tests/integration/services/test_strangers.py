"""Accounts, rules and files that are not as declared are named by a verification, and nothing else is."""

from __future__ import annotations

import json

import pymongo
import pytest
from integration.conftest import docker
from integration.services.conftest import HOST

pytestmark = pytest.mark.integration
DATASTORES = ("postgresql", "redis", "mongodb")
LOOKED_AT = (*DATASTORES, "platform")
FILES = "files, their owners and modes are as declared"
RULE = "host all all all trust"


@pytest.fixture(scope="module")
def platform(deploy):
    # The disk and the firewall of the machine that runs the tests are not looked at.
    disk = {"data": {"path": "/", "total_gb": 100, "free_gb": 50}}
    return deploy(platform_datastores=list(DATASTORES), platform_host={**HOST, **disk})


@pytest.fixture
def failures(platform, tmp_path):
    """Verify; return what is not well in the datastores: `{(component, check): what}`."""

    def verify(**variables) -> dict[tuple[str, str], str]:
        report = tmp_path / "report.json"
        run = platform.converge(playbook="verify.yml", verify_report=str(report), **variables)
        assert "changed=0" in run.output, run.output
        assert report.exists(), run.output
        rows = json.loads(report.read_text(encoding="utf-8"))["checks"]
        looked_at = [row for row in rows if row["component"] in LOOKED_AT]
        assert len(looked_at) > 6, run.output
        return {(row["component"], row["check"]): row["what"] for row in looked_at if row["state"] == "failed"}

    return verify


def redis(platform, *command: str) -> str:
    secret = platform.secrets["redis_admin_password"]
    arguments = ("--env", f"REDISCLI_AUTH={secret}", platform.container("redis"), "redis-cli", "--user", "platform")
    return docker("exec", *arguments, *command)


def mongo(platform, command: dict) -> None:
    login = {"username": "admin", "password": platform.secrets["mongodb_root_password"], "authSource": "admin"}
    with pymongo.MongoClient(platform.address("mongodb"), 27017, directConnection=True, **login) as client:
        client.admin.command(command)


def test_who_is_not_declared_is_named(platform, failures):
    assert failures() == {}
    environment = platform.folder / "project/secrets/postgresql.env"
    environment.chmod(0o644)
    hba = platform.query("postgres", "show hba_file")
    for statement in ("create role evil superuser", "create role reader", "grant pg_read_all_data to reader"):
        platform.query("postgres", statement)
    platform.run("postgresql", "sh", "-c", f"cp {hba} {hba}.kept && echo {RULE} >> {hba}")
    redis(platform, "acl", "setuser", "evil", "on", "nopass", "~*", "&*", "+@all")
    mongo(platform, {"createUser": "evil", "pwd": "Evil-Passw0rd", "roles": [{"role": "root", "db": "admin"}]})
    try:
        assert failures() == {
            ("postgresql", "no role has power that nobody gave it"): (
                "role evil has superuser; role reader has the rights of pg_read_all_data"
            ),
            ("postgresql", "nobody gets in over the network without a password"): f"pg_hba.conf has: {RULE}",
            ("redis", "nobody else has an account"): "nobody declared user evil",
            ("mongodb", "nobody else has an account"): "nobody declared user evil in database admin",
            ("platform", FILES): "site.yml would set permissions of file secrets/postgresql.env",
        }
        known = ["role evil", "role reader", "user evil", "user evil in database admin"]
        environment.chmod(0o600)
        assert set(failures(verify_known_accounts=known)) == {
            ("postgresql", "nobody gets in over the network without a password")
        }
    finally:
        platform.run("postgresql", "mv", f"{hba}.kept", hba)
        for role in ("evil", "reader"):
            platform.query("postgres", f"drop role {role}")
        redis(platform, "acl", "deluser", "evil")
        mongo(platform, {"dropUser": "evil"})
    assert failures(verify_known_accounts=[]) == {}
