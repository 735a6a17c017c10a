"""A service of one's own whose line has gone from the inventory; after all that needs it beside."""

from __future__ import annotations


def test_without_the_line_it_is_gone_and_its_data_stays(play, extended, server, container, query):
    assert server.run(f"docker inspect {container('wiki')}").succeeded
    run = play()
    assert run.returncode == 0, run.output
    assert not server.run(f"docker inspect {container('wiki')}").succeeded
    assert query("wiki_db", "SELECT body FROM page") == "kept in PostgreSQL"
