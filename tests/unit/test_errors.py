"""What the operating system refuses is a failure like any other: category, place, remedy."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import of_system


class Ended(Exception):
    """A module's end."""


class Module:
    """As much of a module as the end of its run needs."""

    def fail_json(self, **result):
        raise Ended(result["msg"])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO])
def test_a_module_ends_with_a_category_and_the_place(number):
    def run():
        raise OSError(number, os.strerror(number), "/opt/borgstack/compose.yaml")

    with pytest.raises(Ended) as end:
        provisioning.finish(Module(), run)
    message = str(end.value)
    assert message.startswith("[2] prerequisite error at /opt/borgstack/compose.yaml: the system refused it: ")
    assert os.strerror(number) in message and "What to do: " in message


def test_a_failure_without_a_place_has_a_remedy_all_the_same():
    failure = of_system(OSError("strange"))
    assert (failure.category, failure.what) == (2, "the system refused it: strange")
    assert failure.remedy == "correct what it says about the place named here, and run again"
