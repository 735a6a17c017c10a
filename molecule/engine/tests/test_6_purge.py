"""A service that was switched off is removed with its data, and nothing else is touched."""

from __future__ import annotations

import re

import pytest
from directus import SERVICE, Directus
from estate import Estate, difference

PLAYBOOK = "playbooks/purge.yml"
VOLUMES = "/opt/borgstack/volumes.txt"
MARKERS = {
    "redis": ["other:marker", "directus:marker"],
    "redis-cache": ["directus:marker", "directus:marker:2", "directusx:marker", "other:directus:marker"],
}


@pytest.fixture(scope="module")
def estate(server, secrets):
    return Estate(server, secrets, ["wiki_db"])


@pytest.fixture(scope="module")
def directus(web, secrets):
    return Directus(web, secrets)


@pytest.fixture(scope="module")
def off(extended, estate, directus, s3, secrets):
    """The service was used, and is switched off; the variables that keep it so."""
    variables = extended.without(SERVICE)
    for instance, keys in MARKERS.items():
        for key in keys:
            estate.redis(instance, f"set {key} kept")
    s3(SERVICE, secrets["directus_s3_secret_key"], "put", SERVICE, "marker")
    s3("platform", secrets["seaweedfs_admin_secret_key"], "make", "other", "marker")
    run = extended(**variables)
    assert run.returncode == 0, run.output
    return variables


def test_what_is_not_confirmed_is_refused_and_nothing_is_done(extended, off, estate):
    # All other refusals come from the same place, before a host is asked: see tests/controller.
    before = estate.snapshot()
    run = extended(playbook=PLAYBOOK, purge=SERVICE, **off)
    assert run.returncode != 0 and "[1] configuration error" in run.output, run.output
    assert f"to be purged is {SERVICE}, confirmed is nothing" in run.output
    assert run.changed == 0 and estate.snapshot() == before


def shown(output: str) -> list[str]:
    """Return the lines of a run's output, without sizes, which may differ by a little from run to run."""
    return [line.partition(",")[0].strip() for line in output.splitlines()]


def test_what_would_go_is_shown_and_nothing_is_done(extended, off, estate):
    before = estate.snapshot()
    run = extended("--check", playbook=PLAYBOOK, purge=SERVICE, **off)
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


def test_a_purge_that_was_interrupted_is_completed_and_touches_nothing_else(extended, off, estate, server, directus):
    before = estate.snapshot()
    # Somebody else's container holds one of its volumes.
    image = server.check_output("docker inspect --format '{{.Image}}' borgstack-redis-1").strip()
    holder = "docker run --detach --name holder --entrypoint sleep --volume borgstack_directus_uploads:/held"
    server.check_output(f"{holder} {image} 600")
    failed = extended(playbook=PLAYBOOK, purge=SERVICE, purge_confirm=SERVICE, **off)
    assert failed.returncode != 0 and "[10] data error" in failed.output, failed.output
    assert "borgstack_directus_uploads" in failed.output
    assert not any("directus_db" in line for line in estate.snapshot()["database"])
    server.check_output("docker rm --force --volumes holder")

    done = extended(playbook=PLAYBOOK, purge=SERVICE, purge_confirm=SERVICE, **off)
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
    assert "key of redis directus:marker" not in gone and not any("wiki" in line for line in gone)
    assert not directus.is_served()


def test_a_second_purge_has_nothing_to_do(extended, off, estate, secrets):
    before = estate.snapshot()
    run = extended(playbook=PLAYBOOK, purge=SERVICE, purge_confirm=SERVICE, **off)
    assert (run.returncode, run.changed) == (0, 0), run.output
    assert f"nothing to do: of {SERVICE} nothing is left" in run.output
    assert estate.snapshot() == before
    # Kept for backups that were made before.
    assert secrets["directus_database_password"]


def test_what_stays_does_not_miss_it(extended, off):
    run = extended(**off)
    assert (run.returncode, run.changed) == (0, 0), run.output
