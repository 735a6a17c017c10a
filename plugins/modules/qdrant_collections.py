#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: qdrant_collections
short_description: Keep many Qdrant collections as declared
version_added: "0.1.0"
description:
  - Creates, changes and deletes collections with their payload indexes and aliases.
  - What is not declared is left as it is, property by property. Where a collection is new, the server fills in its
    defaults. A property that is null counts as not declared.
  - What a server can change in an existing collection is changed in place. Everything else is refused with the whole
    list of differences, unless O(collections[].recreate) is set.
  - A property that does not exist, or that the server is too old for, is refused; a server would forget it silently.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning
  - borgstack.platform.provisioning.connection
  - borgstack.platform.qdrant
options:
  collections:
    description: The collections.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, at most 255 bytes, without what Qdrant forbids, such as slash, colon and asterisk.
        type: str
        required: true
      vectors:
        description:
          - C(size), C(distance), C(on_disk), C(datatype), C(memory), C(hnsw_config), C(quantization_config) and
            C(multivector_config) of the one vector without a name; or a mapping of names to such.
          - C(size), C(distance), C(datatype) and C(multivector_config) cannot be changed.
          - A vector that is missing is added to others with names by Qdrant 1.18 or later.
          - An undeclared one is left alone.
        type: dict
      sparse_vectors:
        description: >-
          Mapping of names to C(modifier) and C(index), which has C(full_scan_threshold), C(on_disk), C(datatype) and
          C(memory).
        type: dict
      hnsw_config:
        description: >-
          C(m), C(ef_construct), C(full_scan_threshold), C(max_indexing_threads), C(on_disk), C(payload_m),
          C(inline_storage) and C(memory).
        type: dict
      optimizers_config:
        description: >-
          C(deleted_threshold), C(vacuum_min_vector_number), C(default_segment_number), C(max_segment_size),
          C(memmap_threshold), C(indexing_threshold), C(flush_interval_sec), C(max_optimization_threads) and
          C(prevent_unoptimized).
        type: dict
      wal_config:
        description: C(wal_capacity_mb), C(wal_segments_ahead) and C(wal_retain_closed). Cannot be changed.
        type: dict
      quantization_config:
        description:
          - A mapping with one of C(scalar), C(product), C(binary) and C(turbo), and in it what Qdrant documents for it.
          - V(disabled) or V(false) switches it off; in a vector, what is set for the collection then counts.
        type: raw
      on_disk_payload:
        description: Whether payloads are kept on disk.
        type: bool
      replication_factor:
        description:
          - Number of replicas of each shard. More than one needs a server in cluster mode.
          - A server does not make or remove replicas of a collection that exists, only notes the number.
        type: int
      write_consistency_factor:
        description: Number of replicas that confirm a write. More than one needs a server in cluster mode.
        type: int
      shard_number:
        description: Number of shards. Cannot be changed.
        type: int
      sharding_method:
        description: V(auto) or V(custom). Cannot be changed.
        type: str
        choices: [auto, custom]
      payload_indexes:
        description:
          - Mapping of payload fields to schemas; or a list of items with C(field), C(schema) and C(state), which is
            V(present) or V(absent).
          - A schema is a type, such as V(keyword), or a mapping with C(type) and parameters of that type.
          - An index of another type, or with other parameters, is deleted and made anew.
          - Undeclared ones are left alone.
        type: raw
      aliases:
        description:
          - Other names of the collection. One that belongs to another collection is moved in one request.
          - Undeclared ones are left alone.
        type: list
        elements: str
      recreate:
        description:
          - Whether the collection may be deleted and made anew where a difference cannot be changed in place.
          - All its points are lost, and so is what is not declared.
        type: bool
        default: false
      wait:
        description:
          - Whether to wait until the collection is green. Has no meaning in check mode.
          - One that is grey counts as ready, with a warning; one that is red is a failure.
        type: bool
        default: false
      wait_timeout:
        description: How long to wait for that, in seconds.
        type: int
        default: 60
      state:
        description: Whether it exists. With V(absent) its points and its aliases go, too.
        type: str
        choices: [present, absent]
        default: present
notes:
  - An answer may take up to five minutes, because a change waits for optimizations under way.
  - Proven against a stand-in that follows Qdrant's published description of its API, not yet against Qdrant itself.
seealso:
  - module: borgstack.platform.qdrant_collections_info
"""

EXAMPLES = r"""
- name: Keep the collections of an application
  borgstack.platform.qdrant_collections:
    url: http://10.201.0.6:6333
    api_key: "{{ qdrant_api_key }}"
    collections:
      - name: articles_v2
        vectors: {size: 1024, distance: Cosine, on_disk: true}
        hnsw_config: {m: 32}
        quantization_config: {scalar: {type: int8, always_ram: true}}
        payload_indexes:
          author: keyword
          published: {type: datetime, is_principal: true}
        aliases: [articles]
        wait: true
      - name: products
        vectors:
          image: {size: 512, distance: Dot}
          text: {size: 768, distance: Cosine}
        sparse_vectors:
          words: {modifier: idf}
      - name: articles_v0
        state: absent
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create collection articles_v2", "move alias articles from collection articles_v1 to collection articles_v2"]
undeclared:
  description: What exists and is not declared, in words.
  returned: when O(report_undeclared) is set
  type: list
  elements: str
  sample: ["alias old of collection articles_v2", "payload index city of collection products"]
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import (
    apply,
    connection,
    contents,
    declaration,
    inspect,
    plan,
)
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant.options import COLLECTION


def run(module):
    """Converge the collections and return the result."""
    collections = module.params["collections"]
    wanted = declaration.read(collections)
    if module.params["assume_empty"]:
        provisioning.refuse_assumption(module)
        return converge(module, wanted, inspect.Actual(), None)
    server = connection.Server(module.params)
    # Once more: what there is to be declared depends on the version.
    wanted = declaration.read(collections, server.version)
    return converge(module, wanted, inspect.inspect(server, wanted), server)


def converge(module, wanted, actual, server):
    """Carry out the plan unless in check mode, and wait where that is asked for."""
    steps = plan.plan(wanted, actual)
    result = provisioning.converge(
        module,
        steps,
        lambda step: apply.apply(server, step),
        lambda: contents.undeclared(wanted, actual.collections, actual.aliases, plan.anew(wanted, actual)),
    )
    if not module.check_mode:
        for note in apply.wait(server, module.params["collections"], result["plan"]):
            module.warn(note)
    return result


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            **provisioning.OPTIONS,
            **connection.OPTIONS,
            "collections": {"type": "list", "elements": "dict", "required": True, "options": COLLECTION},
        },
        supports_check_mode=True,
    )
    provisioning.finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
