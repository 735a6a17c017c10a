# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Canaries: what an application must be able to do with what was restored. They are data: no service is known."""

from __future__ import annotations

import hashlib
import re
import typing as t

from borgstack_backup.failure import DATA, Failure
from borgstack_backup.plan import Canary

REMEDY = "see whether production answers the same; if it does, the set cannot be believed: drill another one"
# So many of what is wrong are named.
NAMED = 5


def judge_answer(canary: Canary, answer: str, saved: str | None) -> str:
    """Return in words that a query answered as it had to.

    Args:
        canary: which.
        answer: what the restored database answers.
        saved: the digest of what it answered when it was saved; nothing where it could not.

    Raises:
        Failure: it did not.
    """
    if canary.expect is not None:
        if answer != canary.expect:
            raise failed(canary, f"the answer is {_short(answer)}, and not {_short(canary.expect)}")
        return f"answered {_short(answer)}"
    if saved is None:
        return "ATTENTION: nothing to compare with, since production could not answer either when it was saved"
    if digest_of(answer) != saved:
        raise failed(canary, f"the answer is another one than when it was saved: {_short(answer)}")
    return f"the same answer as when it was saved: {_short(answer)}"


def judge_objects(canary: Canary, names: set[str], index: dict[str, dict], settled: float) -> str:
    """Return in words that a database and a bucket name the same objects.

    Args:
        canary: which.
        names: of objects, as the database has them.
        index: of the bucket, by name.
        settled: objects that are newer, or came or went while the databases were saved, may have no row.

    Raises:
        Failure: one lacks what the other one names.
    """
    lost = sorted(names - set(index))
    if lost:
        raise failed(canary, f"{len(lost)} named by the database are not there: {', '.join(lost[:NAMED])}")
    if not canary.objects:
        return f"each of {len(names)} is there"
    meant = re.compile(canary.objects)
    nameless = sorted(
        key
        for key, entry in index.items()
        if key not in names and meant.search(key) and "moving" not in entry and entry.get("modified", 0) < settled
    )
    if nameless:
        raise failed(canary, f"{len(nameless)} are named by nobody: {', '.join(nameless[:NAMED])}")
    return f"{len(names)} objects, and each is named"


def failed(canary: Canary, what: str) -> Failure:
    """Return the failure of a canary."""
    return Failure(DATA, f"{canary.claim}: {what}", REMEDY, canary.service)


def script_of(canary: Canary) -> str:
    """Return the query for psql, in which :'name' stands for a variable; no variable is an argument of a program."""
    settings = [f"\\set {name} {_quoted(value)}" for name, value in canary.variables.items()]
    return "\n".join([*settings, canary.query, ";", ""])


def digest_of(answer: str) -> str:
    """Return what a manifest keeps of an answer, which may hold what the manifest must not."""
    return hashlib.sha256(answer.strip().encode()).hexdigest()


def for_part(canaries: t.Iterable[Canary], part: str) -> list[Canary]:
    """Return those that ask a database."""
    return [canary for canary in canaries if canary.part == part]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n")
    return f"'{escaped}'"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
