"""What cannot be meant is refused before Directus is asked."""

from __future__ import annotations

import copy

import pytest
from unit.directus.test_plan import DECLARED, FLOW, USER

from ansible_collections.borgstack.platform.plugins.module_utils.directus.check import check
from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError


def test_what_makes_sense_passes():
    check(copy.deepcopy(DECLARED))
    check({"fields": [], "policies": [], "users": [], "flows": []})
    check({**DECLARED, "flows": [{"name": "Tell", "state": "absent"}]})


@pytest.mark.parametrize(
    ("option", "item", "place", "reason"),
    [
        ("fields", DECLARED["fields"][0], "field directus_files.status", "declared twice"),
        ("policies", DECLARED["policies"][0], "policy Processing", "declared twice"),
        ("policies", {"name": "", "permissions": []}, "policy ", "no name"),
        ("policies", {"name": "p", "permissions": [{"collection": "c"}]}, "policy p", "permissions has no action"),
        ("users", {**USER, "email": "P@example.com"}, "user P@example.com", "declared twice"),
        ("users", {**USER, "email": "q@example.com"}, "user q@example.com", "the same token as p@example.com"),
        (
            "users",
            {**USER, "email": "q", "token": None, "policies": ["Other"]},
            "user q",
            "policy Other is not declared",
        ),
        ("flows", FLOW, "flow Tell", "declared twice"),
        ("flows", {**FLOW, "name": "f", "secrets": {}}, "flow f", "no secret is given for ['token']"),
        ("flows", {**FLOW, "name": "f", "operation": {"key": "k"}}, "flow f", "its operation k has no name"),
        (
            "flows",
            {**FLOW, "name": "f", "operation": {**FLOW["operation"], "resolve": FLOW["operation"]}},
            "flow f",
            "two of its operations have the key tell",
        ),
        (
            "flows",
            {**FLOW, "name": "f", "operation": {**FLOW["operation"], "reject": None}},
            "flow f",
            "one of its operations is no dictionary",
        ),
    ],
)
def test_what_does_not_is_refused_by_its_name(option, item, place, reason):
    declared = copy.deepcopy(DECLARED)
    declared[option].append(item)
    with pytest.raises(PlatformError) as caught:
        check(declared)
    assert (caught.value.category, caught.value.where) == (CONFIGURATION, place) and reason in caught.value.what
    assert "Token-Secret" not in caught.value.message
