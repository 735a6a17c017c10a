"""Templates with what they are given, and nothing else."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.render import rendered


def test_a_block_takes_its_line_with_it_and_the_last_line_ends():
    assert rendered("{% for x in xs %}\n{{ x }}\n{% endfor %}\nend\n", {"xs": [1, 2]}) == "1\n2\nend\n"


@pytest.mark.parametrize("template", ["{{ other }}", "{% for %}", "{{ x | no_such_filter }}"])
def test_what_cannot_be_rendered_is_refused(template):
    with pytest.raises(PlatformError, match="a template fails"):
        rendered(template, {"x": 1})
