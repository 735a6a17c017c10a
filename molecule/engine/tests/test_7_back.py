"""Last, the inventory as it was at first: what was purged is made anew, and a service of one's own is gone."""

from __future__ import annotations

from directus import Directus


def test_a_service_that_was_purged_is_made_anew_and_one_without_its_line_is_gone(
    play, extended, server, container, query, web, secrets
):
    assert server.run(f"docker inspect {container('wiki')}").succeeded
    run = play()
    assert run.returncode == 0, run.output
    Directus(web, secrets).login()
    assert not server.run(f"docker inspect {container('wiki')}").succeeded
    # Its data stays.
    assert query("wiki_db", "SELECT body FROM page") == "kept in PostgreSQL"
