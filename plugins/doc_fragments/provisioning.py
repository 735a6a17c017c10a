# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What all provisioning modules have in common."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of the provisioning modules; the same as those in module_utils/provisioning.py."""

    CONNECTION = r"""
options:
  connect_timeout:
    description: How long to wait for a connection, in seconds.
    type: int
    default: 10
"""

    DOCUMENTATION = r"""
options:
  assume_empty:
    description:
      - Plan against a server without any objects, and do not connect.
      - For check mode in a play that would only make the server; refused outside of check mode.
    type: bool
    default: false
  report_undeclared:
    description:
      - Return in RV(undeclared) what exists without being declared.
      - It is never touched.
    type: bool
    default: false
"""
