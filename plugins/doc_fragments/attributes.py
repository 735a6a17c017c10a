# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What every module of this collection promises, documented once."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes shared by the provisioning modules."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Can run in check mode and return changed status prediction without modifying the target.
  diff_mode:
    support: full
    description: Returns details on what has changed, or would change in check mode, with secrets masked.
  idempotent:
    support: full
    description: When run twice in a row with the same arguments, the second run reports no change.
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module only reads.
    description: Can run in check mode and return changed status prediction without modifying the target.
  diff_mode:
    support: N/A
    details:
      - This module only reads.
    description: Returns details on what has changed, or would change in check mode, with secrets masked.
"""
