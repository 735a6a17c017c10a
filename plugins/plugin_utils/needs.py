# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a service may need of another one, by kind."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.directus.options import FIELD, FLOW, POLICY, USER
from ansible_collections.borgstack.platform.plugins.module_utils.items import refuse_item
from ansible_collections.borgstack.platform.plugins.module_utils.mongodb import options as mongodb
from ansible_collections.borgstack.platform.plugins.module_utils.n8n.options import CREDENTIAL, WORKFLOW
from ansible_collections.borgstack.platform.plugins.module_utils.postgresql import options as postgresql
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import options as redis
from ansible_collections.borgstack.platform.plugins.module_utils.s3.options import BUCKET

# What each need has, whatever its kind.
ADDRESS = {
    "kind": {"type": "str", "required": True, "description": "what is needed; each kind has further keys of its own"},
    "instance": {"type": "str", "required": True, "description": "the instance that it is needed of"},
}

_TEXTS = {"type": "list", "elements": "str"}


def _items(options: dict, description: str) -> dict:
    return {"type": "list", "elements": "dict", "options": options, "description": description}


# The kinds that modules of this collection provide. Kinds of other roles are in their own declarations, as `accepts`.
KINDS: dict[str, dict[str, t.Any]] = {
    "postgresql": {
        "role": {"type": "dict", "options": postgresql.ROLE, "description": "as an item of `postgresql_roles`"},
        "database": {
            "type": "dict",
            "required": True,
            "options": postgresql.DATABASE,
            "description": "as an item of `postgresql_databases`; without an owner, one that another service needs",
        },
        "tls": {
            "type": "bool",
            "description": "whether the service encrypts as `tls` of the endpoint says; a server that wants that is "
            "refused to others",
        },
        "run_as": {"type": "str", "description": "the role that the migrations run as, where that is not `role`"},
        **{
            key: {**option, "required": False, "description": "as in an item of `postgresql_migrations`"}
            for key, option in postgresql.MIGRATIONS.items()
        },
    },
    "redis": {
        "user": {
            "type": "dict",
            "required": True,
            "options": redis.USER,
            "description": "as an item of `redis_users`; what reaches beyond its own keys is taken from every user",
        },
    },
    "mongodb": {
        "user": {
            "type": "dict",
            "required": True,
            "options": mongodb.USER,
            "description": "as an item of `mongodb_users`",
        },
    },
    "s3": {
        "bucket": {
            "type": "dict",
            "required": True,
            "options": BUCKET,
            "description": "as an item of `s3_buckets`",
        },
        "identity": {
            "type": "dict",
            "required": True,
            "options": {
                "access_key": {"type": "str", "required": True},
                "secret_key": {"type": "str", "required": True, "no_log": True},
                "prefix": {"type": "str"},
            },
            "description": "who reads and writes the bucket; with a prefix, below that only",
        },
    },
    "n8n": {
        "credentials": _items(CREDENTIAL, "as in `n8n_workflows`"),
        "workflows": _items(WORKFLOW, "as in `n8n_workflows`"),
        "volumes": {**_TEXTS, "description": "what its containers have besides, as in Compose"},
        "networks": {**_TEXTS, "description": "of containers that are kept apart, and that it reaches"},
    },
    "directus": {
        "fields": _items(FIELD, "as in `directus_objects`"),
        "policies": _items(POLICY, "as in `directus_objects`"),
        "users": _items(USER, "as in `directus_objects`"),
        "flows": _items(FLOW, "as in `directus_objects`"),
        "webhooks": _items(
            {
                "event": {"type": "str", "required": True},
                "url": {"type": "str", "required": True},
                "headers": {"type": "dict", "values": {"type": "str"}},
            },
            "who is told of an event such as `files.upload`, with the key of the item that it is about",
        ),
    },
}


def check_need(need: dict[str, t.Any], where: str, accepted: dict[str, dict] | None = None) -> None:
    """Raise unless a need says what its kind asks for, and nothing else.

    Args:
        need: as a service declares it.
        where: the place, for the refusal.
        accepted: the kinds that other roles accept, with their options, where all are known already; a need of another
            kind is not looked at before.

    Raises:
        PlatformError: it does not.
    """
    if not isinstance(need, dict) or not set(ADDRESS) <= set(need):
        refuse_item(need, ADDRESS, where)
    options = (accepted or {}).get(need["kind"]) or KINDS.get(need["kind"])
    if options is not None:
        refuse_item(need, {**ADDRESS, **options}, f"{where}, {need['kind']} of {need['instance']}")
