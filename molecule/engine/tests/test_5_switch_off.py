"""A service that is switched off is not there, keeps its data, and is as before when it is switched on again."""

from __future__ import annotations

import pytest
from conftest import PROJECT, eventually
from directus import SERVICE, Directus
from estate import Estate


@pytest.fixture(scope="module")
def estate(server, secrets):
    return Estate(server, secrets, ["wiki_db"])


@pytest.fixture(scope="module")
def directus(web, secrets):
    return Directus(web, secrets)


def containers(server) -> list[str]:
    return server.check_output("docker ps --all --format '{{.Names}}'").splitlines()


def own(snapshot: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return what the service owns, apart from containers and files, which are made anew."""
    kinds = ("volume", "database", "role", "user of redis-cache", "bucket")
    return {kind: {line for line in snapshot[kind] if SERVICE in line} for kind in kinds}


def test_off_and_on_again(extended, server, directus, estate):
    identity = eventually(lambda: directus.upload(b"kept"))
    before = estate.snapshot()

    off = extended.without(SERVICE)
    predicted, run = extended("--check", **off), extended(**off)
    # What an application is told while it runs is one prediction a service, and several changes when it is done.
    assert predicted.returncode == run.returncode == 0, predicted.output + run.output
    assert 0 < predicted.changed <= run.changed
    assert f"{PROJECT}-{SERVICE}-1" not in containers(server)
    assert not directus.is_served()
    switched_off = estate.snapshot()
    assert all(own(before).values()) and own(switched_off) == own(before)
    assert not any("secrets/directus.env" in line for line in switched_off["file"])
    again = extended(**off)
    assert (again.returncode, again.changed) == (0, 0), again.output

    run = extended()
    assert run.returncode == 0, run.output
    eventually(directus.is_served)
    assert eventually(lambda: directus.download(identity) == b"kept")
    after = estate.snapshot()
    assert (own(after), after["file"]) == (own(before), before["file"])
    again = extended()
    assert (again.returncode, again.changed) == (0, 0), again.output
