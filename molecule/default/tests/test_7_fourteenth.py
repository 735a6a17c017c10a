"""A service of one's own: one new role folder, one line in an inventory (tests/fourteenth)."""

from __future__ import annotations

import pytest
import yaml
from conftest import ROOT, eventually

WIKI = "https://wiki.demo.example.com"


@pytest.fixture(scope="module")
def applications() -> list[str]:
    inventory = ROOT / "inventories/demo/group_vars/all/main.yml"
    return yaml.safe_load(inventory.read_text(encoding="utf-8"))["platform_applications"]


@pytest.fixture(scope="module")
def collections() -> dict[str, str]:
    return {"ANSIBLE_COLLECTIONS_PATH": f"{ROOT / 'collections'}:{ROOT / 'tests/fourteenth'}"}


def test_it_is_deployed_with_its_database_and_published(play, web, applications, collections):
    line = [*applications, "example.extra.wiki"]
    run = play(env=collections, platform_applications=line)
    assert run.returncode == 0, run.output
    eventually(lambda: web.put(f"{WIKI}/start", data="kept in PostgreSQL", timeout=5).status_code == 204)
    assert web.get(f"{WIKI}/start", timeout=5).text == "kept in PostgreSQL"
    again = play(env=collections, platform_applications=line)
    assert (again.returncode, again.changed) == (0, 0), again.output


def test_without_the_line_it_is_gone_and_its_data_stays(play, server, container, applications):
    run = play()
    assert run.returncode == 0, run.output
    assert not server.run(f"docker inspect {container('wiki')}").succeeded
    kept = server.check_output(
        f"docker exec {container('postgresql')} psql -U postgres -Atc 'SELECT body FROM page' wiki_db"
    )
    assert kept == "kept in PostgreSQL"
