# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A flow as FileFlows' API takes it; the logic is in plugin_utils."""

from __future__ import annotations

DOCUMENTATION = r"""
name: fileflows_flow
short_description: A flow as FileFlows' API takes it
version_added: "0.1.0"
author: The borgstack.platform contributors (@borgstack)
description:
  - Makes the body of C(PUT /api/flow) from a chain of steps. A flow of the same name is replaced.
positional: elements, existing
options:
  _input:
    description: The flow.
    type: dict
    required: true
    suboptions:
      name:
        description: Its name.
        type: str
        required: true
      type:
        description: Whether it is for files, or run by FileFlows where another flow fails.
        type: str
        choices: [standard, failure]
        default: standard
      steps:
        description: Its steps, each with C(name), C(element) and C(model); the first output leads to the next step.
        type: list
        elements: dict
        required: true
  elements:
    description: What FileFlows says that flows can be made of.
    type: list
    elements: dict
    required: true
  existing:
    description: The flows that it has.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Keep a flow
  ansible.builtin.uri:
    url: http://10.201.0.9:5000/api/flow
    method: PUT
    body_format: json
    body: "{{ flow | borgstack.platform.fileflows_flow(elements.json, flows.json) }}"
"""

RETURN = r"""
_value:
  description: The body of the request.
  type: dict
"""

from ansible_collections.borgstack.platform.plugins.plugin_utils.fileflows import flow_object
from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import explained


class FilterModule:
    """The filter by name."""

    def filters(self) -> dict:
        """Return the filter by name."""
        return explained({"fileflows_flow": flow_object})
