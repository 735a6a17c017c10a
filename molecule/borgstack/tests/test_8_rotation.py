"""Last, since it changes what all others log in with: a secret that is changed in the inventory reaches what runs."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import unhurried
from traces import DECOY, PLACES, Traces

from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_policy import generate

VAULT = Path(os.environ.get("MOLECULE_EPHEMERAL_DIRECTORY", ".")) / "vault.yml"
ADMIN = "admin@demo.example.com"
# What the policy allows, and what shells, templates, JSON, .env files, URLs and Python's own spelling trip over. Behind
# a generated password it makes 63 characters; n8n takes 64.
NASTY = """ \\ ' " $HOME ${x} %s {{ x }} #&;|`x`<x>"""


def login(web, secrets: dict[str, str], service: str) -> int:
    """Return the answer of one application to its administrator's login."""
    requests = {
        "n8n": ("n8n", "/rest/login", {"emailOrLdapLoginId": ADMIN, "password": secrets["n8n_owner_password"]}),
        "directus": ("directus", "/auth/login", {"email": ADMIN, "password": secrets["directus_admin_password"]}),
        "chatwoot": ("chatwoot", "/auth/sign_in", {"email": ADMIN, "password": secrets["chatwoot_admin_password"]}),
        "duplicati": ("duplicati", "/api/v1/auth/login", {"Password": secrets["duplicati_web_password"]}),
    }
    host, path, body = requests[service]
    return web.post(f"https://{host}.demo.example.com{path}", json=body, timeout=20).status_code


def superuser(server, container, password: str) -> bool:
    """Tell whether PostgreSQL's superuser logs in with a password."""
    login = f"docker exec --env PGPASSWORD={shlex.quote(password)} {container('postgresql')}"
    ask = f"{login} psql -h 127.0.0.1 -U postgres -c 'SELECT 1'"
    return server.run(ask).succeeded


@pytest.fixture(scope="module")
def former(secrets, server) -> dict[str, str]:
    """The secrets as they were; all that may change are changed in the vaulted file."""
    kept = server.check_output("ls /opt/borgstack/immutable").split()
    # A password has a special character, a key has none.
    kind = {name: "key" if value.isalnum() else "password" for name, value in secrets.items()}
    new = {name: generate(kind[name]) + (NASTY if kind[name] == "password" else "") for name in secrets}
    changed = {name: value if name in kept else new[name] for name, value in secrets.items()}
    VAULT.write_text(yaml.safe_dump(changed), encoding="utf-8")
    subprocess.run(["ansible-vault", "encrypt", str(VAULT)], check=True, capture_output=True)
    return dict(secrets)


@pytest.fixture(scope="module")
def present(former) -> dict[str, str]:
    """The secrets as they are declared now."""
    viewed = subprocess.run(["ansible-vault", "view", str(VAULT)], check=True, capture_output=True, text=True)
    return yaml.safe_load(viewed.stdout)


@pytest.fixture(scope="module")
def traces(name, former, present) -> Traces:
    """What looks for all secrets that there are or were."""
    return Traces(name, {**{f"former {one}": value for one, value in former.items()}, **present, "decoy": DECOY})


def test_a_prediction_does_not_stumble_over_what_is_not_in_effect_yet(play, present):
    predicted = play("--check", "--diff")
    assert predicted.returncode == 0 and predicted.changed > 0, predicted.output[-6000:]
    assert [name for name, value in present.items() if value in predicted.output] == []


def test_a_run_brings_all_of_them_into_effect(play, former, present, traces):
    assert len([name for name in former if former[name] != present[name]]) > 15
    with traces.sampled():
        run = play("-vvvv", "--diff")
        traces.show_the_decoy()
    assert run.returncode == 0, run.output[-6000:]
    traces.keep("output", run.output)


@pytest.mark.parametrize("service", ["n8n", "directus", "chatwoot", "duplicati"])
def test_administrators_log_in_with_the_new_password_only(web, former, present, service):
    assert login(web, present, service) < 300
    assert login(web, former, service) in (400, 401, 403)


def test_the_superuser_logs_in_with_the_new_password_only(server, container, former, present):
    assert superuser(server, container, present["postgresql_superuser_password"])
    assert not superuser(server, container, former["postgresql_superuser_password"])


def test_everything_works_with_the_new_secrets(verify, traces):
    run, failures = verify("-vvv")
    assert failures == {}, run.output[-6000:]
    traces.keep("output", run.output)


def test_verifying_the_whole_platform_is_quick(verify):
    assert min(verify.seconds) < unhurried(20)


def test_then_nothing_is_left_to_do(play):
    run = play()
    assert (run.returncode, run.changed) == (0, 0), run.output[-6000:]


def test_a_key_that_data_was_written_with_is_not_changed(play, present, traces):
    run = play("-vvvv", "--diff", platform_supplied_secrets={"n8n_encryption_key": generate("key")})
    assert run.returncode != 0
    traces.keep("output", run.output)
    assert "[10] data error" in run.output
    assert run.changed == 0


def test_no_secret_is_seen_anywhere(traces):
    # The decoy, which is everywhere, proves that each place was looked at.
    assert traces.found() == {(place, "decoy") for place in PLACES}
