#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: qdrant_collections_info
short_description: Write down the Qdrant collections of a server as they would be declared
version_added: "0.1.0"
description:
  - Reads collections with their payload indexes and aliases, and returns them as
    M(borgstack.platform.qdrant_collections) takes them; given back to it, they change nothing.
  - What that module has no option for is left out.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes.info
  - borgstack.platform.provisioning.connection
  - borgstack.platform.qdrant
options:
  names:
    description: Only these collections; those that do not exist are left out.
    type: list
    elements: str
seealso:
  - module: borgstack.platform.qdrant_collections
"""

EXAMPLES = r"""
- name: Read what there is
  borgstack.platform.qdrant_collections_info:
    url: http://10.201.0.6:6333
    api_key: "{{ qdrant_api_key }}"
  register: found

- name: Write it down
  ansible.builtin.copy:
    content: "{{ {'qdrant_collections': found.collections} | to_nice_yaml }}"
    dest: collections.yml
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
collections:
  description: The collections, by name.
  returned: success
  type: list
  elements: dict
  sample:
    - name: articles
      vectors: {size: 1024, distance: Cosine}
      payload_indexes: [{field: author, schema: keyword}]
      aliases: [current]
      state: present
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import connection, inspect


def run(module):
    """Return the collections."""
    actual = inspect.everything(connection.Server(module.params), module.params["names"])
    found = {name: one for name, one in sorted(actual.collections.items()) if one is not None}
    return {"collections": [inspect.written(name, one, actual.aliases) for name, one in found.items()]}


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={**connection.OPTIONS, **provisioning.INFO_OPTIONS},
        supports_check_mode=True,
    )
    provisioning.tell(module, lambda: run(module))


if __name__ == "__main__":
    main()
