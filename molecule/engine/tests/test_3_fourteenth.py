"""A service of one's own: one new role folder, one line in an inventory (tests/fourteenth)."""

from __future__ import annotations

from conftest import DOMAIN, eventually

WIKI = f"https://wiki.{DOMAIN}"


def test_it_is_deployed_with_its_database_and_published(extended, web):
    eventually(lambda: web.put(f"{WIKI}/start", data="kept in PostgreSQL", timeout=5).status_code == 204)
    assert web.get(f"{WIKI}/start", timeout=5).text == "kept in PostgreSQL"
    # That another run of it changes nothing is seen when it was switched off and on: test_5_switch_off.
