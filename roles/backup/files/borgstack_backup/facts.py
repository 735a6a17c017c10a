# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What is asked of a database beside its rows, in the same snapshot: what it is made of, and what canaries answer."""

from __future__ import annotations

import json
import typing as t

from borgstack_backup.canary import digest_of, script_of
from borgstack_backup.plan import Canary

# A line of psql's that no answer holds.
MARK = "borgstack-answer-8d1f0c"
# No canary holds a backup up.
PATIENCE = "set local statement_timeout = '60s';"
# Versions of extensions are not among it: a restore takes those of the image.
MADE_OF = r"""
select json_build_object(
 'extensions', (select json_agg(extname order by extname) from pg_extension),
 'indexes', (select count(*) from pg_index where indisvalid and indrelid >= 16384),
 'invalid indexes', (select count(*) from pg_index where not indisvalid and indrelid >= 16384),
 'constraints', (select count(*) from pg_constraint where oid >= 16384 and contype <> 'n'),
 'triggers', (select count(*) from pg_trigger where not tgisinternal),
 'functions', (select count(*) from pg_proc where oid >= 16384),
 'views', (select count(*) from pg_class where relkind in ('v', 'm') and oid >= 16384),
 'sequences', (select count(*) from pg_sequence where seqrelid >= 16384),
 'large objects', (select count(*) from pg_largeobject_metadata));
"""


def script(canaries: list[Canary]) -> str:
    """Return what psql is told, within a transaction that no canary's error ends."""
    lines = [MADE_OF, f"\\echo {MARK} false"]
    for canary in canaries:
        lines += ["\\set ON_ERROR_STOP 0", "savepoint canary;", PATIENCE, script_of(canary), f"\\echo {MARK} :ERROR",
                  "rollback to savepoint canary;", "\\set ON_ERROR_STOP 1"]  # fmt: skip
    return "\n".join([*lines, ""])


def answers(printed: str, canaries: list[Canary]) -> tuple[dict[str, t.Any], dict[str, str | None]]:
    """Return what the database is made of, and by claim what it answers; nothing where it could not answer."""
    sections, section = [], []
    for line in printed.splitlines():
        if line.startswith(MARK):
            sections.append(None if line.endswith("true") else "\n".join(section).strip())
            section = []
        else:
            section.append(line)
    return json.loads(sections[0]), {canary.claim: text for canary, text in zip(canaries, sections[1:])}


def for_manifest(printed: str, canaries: list[Canary]) -> dict[str, t.Any]:
    """Return what a drill has to find again."""
    made_of, answered = answers(printed, canaries)
    known = {claim: digest_of(text) for claim, text in answered.items() if text is not None}
    return {"made of": made_of, "answers": known}
