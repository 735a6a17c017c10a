"""Keycloak as its role runs and configures it: logins, rotations, refusals, what survives."""

from __future__ import annotations

import copy
import json

import pytest
from integration.conftest import docker
from integration.keycloak.browser import Login, Server
from integration.services.conftest import HOST as MACHINE
from integration.services.conftest import eventually

pytestmark = pytest.mark.integration
HOST = "auth.demo.example.com"
PAGE = "https://chat.demo.example.com/back"
ADMIN = "Administrators-1-secret"
ROTATED = "Administrators-2-secret"
SECRETS = {"client": "Clients-1-secret", "user": "Users-1-secret"}
AS_DECLARED = "the administrator gets in, and realms are as declared"
AUDIENCE = {"included.client.audience": "chat-api", "access.token.claim": True}
REALM = {
    "name": "darevel",
    "display_name": "Darevel",
    "settings": {"accessTokenLifespan": 900},
    "roles": ["member", {"name": "clerk", "description": "Works here"}],
    "clients": [
        {
            "client_id": "chat-web",
            "public": True,
            "redirect_uris": ["https://chat.demo.example.com/*"],
            "web_origins": ["https://chat.demo.example.com"],
            "mappers": [{"name": "audience", "type": "oidc-audience-mapper", "config": AUDIENCE}],
        },
        {
            "client_id": "chat-api",
            "secret": SECRETS["client"],
            "standard_flow": False,
            "service_account": True,
            "service_account_roles": ["clerk"],
            "roles": ["writer"],
        },
    ],
    "users": [
        {
            "username": "Ana",
            "email": "ana@demo.example.com",
            "first_name": "Ana",
            "last_name": "Lima",
            "password": SECRETS["user"],
            "roles": ["member"],
            "client_roles": {"chat-api": ["writer"]},
        }
    ],
}


@pytest.fixture(scope="module")
def keycloak(deploy):
    deployment = deploy(
        converge=False,
        platform_datastores=["postgresql"],
        platform_applications=["keycloak"],
        platform_supplied_secrets={"keycloak_admin_password": ADMIN},
        # The disk of the machine that runs the tests is not looked at.
        platform_host={**MACHINE, "data": {"path": "/", "total_gb": 100, "free_gb": 50}},
        keycloak_realms=[REALM],
        # What runs for minutes is not worth a compiler's best.
        keycloak_environment={"JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1"},
    )
    foreseen = deployment.converge("--check")
    assert foreseen.returncode == 0 and "would configure keycloak" in foreseen.output, foreseen.output
    first = deployment.converge()
    assert first.returncode == 0, first.output
    return deployment


@pytest.fixture(scope="module")
def server(keycloak):
    return Server(keycloak, HOST)


def log_in(server, **more) -> dict:
    """Log Ana in, and return the tokens."""
    login = Login(server, "darevel", "chat-web", PAGE)
    return login.exchange(login.code("ana", SECRETS["user"]), **more).json()


def as_itself(server, secret: str) -> int:
    """Have the confidential client log in, and return how it is answered."""
    answer = server.token("darevel", grant_type="client_credentials", client_id="chat-api", client_secret=secret)
    return answer.status_code


def administrators(server, token: str) -> list[str]:
    return [user["username"] for user in server.administer(token, "GET", "/master/users").json()]


def verified(keycloak) -> dict[str, str]:
    """Return what a verification says of Keycloak: by check what is wrong, empty where nothing is."""
    report = keycloak.folder / "report.json"
    told = keycloak.converge(playbook="verify.yml", verify_report=str(report)).output
    assert report.exists(), told
    rows = json.loads(report.read_text(encoding="utf-8"))["checks"]
    return {
        row["check"]: "" if row["state"] == "ok" else f"{row['what']} {row['category']}"
        for row in rows
        if row["component"] == "keycloak"
    }


def changed(**more) -> list[dict]:
    """Return the declaration with the confidential client otherwise."""
    realm = copy.deepcopy(REALM)
    realm["clients"][1].update(more)
    return [realm]


def test_again_nothing_is_foreseen_nor_can_a_secret_be_read(keycloak):
    foreseen = keycloak.converge("--check", "--diff", "-vvvv")
    assert (foreseen.returncode, foreseen.changed) == (0, 0), foreseen.output
    plain = (keycloak.folder / "project/compose.yaml").read_text(encoding="utf-8")
    secrets = {*keycloak.secrets.values(), *SECRETS.values(), ADMIN}
    for text in (foreseen.output, plain, keycloak.logs("keycloak"), keycloak.run("keycloak", "cat", "/proc/1/cmdline")):
        assert not [secret for secret in secrets if secret in text]


def test_there_is_one_administrator_and_no_temporary_one(keycloak, server):
    token = server.administrator(ADMIN)
    assert administrators(server, token) == ["admin"]
    assert not server.administrator("Wrong-password-1")


def test_a_user_logs_in_and_the_application_can_tell_who_it_is(server):
    tokens = log_in(server)
    claims = server.claims("darevel", tokens["access_token"], "chat-api")
    assert claims["preferred_username"] == "ana" and claims["azp"] == "chat-web"
    assert "member" in claims["realm_access"]["roles"]
    assert claims["resource_access"]["chat-api"]["roles"] == ["writer"]
    assert claims["exp"] - claims["iat"] == 900
    assert server.claims("darevel", tokens["id_token"], "chat-web")["email"] == "ana@demo.example.com"


def test_a_login_with_a_wrong_password_brings_no_code(server):
    login = Login(server, "darevel", "chat-web", PAGE)
    answer = login.submit(login.begin(), "ana", "Wrong-password-1")
    assert answer.status_code == 200 and "Location" not in answer.headers


def test_a_code_goes_nowhere_else(server):
    answer = Login(server, "darevel", "chat-web", "https://evil.example.com/back").begin()
    assert answer.status_code == 400 and "redirect_uri" in answer.text


def test_a_public_client_has_to_prove_that_it_asked_for_the_code(server):
    refused = Login(server, "darevel", "chat-web", PAGE).begin(pkce=False)
    assert refused.status_code == 302 and "error=invalid_request" in refused.headers["Location"]
    assert log_in(server, code_verifier="w" * 64)["error"] == "invalid_grant"


def test_a_client_does_not_take_passwords_itself(server):
    form = {"grant_type": "password", "client_id": "chat-web", "username": "ana", "password": SECRETS["user"]}
    assert server.token("darevel", **form).json()["error"] == "unauthorized_client"


def test_health_and_metrics_are_on_a_port_that_no_site_leads_to(keycloak, server):
    assert keycloak.ask("keycloak", 9000, "/health/ready").json()["status"] == "UP"
    assert "jvm_memory_used_bytes" in keycloak.ask("keycloak", 9000, "/metrics").text
    assert [server.ask(path).status_code for path in ("/health", "/health/ready", "/metrics")] == [404] * 3
    container = keycloak.compose["services"]["keycloak"]
    assert "ports" not in container and not keycloak.inspect("keycloak")["HostConfig"]["PortBindings"]


def test_memory_is_bounded(keycloak):
    limit = keycloak.inspect("keycloak")["HostConfig"]["Memory"]
    assert limit == 768 * 1024**2
    used = keycloak.ask("keycloak", 9000, "/metrics").text
    heap = [line for line in used.splitlines() if line.startswith('jvm_memory_max_bytes{area="heap"')]
    assert 0 < max(float(line.split()[-1]) for line in heap) <= limit * 0.51


def test_a_changed_secret_takes_effect_and_a_disabled_client_gets_no_tokens_any_more(keycloak, server):
    assert as_itself(server, SECRETS["client"]) == 200
    tokens = log_in(server)
    new = "Clients-2-secret"
    foreseen = keycloak.converge("--check", "--diff", keycloak_realms=changed(secret=new))
    assert foreseen.changed > 0 and new not in foreseen.output and as_itself(server, SECRETS["client"]) == 200
    realms = changed(secret=new)
    realms[0]["clients"][0]["enabled"] = False
    done = keycloak.converge("--diff", keycloak_realms=realms)
    assert done.returncode == 0 and new not in done.output, done.output
    assert (as_itself(server, SECRETS["client"]), as_itself(server, new)) == (401, 200)
    form = {"grant_type": "refresh_token", "client_id": "chat-web", "refresh_token": tokens["refresh_token"]}
    assert server.token("darevel", **form).json()["error"] == "invalid_client"
    assert Login(server, "darevel", "chat-web", PAGE).begin().status_code == 400
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert server.ask("/realms/darevel/protocol/openid-connect/userinfo", headers=headers).status_code == 401


def test_what_is_misspelt_is_refused_before_anything_is_touched(keycloak):
    refused = keycloak.converge("--check", keycloak_realms=changed(redirect_urls=[PAGE]))
    assert refused.returncode != 0 and "redirect_urls" in refused.output
    assert "clients[1]" in refused.output and SECRETS["client"] not in refused.output


def test_a_run_that_breaks_off_half_way_is_finished_by_the_next(keycloak, server):
    half = [{"name": "half", "roles": ["reader"], "clients": [{"client_id": "bad", "redirect_uris": ["http://a b"]}]}]
    broken = keycloak.converge(keycloak_realms=[REALM, *half])
    assert broken.returncode != 0 and "redirect URI" in broken.output and "create realm half" in broken.output
    half[0]["clients"][0]["redirect_uris"] = [PAGE]
    assert keycloak.converge(keycloak_realms=[REALM, *half]).returncode == 0
    again = keycloak.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output
    assert Login(server, "half", "bad", PAGE).begin(pkce=False).status_code == 200


def test_a_realm_that_is_gone_is_noticed_and_made_again(keycloak, server):
    server.administer(server.administrator(ADMIN), "DELETE", "/darevel")
    assert "would configure keycloak" in keycloak.converge("--check").output
    assert keycloak.converge().returncode == 0
    assert log_in(server)["access_token"]


def test_what_somebody_made_is_named_and_left_alone(keycloak, server):
    token = server.administrator(ADMIN)
    server.administer(token, "POST", "", json={"realm": "trial"})
    server.administer(token, "POST", "/darevel/clients", json={"clientId": "stray"})
    server.administer(token, "POST", "/master/users", json={"username": "eve", "enabled": True})
    rows = verified(keycloak)
    for stranger in ("realm trial", "client stray of realm darevel", "user eve of realm master"):
        assert f"nobody declared {stranger}" in rows["nothing else was made in it"]
    assert rows[AS_DECLARED] == ""
    server.administer(server.administrator(ADMIN), "DELETE", "/trial")


def test_a_rotated_administrators_password_takes_effect_and_a_realm_goes(keycloak, server):
    assert server.ask("/realms/half").ok
    done = keycloak.converge(
        platform_supplied_secrets={"keycloak_admin_password": ROTATED},
        keycloak_realms=[REALM, {"name": "half", "state": "absent"}],
    )
    assert done.returncode == 0, done.output
    assert server.administrator(ROTATED) and not server.administrator(ADMIN)
    assert server.ask("/realms/half").status_code == 404 and log_in(server)["access_token"]


def test_a_restart_and_a_new_container_keep_everything_and_build_nothing(keycloak, server):
    tokens = log_in(server)
    built = keycloak.run("keycloak", "cat", "/opt/keycloak/data/built/of")
    when = keycloak.run("keycloak", "stat", "-c", "%y", "/opt/keycloak/data/built/of")
    docker("restart", keycloak.container("keycloak"))
    eventually(lambda: server.ask("/realms/darevel").ok, 120)
    assert server.claims("darevel", tokens["access_token"], "chat-api")["preferred_username"] == "ana"
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert server.ask("/realms/darevel/protocol/openid-connect/userinfo", headers=headers).ok

    # A password that was changed in the console is brought back besides, to one that is declared anew.
    token = server.administrator(ROTATED)
    user = server.administer(token, "GET", "/master/users?username=admin&exact=true").json()[0]
    body = {"type": "password", "value": "Changed-by-hand-1", "temporary": False}
    server.administer(token, "PUT", f"/master/users/{user['id']}/reset-password", json=body)
    assert "refuses the password of admin" in verified(keycloak)[AS_DECLARED]
    docker("rm", "--force", keycloak.container("keycloak"))
    done = keycloak.converge(platform_supplied_secrets={"keycloak_admin_password": ADMIN})
    assert done.returncode == 0, done.output
    token = server.administrator(ADMIN)
    # Whom somebody else made is left alone.
    assert sorted(administrators(server, token)) == ["admin", "eve"]
    assert not server.administrator("Changed-by-hand-1")
    assert "augmentation" not in keycloak.logs("keycloak")
    assert keycloak.run("keycloak", "cat", "/opt/keycloak/data/built/of") == built
    assert keycloak.run("keycloak", "stat", "-c", "%y", "/opt/keycloak/data/built/of") == when
    assert server.ask("/realms/darevel/protocol/openid-connect/userinfo", headers=headers).ok
    assert json.loads(docker("inspect", keycloak.container("keycloak")))[0]["RestartCount"] == 0
