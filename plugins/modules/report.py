#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Documentation alone: the action of the same name does it, on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Print lines as they are
version_added: "0.2.0"
description:
  - Prints text for people as text, whatever callback shows the run and in AWX too, where M(ansible.builtin.debug)
    shows a list of quoted strings.
  - Callbacks whose output is read by machines, such as P(ansible.posix.json#callback), get the lines in the result
    alone.
  - Runs on the controller.
author:
  - The borgstack.platform contributors (@borgstack)
attributes:
  check_mode:
    description: Prints the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  platform:
    description: Where the hosts' systems do not matter.
    support: full
    platforms: posix
options:
  lines:
    description: What is printed, line by line. Characters that control a terminal become blanks.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Say what was found
  borgstack.platform.report:
    lines: "{{ rows | borgstack.platform.verification_report }}"
"""

RETURN = r"""
lines:
  description: What was printed.
  returned: success
  type: list
  elements: str
  sample: ["result  component  check", "ok      n8n        ready"]
"""
