"""A service that was switched off is removed with its data, and nothing else is touched."""

from __future__ import annotations

import re

import pytest
from conftest import eventually
from switching import ADMIN, SERVICE, SITE, Estate, difference, is_served, switched_off

PLAYBOOK = "playbooks/purge.yml"
VOLUMES = "/opt/borgstack/volumes.txt"
# A service has two names; neither hides that it is switched on.
LONG = "borgstack.platform.postgresql"
MARKERS = {
    "redis": ["n8n:marker", "directus:marker"],
    "redis-cache": ["directus:marker", "directus:marker:2", "directusx:marker", "other:directus:marker"],
}


@pytest.fixture(scope="module")
def estate(server, secrets):
    return Estate(server, secrets)


@pytest.fixture(scope="module")
def off(play, inventory, estate, web, s3, secrets):
    """The service was used, and is switched off; the variables that keep it so. Afterwards it is switched on again."""
    variables = switched_off(inventory)
    for instance, keys in MARKERS.items():
        for key in keys:
            estate.redis(instance, f"set {key} kept")
    s3(SERVICE, secrets["directus_s3_secret_key"], "put", SERVICE, "marker")
    s3("n8n", secrets["n8n_s3_secret_key"], "put", "n8n", "marker")
    run = play(**variables)
    assert run.returncode == 0, run.output
    yield variables
    run = play()
    assert run.returncode == 0, run.output
    login = {"email": ADMIN, "password": secrets["directus_admin_password"]}
    # A server that is busy answers 503.
    eventually(lambda: web.post(f"{SITE}/auth/login", json=login).status_code == 200)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"purge": SERVICE}, f"to be purged is {SERVICE}, confirmed is nothing"),
        ({"purge": SERVICE, "purge_confirm": "n8n"}, f"to be purged is {SERVICE}, confirmed is n8n"),
        ({"purge": "n8n", "purge_confirm": "n8n"}, "n8n is switched on"),
        ({"purge": LONG, "purge_confirm": LONG}, f"{LONG} is switched on"),
        ({"purge": "nothing", "purge_confirm": "nothing"}, "there is no service nothing"),
        ({}, "it is not said which service is to go"),
        ({"purge": "redis", "purge_confirm": "redis", "platform_datastores": ["postgresql", "seaweedfs"]}, "redis"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_done(play, off, estate, asked, reason):
    before = estate.snapshot()
    run = play(playbook=PLAYBOOK, **{**off, **asked})
    assert run.returncode != 0 and "[1] configuration error" in run.output and reason in run.output, run.output
    assert run.changed == 0 and estate.snapshot() == before


def shown(output: str) -> list[str]:
    """Return the lines of a run's output, without sizes, which may differ by a little from run to run."""
    return [line.partition(",")[0].strip() for line in output.splitlines()]


def test_what_would_go_is_shown_and_nothing_is_done(play, off, estate):
    before = estate.snapshot()
    run = play("--check", playbook=PLAYBOOK, purge=SERVICE, **off)
    assert run.returncode == 0, run.output
    assert {
        "volume borgstack_directus_uploads",
        "volume borgstack_directus_extensions",
        "database directus_db in postgresql",
        "role directus_user in postgresql",
        "user directus in redis-cache",
        "keys directus:* in redis-cache",
        "bucket directus in seaweedfs",
    } <= set(shown(run.output)), run.output
    assert re.search(r"database directus_db in postgresql, \d+(\.\d+)? MB", run.output)
    assert re.search(r"bucket directus in seaweedfs, \d+ objects, ", run.output)
    assert "stays: its secrets in" in run.output
    assert estate.snapshot() == before


def test_a_purge_that_was_interrupted_is_completed_and_touches_nothing_else(play, off, estate, server, secrets, web):
    before = estate.snapshot()
    # Somebody else's container holds one of its volumes.
    image = server.check_output("docker inspect --format '{{.Image}}' borgstack-redis-1").strip()
    holder = "docker run --detach --name holder --entrypoint sleep --volume borgstack_directus_uploads:/held"
    server.check_output(f"{holder} {image} 600")
    failed = play(playbook=PLAYBOOK, purge=SERVICE, purge_confirm=SERVICE, **off)
    assert failed.returncode != 0 and "[10] data error" in failed.output, failed.output
    assert "borgstack_directus_uploads" in failed.output
    assert not any("directus_db" in line for line in estate.snapshot()["database"])
    server.check_output("docker rm --force --volumes holder")

    done = play(playbook=PLAYBOOK, purge=SERVICE, purge_confirm=SERVICE, **off)
    assert done.returncode == 0 and done.changed > 0, done.output
    assert "volume borgstack_directus_uploads" in shown(done.output)
    assert "database directus_db in postgresql" not in shown(done.output)

    # The note of what volumes there are is another one now, and no longer names those that are gone.
    assert f"{SERVICE}_" not in server.check_output(f"cat {VOLUMES}")
    gone, come = (
        [line for line in lines if not line.endswith(VOLUMES)] for lines in difference(before, estate.snapshot())
    )
    assert come == []
    assert [line for line in gone if not re.search(r"(\b|_)directus(_|:|\b)", line)] == []
    assert {line.split()[0] for line in gone} == {"volume", "database", "role", "user", "key", "bucket"}
    assert "key of redis directus:marker" not in gone and not any("n8n" in line for line in gone)
    assert not is_served(web)


def test_a_second_purge_has_nothing_to_do(play, off, estate, secrets):
    before = estate.snapshot()
    run = play(playbook=PLAYBOOK, purge=SERVICE, purge_confirm=SERVICE, **off)
    assert (run.returncode, run.changed) == (0, 0), run.output
    assert f"nothing to do: of {SERVICE} nothing is left" in run.output
    assert estate.snapshot() == before
    # Kept for backups that were made before.
    assert secrets["directus_database_password"]


def test_what_stays_does_not_miss_it(play, off):
    run = play(**off)
    assert (run.returncode, run.changed) == (0, 0), run.output
