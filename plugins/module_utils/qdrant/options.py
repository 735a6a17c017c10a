# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a collection may say.

By name of the option, as Ansible specifies arguments: modules are given such items, and services declare them in their
needs.
"""

from __future__ import annotations

from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import STATE

COLLECTION = {
    "name": {"type": "str", "required": True},
    "vectors": {"type": "dict"},
    "sparse_vectors": {"type": "dict"},
    "hnsw_config": {"type": "dict"},
    "optimizers_config": {"type": "dict"},
    "wal_config": {"type": "dict"},
    "quantization_config": {"type": "raw"},
    "on_disk_payload": {"type": "bool"},
    "replication_factor": {"type": "int"},
    "write_consistency_factor": {"type": "int"},
    "shard_number": {"type": "int"},
    "sharding_method": {"type": "str", "choices": ["auto", "custom"]},
    "payload_indexes": {"type": "raw"},
    "aliases": {"type": "list", "elements": "str"},
    "recreate": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 60},
    "state": STATE,
}
