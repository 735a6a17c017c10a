#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: project_files
short_description: Keep the files of a Compose project as declared, all in one go
version_added: "0.1.0"
description:
  - Writes many small text files below one directory, atomically and with one connection, where looping
    M(ansible.builtin.copy) costs two round trips a file.
  - Files with secrets get mode 0600, all others 0644; directories on the way are made with mode 0755.
  - O(root) and the directories that files lie in are made root's again, and taken from all others for writing.
  - A file that an earlier run wrote and that is no longer declared is removed; a file that somebody else put there is
    left alone.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
options:
  root:
    description: The directory that all paths are relative to; made where it is missing.
    type: path
    required: true
  files:
    description: All files that there have to be.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: Where, relative to O(root).
        type: str
        required: true
      content:
        description: The text; left out where it is in O(secrets).
        type: str
      pending:
        description:
          - A name that RV(pending) holds from the moment the file changes until the marker C(PATH.pending) is removed.
          - So a change takes effect even when the run that made it was interrupted before the service took it up.
          - The marker holds what was in the file before, and so what is still in effect.
        type: str
      immutable:
        description:
          - The file is written once. Another content is refused before anything is changed, and the file stays when it
            is no longer declared.
        type: bool
        default: false
  secrets:
    description: The texts of those O(files) that hold secrets, by path; they are shown nowhere.
    type: dict
    default: {}
  private_directories:
    description: Directories, relative to O(root), that are made where they are missing and that root alone may enter.
    type: list
    elements: str
    default: []
  withhold_immutable:
    description:
      - Whether an immutable file that is not there yet is left out, and named in RV(withheld), for a later task that
        writes it once its content has proven right.
    type: bool
    default: false
  exclusive:
    description: Whether files that an earlier run wrote and that are no longer declared are removed.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Keep a project's files
  borgstack.platform.project_files:
    root: /opt/borgstack
    files:
      - path: compose.yaml
        content: "{{ project | to_nice_yaml }}"
      - path: secrets/n8n.env
      - path: caddy/Caddyfile
        content: "{{ caddyfile }}"
        pending: caddy
    secrets:
      secrets/n8n.env: "{{ environment }}"
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create file compose.yaml"]
pending:
  description: The names whose file changed and is not in effect yet.
  returned: success
  type: list
  elements: str
  sample: ["caddy"]
withheld:
  description: The immutable files that are not there yet and were left out.
  returned: success
  type: list
  elements: str
  sample: ["immutable/n8n_encryption_key"]
"""

from ansible_collections.borgstack.platform.plugins.module_utils import directories, files
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import converge, finish


def run(module):
    """Converge the files and return the result."""
    options, root = module.params, module.params["root"]
    wanted = files.declared(options["files"], options["secrets"])
    places = directories.of_files([file.path for file in wanted], options["private_directories"])
    found, managed = files.inspect(root, wanted)
    withheld = [file.path for file in files.withheld(wanted, found)] if options["withhold_immutable"] else []
    files_now = [file for file in wanted if file.path not in withheld]
    steps = directories.plan(places, directories.inspect(root, places))
    steps += files.plan(files_now, found, managed if options["exclusive"] else [])
    result = converge(module, steps, files.Writer(root, managed).apply)
    return {**result, "pending": files.pending(root, wanted, steps), "withheld": withheld}


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            "root": {"type": "path", "required": True},
            "files": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "path": {"type": "str", "required": True},
                    "content": {"type": "str"},
                    "pending": {"type": "str"},
                    "immutable": {"type": "bool", "default": False},
                },
            },
            # Apart from the files, so that it can be hidden as a whole.
            "secrets": {"type": "dict", "default": {}, "no_log": True},
            "private_directories": {"type": "list", "elements": "str", "default": []},
            "withhold_immutable": {"type": "bool", "default": False},
            "exclusive": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
