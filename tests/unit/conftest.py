"""What all unit tests share."""

from __future__ import annotations

import os

from hypothesis import settings

# How long one example takes says more about what else the machine does than about the code.
settings.register_profile("shared machine", deadline=None)
settings.register_profile("deep", deadline=None, max_examples=1000)
settings.load_profile("deep" if os.environ.get("BORGSTACK_TEST_DEEP") else "shared machine")
