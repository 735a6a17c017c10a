"""Which keys a pattern means."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import keys


@pytest.mark.parametrize("pattern", ["*", "?pp:*", "[a]pp:*", ""])
def test_a_pattern_that_could_mean_anybodys_keys_is_refused(pattern):
    with pytest.raises(PlatformError, match="anybody's keys") as refusal:
        keys.check(["app:*", pattern])
    assert refusal.value.category == CONFIGURATION


@pytest.mark.parametrize(
    ("pattern", "meant", "not_meant"),
    [
        ("app:*", ["app:", "app:a\nb", "app:*"], ["app", "xapp:a", "APP:a"]),
        ("a?c", ["abc", "a.c"], ["ac", "abbc"]),
        ("a[bc-e]", ["ab", "ad"], ["a", "af", "a["]),
        ("a[^b]", ["ac"], ["ab", "a"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("a.b+", ["a.b+"], ["axb+", "a.bb"]),
        ("a[]", [], ["a", "a[]"]),
        ("(a", ["(a"], ["a"]),
    ],
)
def test_a_pattern_means_what_it_means_to_redis(pattern, meant, not_meant):
    expression = keys.as_expression(pattern)
    assert all(expression.fullmatch(key) for key in meant)
    assert not any(expression.fullmatch(key) for key in not_meant)


def test_what_is_not_there_is_no_step():
    steps = keys.plan({(0, "a:*"): 0, (3, "a:*"): 2})
    assert [step.words for step in steps] == ["delete 2 keys like a:* in database 3"]
    assert steps[0].operation == (3, "a:*")
