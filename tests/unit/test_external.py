"""An instance that is somebody else's server: what is said of it, what is made of it, and who reaches it how."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import backup, external
from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import DECLARED_LABEL, compose_project
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import checked, contradictions
from ansible_collections.borgstack.platform.plugins.plugin_utils.endpoints import connections, endpoints_of
from ansible_collections.borgstack.platform.plugins.plugin_utils.purge import purge_plan
from ansible_collections.borgstack.platform.plugins.plugin_utils.report import report_table
from ansible_collections.borgstack.platform.plugins.plugin_utils.state import project_state

CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
GIVEN = {"host": "db.example.com", "password": "Managers-1-secret", "ca": CA}
OWN = {"service": "postgresql", "tier": "datastore", "hooks": ["configure", "provision", "verify", "deprovision"]}
PROVIDES = {"kind": "postgresql", "port": 5432, "user": "postgres", "settings": {"role_connections": 5}}
NEED = {
    "kind": "postgresql",
    "instance": "db",
    "tls": True,
    "role": {"name": "chat", "password": "Chats-1-secret"},
    "database": {"name": "chat_db", "owner": "chat"},
}


def server(**given) -> dict:
    said = external.checked("db", {**GIVEN, **given}, "postgresql")
    return checked("db", external.declared("db", OWN, external.provided("db", PROVIDES, said, "/opt/x"), said))


def service(need: dict = NEED, **container) -> dict:
    definition = {"image": "example/app:1", "healthcheck": {"test": ["CMD", "true"]}, "mem_limit": "64m", **container}
    return {"service": "app", "tier": "application", "containers": {"app": definition}, "needs": [need]}


def test_nothing_is_made_of_it_but_the_file_of_its_authority():
    assert server(port=6432, user="manager") == {
        "service": "postgresql",
        "tier": "datastore",
        "hooks": ["provision", "deprovision"],
        "provides": {
            **PROVIDES,
            "container": "db",
            "host": "db.example.com",
            "port": 6432,
            "user": "manager",
            "password": "Managers-1-secret",
            "tls": {"mode": "verify-full", "authority": "/opt/x/authorities/db.pem"},
        },
        "files": [{"path": "authorities/db.pem", "content": CA}],
    }
    assert external.checked("db", None, "redis") == {}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"hots": "x"}, "unknown keys: hots .did you mean host"),
        ({"password": None}, "password"),
        ({"ca": ""}, "nothing says how it is known to be the right server"),
        ({"ca": "", "tls": "verify-full"}, "nothing says how it is known"),
        ({"tls": "require"}, "its ca would not be looked at"),
        ({"tls": "prefer"}, "one of: disable, require, verify-full"),
        ({"ca": "/etc/ssl/ca.pem"}, "its ca is no certificate"),
        ({"ca": CA + "-----BEGIN PRIVATE KEY-----"}, "holds a private key"),
        ({"host": "https://db.example.com"}, "neither a host name nor an address"),
        ({"port": 70000}, "70000 is no port"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(given, words):
    with pytest.raises(PlatformError, match=words) as refused:
        server(**given)
    assert "instance db.external" in refused.value.message and "Managers-1-secret" not in refused.value.message


def test_only_kinds_whose_modules_and_clients_reach_it_encrypted_can_be_external():
    for kind in ("redis", ""):
        with pytest.raises(PlatformError, match=r"its role provides (redis|nothing); a server that is not of"):
            external.checked("db", GIVEN, kind)


def test_clients_are_told_where_it_is_and_how_to_encrypt():
    (reached,) = endpoints_of({"db": server()}).values()
    assert (reached["address"], reached["on_host"]["address"]) == ("db.example.com:5432",) * 2
    assert reached["tls"]["parameters"] == {"sslmode": "verify-full", "sslrootcert": "/authorities/db.pem"}
    assert reached["on_host"]["tls"]["authority"] == "/opt/x/authorities/db.pem"
    (plain,) = endpoints_of({"db": server(ca="", tls="disable")}).values()
    assert "tls" not in plain and "tls" not in plain["on_host"]
    (unproven,) = endpoints_of({"db": server(ca="", tls="require", host="2001:db8::5")}).values()
    assert unproven["tls"]["parameters"] == {"sslmode": "require"} and unproven["address"] == "[2001:db8::5]:5432"


def test_a_program_of_the_host_is_told_so_too():
    found = connections([NEED], endpoints_of({"db": server()}))
    assert found["POSTGRESQL_URL"] == (
        "postgresql://chat:Chats-1-secret@db.example.com:5432/chat_db"
        "?sslmode=verify-full&sslrootcert=/opt/x/authorities/db.pem"
    )
    assert (found["POSTGRESQL_SSLMODE"], found["POSTGRESQL_SSLROOTCERT"]) == (
        "verify-full",
        "/opt/x/authorities/db.pem",
    )


def test_a_service_that_cannot_encrypt_is_refused_where_the_server_wants_it():
    deaf = {key: value for key, value in NEED.items() if key != "tls"}
    assert contradictions({"db": server(), "app": service(deaf)}) == ["app cannot be told to speak TLS to db"]
    assert contradictions({"db": server(ca="", tls="disable"), "app": service(deaf)}) == []
    assert contradictions({"db": server(), "app": service()}) == []


def test_containers_get_a_way_out_to_it_and_its_authority():
    project = compose_project({"db": server(), "app": service(networks=["internal"])}, "x")
    (app,) = project["services"].values()
    assert app["networks"] == ["internal", "app-external"]
    assert project["networks"] == {"internal": {"internal": True}, "app-external": {}}
    assert app["volumes"] == ["./authorities/db.pem:/authorities/db.pem:ro"]
    assert "depends_on" not in app
    led = compose_project({"db": server(), "app": service(networks=["internal", "external"])}, "x")
    assert led["services"]["app"]["networks"] == ["internal", "external"]


def test_another_authority_makes_the_containers_anew_that_read_it_and_no_others():
    def labels(ca: str) -> dict[str, str]:
        other = {**service(), "containers": {"other": service()["containers"]["app"]}, "needs": []}
        services = compose_project({"db": server(ca=ca), "app": service(), "other": other}, "x")["services"]
        return {name: definition["labels"][DECLARED_LABEL] for name, definition in services.items()}

    before, after = labels(CA), labels(CA + CA)
    assert before["app"] != after["app"] and before["other"] == after["other"]


def test_its_address_is_known_without_a_container():
    state = project_state([], compose_project({"db": server()}, "x"), None, {"db": "db.example.com"})
    assert (state["addresses"], state["stale"], state["ids"]) == ({"db": "db.example.com"}, [], {})


def test_it_is_not_backed_up_and_a_verification_says_so():
    assert backup.backup_sources({"db": server(), "app": service()}) == {
        "sources": [],
        "volumes": [],
        "services": {"db": {"containers": [], "parts": []}, "app": {"containers": ["app"], "parts": []}},
    }
    judged = {"now": 9, "installed": 9, "maximum_hours": 1, "unit": "x", "destinations": {"a": True}}
    said = {row["component"]: row["what"] for row in backup.rows_of_backup({}, {**judged, "unsaved": ["db"]})}
    assert "nothing of it is saved from here" in said["db"]


def test_a_purge_takes_what_a_service_has_in_it_and_of_itself_its_files_alone():
    left = purge_plan({"db": server(), "app": service()}, {}, "app", "x")
    assert [need["database"]["name"] for need in left["datastores"]["db"]["needs"]] == ["chat_db"]
    own = purge_plan({"db": server()}, {}, "postgresql", "x")
    assert (own["containers"], own["volumes"], own["datastores"]) == ([], [], {})
    assert "authorities/db.pem" in own["files"]


def test_a_report_says_that_it_is_not_ours():
    (row,) = [line for line in report_table({"db": server()}, [], "vault.yml") if line.startswith("db ")]
    assert row.split() == ["db", "db.example.com:5432", "not", "of", "the", "platform", "-"]
