"""Items of lists: a bare name is one, and what is wrong with one is told with its place and without its values."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils import items
from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

NAME = {"type": "str", "required": True}
NESTED = {"type": "list", "elements": "dict", "options": {"name": NAME, "version": {"type": "str"}}}
GRANTS = {"type": "list", "elements": "dict", "options": {"role": NAME, "on": NAME}}
DATABASES = {
    "name": NAME,
    "password": {"type": "str", "no_log": True},
    "limit": {"type": "int"},
    "state": {"type": "str", "choices": ["present", "absent"]},
    "member_of": {"type": "list", "elements": "str"},
    "extensions": NESTED,
    "privileges": GRANTS,
    "owner": {"type": "dict", "options": {"name": NAME, "since": {"type": "int"}}},
    "labels": {"type": "dict", "values": {"type": "str"}},
}
SPECIFICATION = {"databases": {"type": "list", "elements": "dict", "options": DATABASES}, "names": {"type": "list"}}


def completed(given) -> list:
    return items.completed({"databases": given, "_ansible_diff": True}, SPECIFICATION)["databases"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["shop"], [{"name": "shop"}]),
        ("shop", [{"name": "shop"}]),
        ("shop, crm", [{"name": "shop"}, {"name": "crm"}]),
        (["key=value"], [{"name": "key=value"}]),
        (["name=shop"], ["name=shop"]),
        (['{"name": "shop"}'], ['{"name": "shop"}']),
        (
            ["shop", {"name": "crm", "extensions": ["vector", {"name": "cube", "version": "1"}]}],
            [{"name": "shop"}, {"name": "crm", "extensions": [{"name": "vector"}, {"name": "cube", "version": "1"}]}],
        ),
        ([{"name": "crm", "privileges": ["reader"]}], [{"name": "crm", "privileges": ["reader"]}]),
        ([], []),
        (None, None),
        ([None, 5], [None, 5]),
    ],
)
def test_a_bare_name_is_an_item_where_nothing_else_is_needed(given, meant):
    assert completed(given) == meant


def test_what_is_given_is_not_changed():
    given = {"databases": [{"name": "a", "extensions": ["vector"]}]}
    items.completed(given, SPECIFICATION)
    assert given == {"databases": [{"name": "a", "extensions": ["vector"]}]}


@pytest.mark.parametrize(
    ("given", "place", "what"),
    [
        ([None], "databases[0]", "it is nothing (null), and has to be a dictionary or a name in quotes"),
        (["a", 5], "databases[1]", "it is a number, and has to be a dictionary or a name in quotes"),
        ([["a"]], "databases[0]", "it is a list"),
        ([True], "databases[0]", "it is true or false"),
        ([{"name": "a", "privileges": ["r"]}], "databases[0] (a).privileges[0]", "it is a text, and has to be a dict"),
        ([{"name": "a", "extensions": [None]}], "databases[0] (a).extensions[0]", "it is nothing (null)"),
        (
            [{"name": "a", "member_of": ["b", None]}],
            "databases[0] (a).member_of[1]",
            "it is nothing (null), and has to",
        ),
        ([{"name": "a", "member_of": [{"name": "b"}]}], "databases[0] (a).member_of[0]", "it is a dictionary"),
        ([{"name": "a", "member_of": [False]}], "databases[0] (a).member_of[0]", "it is true or false"),
        (["a", {"name": "b", "limit": "many"}], "databases[1] (b)", "'limit' is of type"),
        ([{"name": "a", "onwer": "b"}], "databases[0] (a)", "unknown keys: onwer (did you mean owner?); known are"),
        (
            [{"name": "a", "password": {"x": 1}}],
            "databases[0] (a)",
            "its password is a dictionary, and has to be a text",
        ),
        ([{"name": "a", "owner": {"nmae": "b"}}], "databases[0] (a).owner", "unknown keys: nmae (did you mean name?)"),
        ([{"name": "a", "owner": {"name": "b", "since": "then"}}], "databases[0] (a).owner", "'since' is of type"),
        ([{"name": "a", "labels": {"x": None}}], "databases[0] (a).labels", "its x is nothing (null)"),
        ([{"name": "a", "labels": {"x": ["y"]}}], "databases[0] (a).labels", "its x is a list, and has to be a text"),
        ([{"limit": 5}], "databases[0]", "missing keys: name"),
        ([{"name": None}], "databases[0]", "its name is nothing (null)"),
        ([{"name": "a", "state": "gone"}], "databases[0] (a)", "value of state must be one of: present, absent"),
        ([{"name": "a", "extensions": [{"version": 1}]}], "databases[0] (a).extensions[0]", "missing keys: name"),
    ],
)
def test_a_wrong_item_is_named_with_its_option_and_place(given, place, what):
    with pytest.raises(PlatformError) as refusal:
        items.refuse({"databases": completed(given)}, SPECIFICATION)
    assert (refusal.value.category, refusal.value.where) == (CONFIGURATION, place)
    assert what in refusal.value.what


@pytest.mark.parametrize("wrong", [{"limit": "many"}, {"passwort": 1}, {"state": "gone"}, {"member_of": [None]}])
def test_no_secret_of_a_wrong_item_is_told(wrong):
    with pytest.raises(PlatformError) as refusal:
        items.refuse({"databases": [{"name": "a", "password": "Marker-1", **wrong}]}, SPECIFICATION)
    assert "Marker-1" not in refusal.value.message


def test_what_ansible_itself_reads_is_left_to_it():
    fine = [{"name": 2024, "limit": "5", "member_of": [7]}, "name=shop"]
    items.refuse({"databases": fine, "names": [None]}, SPECIFICATION)
