"""No secret is seen anywhere while Ansible is as talkative as it can be: not printed, logged, left behind or listed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import yaml
from integration.conftest import ROOT
from integration.mongodb import servers as mongodb
from integration.postgresql import conftest as postgresql
from integration.processes import unshared, watched
from integration.qdrant.subject import subject
from integration.redis import servers as redis
from integration.s3.servers import SeaweedFS

pytestmark = pytest.mark.integration
MARK = unshared("Marker-7-seen-nowhere")
# By engine: what the module is told to keep, once with the first and once with the second password of it.
ITEMS = {
    "postgresql_roles": ("roles", {"name": "watched", "password": f"{MARK}-%"}),
    "mongodb_users": ("users", {"name": "watched", "password": f"{MARK}-%", "roles": []}),
    "redis_users": ("users", {"name": "watched", "password": f"{MARK}-%"}),
    "s3_buckets": ("buckets", {"name": "watched-%"}),
    "qdrant_collections": ("collections", {"name": "watched-%", "vectors": {"size": 3, "distance": "Dot"}}),
}
SECRET_OPTION = {"s3_buckets": "secret_key", "qdrant_collections": "api_key"}


@pytest.fixture(scope="module")
def servers():
    """One server an engine: how to log in to it, and what it has logged."""
    database = postgresql.start(postgresql.NEWEST)
    documents = mongodb.start()
    storage = SeaweedFS()
    product = redis.PRODUCTS[1]
    with subject() as vectors, redis.started(product, product.with_acl_file("--loglevel debug")) as cache:
        login = {"login_host": database.address, "login_password": postgresql.PASSWORD}
        yield {
            "postgresql_roles": (login, database.logs),
            "mongodb_users": (documents.login, documents.logs),
            "redis_users": (cache.login, cache.logs),
            "s3_buckets": (storage.login, storage.logs),
            "qdrant_collections": (vectors.login, lambda: ""),
        }
    for server in (database, documents, storage):
        server.remove()


def tasks(logins: dict[str, dict], vault: dict[str, str]) -> list[dict]:
    """Return tasks that create, change, plan, read, and fail; their secrets are put into the vault.

    Ansible shows the lines of a playbook that a failed task stands in, so secrets have no place there.
    """

    def hidden(value: str) -> str:
        name = f"secret_{len(vault)}"
        vault[name] = value
        return f"{{{{ {name} }}}}"

    made = []
    for module, (key, item) in ITEMS.items():
        secret = SECRET_OPTION.get(module, "login_password")
        login = {**logins[module], secret: hidden(logins[module][secret])}
        wrong = {**login, secret: hidden(f"{MARK}-wrong")}
        for number, check in ((1, False), (2, True), (2, False)):
            declared = {name: value.replace("%", str(number)) for name, value in item.items() if isinstance(value, str)}
            declared = {**item, **declared}
            if "password" in declared:
                declared["password"] = hidden(declared["password"])
            made.append({f"borgstack.platform.{module}": {**login, key: [declared]}, "check_mode": check})
        made.append({f"borgstack.platform.{module}_info": login})
        refused = {f"borgstack.platform.{module}": {**wrong, key: [declared]}, "ignore_errors": True}
        made += [refused, {f"borgstack.platform.{module}_info": wrong, "ignore_errors": True}]
    return [{"name": f"Task {number}", **task} for number, task in enumerate(made)]


def test_no_secret_is_seen_anywhere(servers, tmp_path):
    logins = {module: login for module, (login, _logs) in servers.items()}
    vault: dict[str, str] = {}
    book = [{"hosts": "all", "gather_facts": False, "vars_files": ["vault.yml"], "tasks": tasks(logins, vault)}]
    folders = {name: tmp_path / name for name in ("remote", "local", "system")}
    for folder in folders.values():
        folder.mkdir()
    (tmp_path / "play.yml").write_text(yaml.safe_dump(book), encoding="utf-8")
    (tmp_path / "vault.yml").write_text(yaml.safe_dump(vault), encoding="utf-8")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
        "ANSIBLE_LOG_PATH": str(tmp_path / "log"),
        "ANSIBLE_REMOTE_TMP": str(folders["remote"]),
        "ANSIBLE_LOCAL_TEMP": str(folders["local"]),
        "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        "ANSIBLE_PIPELINING": "0",
        "TMPDIR": str(folders["system"]),
    }
    command = ["ansible-playbook", "-vvvv", "--diff", "-i", "localhost,", "-c", "local", str(tmp_path / "play.yml")]
    with watched() as listed:
        finished = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, cwd=tmp_path)
    printed = finished.stdout + finished.stderr
    assert finished.returncode == 0, printed[-3000:]
    number = len(ITEMS)
    # Each was made, changed, and refused: there was something to be seen.
    assert f"changed={3 * number}" in printed and f"ignored={2 * number}" in printed
    assert printed.count("refuses") >= number
    left = [path for folder in folders.values() for path in folder.rglob("*") if path.is_file()]
    places = {
        "output": printed,
        "log": (tmp_path / "log").read_text(encoding="utf-8"),
        "left behind": " ".join(path.read_text(encoding="utf-8", errors="replace") for path in left),
        "process list": " ".join(listed),
        **{f"log of {module}": logs() for module, (_login, logs) in servers.items()},
    }
    assert "AnsiballZ" in places["process list"] and "CREATE ROLE" in places["log of postgresql_roles"]
    secrets = {MARK, *vault.values()}
    found = {(place, secret) for place, text in places.items() for secret in secrets if secret in text}
    assert found == set()
