"""Settings of sessions: compared by what they mean, not by how they are spelled."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import settings
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql.statement import Ident, Text


def steps(declared: dict, stored: list[str]):
    return list(settings.plan(settings.of_role("r"), declared, settings.parsed(stored)))


@pytest.mark.parametrize(
    ("declared", "stored"),
    [
        ({"work_mem": "8MB"}, ["work_mem=8MB"]),
        ({"timezone": "UTC"}, ["TimeZone=UTC"]),
        ({"enable_seqscan": False}, ["enable_seqscan=off"]),
        ({"enable_seqscan": True}, ["enable_seqscan=on"]),
        ({"search_path": []}, ['search_path=""']),
        ({"statement_timeout": 5000}, ["statement_timeout=5000"]),
        ({"search_path": ["app", "public"]}, ["search_path=app, public"]),
        ({"search_path": '"$user", public'}, ['search_path="$user", public']),
        ({"search_path": ['Mixed, "case"']}, ['search_path="Mixed, ""case"""']),
        ({"search_path": ""}, ['search_path=""']),
        ({"datestyle": ["ISO", "DMY"]}, ["DateStyle=ISO, DMY"]),
        ({"app.name": "a=b"}, ["app.name=a=b"]),
        ({"work_mem": None}, []),
        ({}, ["work_mem=8MB"]),
        (None, ["work_mem=8MB"]),
    ],
)
def test_what_is_as_declared_is_left_alone(declared, stored):
    assert steps(declared, stored) == []


def test_a_setting_is_set_element_by_element():
    (step,) = steps({"search_path": 'App, "Ünï"'}, ["search_path=public"])
    assert step.words == "set search_path of role r"
    assert step.operation.text == "ALTER ROLE {} SET {} TO {}, {}"
    assert step.operation.parts == (Ident("r"), Ident("search_path"), Text("app"), Text("Ünï"))
    assert (step.before, step.after) == ({"search_path": "public"}, {"search_path": "app, Ünï"})


def test_a_name_of_two_parts_is_quoted_part_by_part_and_reset_by_null():
    (step,) = steps({"app.name": None}, ["app.name=x"])
    assert (step.operation.text, step.operation.parts) == (
        "ALTER ROLE {} RESET {}.{}",
        (Ident("r"), Ident("app"), Ident("name")),
    )
    assert (step.words, step.after) == ("reset app.name of role r", {})


def test_a_setting_that_the_server_does_not_know_is_refused_unless_an_extension_may_bring_it():
    settings.refuse("role r", {"Work_Mem": 1, "vendor.anything": 1}, {"work_mem"}, {})
    settings.refuse("role r", {"wurk_mem": 1}, None, {})
    # The server does not list this one.
    settings.refuse("role r", {"role": "owners"}, settings.known(lambda query: [{"name": "work_mem"}]), {})
    with pytest.raises(PlatformError, match="no setting wurk_mem"):
        settings.refuse("role r", {"wurk_mem": 1}, {"work_mem"}, {})


def test_settings_of_a_role_are_set_in_the_login_database():
    (step,) = steps({"work_mem": "1MB"}, [])
    assert (step.operation.database, step.subject, step.before) == ("", "role r", {})
    in_database = settings.of_database("d")
    assert (in_database.database, in_database.text, in_database.subject) == ("d", "ALTER DATABASE {}", "database d")


def rows(query: str, parameters: dict | None = None) -> list[dict]:
    """Stand in for a server that knows three settings, and takes the value `fine` only."""
    if parameters is None:
        contexts = {"work_mem": "tried", "port": "postmaster", "log_statement": "superuser"}
        return [{"name": name, "context": context} for name, context in contexts.items()]
    if parameters["value"] != "fine":
        raise PlatformError(CONFIGURATION, "no such value", "")
    return []


def test_values_that_the_server_would_not_take_are_told_before_they_are_set():
    declared = [
        {"Work_Mem": "bad", "port": 1},
        {"work_mem": "fine", "log_statement": "bad", "search_path": ["a"]},
        None,
    ]
    wrong = settings.wrong(rows, declared)
    assert wrong == {
        ("work_mem", "bad"): "no such value",
        ("port", "1"): "it belongs to the server as a whole, not to sessions",
    }
    for one in declared[1:]:
        settings.refuse("role r", one, None, wrong)
    with pytest.raises(PlatformError, match="Work_Mem cannot be set to bad: no such value"):
        settings.refuse("role r", declared[0], None, wrong)
