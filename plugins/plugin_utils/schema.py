# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a service's declaration may hold: Ansible's form of specifying arguments, and `values` for those of any name."""

from __future__ import annotations

import typing as t

from ansible_collections.borgstack.platform.plugins.plugin_utils import canaries, checks, published, sites

Options = dict[str, dict[str, t.Any]]

TIERS = ("datastore", "application", "integration", "edge")
# The order in which they are asked. An application may be configured with what integrations want of it;
# datastores and the proxy are rendered from what the services before them need.
ASKED = (("integration",), ("application",), ("datastore", "edge"))
# A hook is a task file of the role, which is run where its declaration names it.
HOOKS = {
    "judge": "refuses what its container would not run with, before any file is touched; in check mode too",
    "configure": "tells the application what it can only be told while it runs",
    "provision": "makes in a datastore what services need of it",
    "reload": "has files taken up that are marked `pending: reload`",
    "verify": "has rows of its own for a verification",
    "authority": "says whose certificates a proxy has that makes them itself",
    "deprovision": "says what a leaving service has in a datastore, and removes it",
}

_TEXT = {"type": "str"}
_TEXTS = {"type": "list", "elements": "str"}
_BY_NAME = {"type": "dict", "values": _TEXT}
_NUMBER = {"type": "int"}
_SWITCH = {"type": "bool"}
_ANY = {"type": "raw"}

_HEALTHCHECK: Options = {
    "test": {**_ANY, "required": True},
    "interval": _TEXT,
    "timeout": _TEXT,
    "retries": _NUMBER,
    "start_period": _TEXT,
    "start_interval": _TEXT,
}

# The keys of Compose that make sense here, and those of this collection. Any other one is a misspelling, and a misspelt
# secret_environment would be written where everybody reads it.
CONTAINER: Options = {
    "image": {**_TEXT, "required": True},
    "healthcheck": {"type": "dict", "required": True, "options": _HEALTHCHECK},
    "mem_limit": {**_TEXT, "required": True, "description": "megabytes, such as 512m"},
    "secret_environment": {
        **_BY_NAME,
        "no_log": True,
        "description": "variables that only root and the container read",
    },
    "environment": {**_BY_NAME, "description": "variables that everybody on the host may read"},
    "development_ports": {
        "type": "list",
        "elements": "raw",
        "description": "ports that the development profile publishes on the host's loopback address",
    },
    "data_format": {
        **_TEXT,
        "description": "a regular expression whose group is the part of an image's tag that its data's format goes by; "
        "a run refuses to start it on data of another one",
    },
    "depends_on": {
        **_TEXTS,
        "description": "containers that are healthy before it starts, where those are not the datastores that it needs",
    },
    **dict.fromkeys(("cap_add", "cap_drop", "device_cgroup_rules", "devices", "dns", "group_add"), _TEXTS),
    **dict.fromkeys(("security_opt", "tmpfs", "volumes"), _TEXTS),
    **dict.fromkeys(("command", "entrypoint", "extra_hosts", "networks", "sysctls"), _ANY),
    **{key: {"type": "dict"} for key in ("logging", "ulimits")},
    **dict.fromkeys(("hostname", "mem_reservation", "memswap_limit", "restart", "shm_size"), _TEXT),
    **dict.fromkeys(("stop_grace_period", "stop_signal", "user", "working_dir"), _TEXT),
    **dict.fromkeys(("oom_score_adj", "pids_limit"), _NUMBER),
    **dict.fromkeys(("init", "read_only", "stdin_open", "tty"), _SWITCH),
    "cpus": {"type": "float"},
    "labels": _BY_NAME,
}

_FILE: Options = {
    "path": {**_TEXT, "required": True, "description": "below the project's directory"},
    "content": {**_TEXT, "description": "what everybody may read"},
    "secret_content": {**_TEXT, "no_log": True, "description": "in its place, what only root may read"},
    "pending": {**_TEXT, "choices": ["reload"], "description": "`reload` if a reload takes a change up, not a restart"},
}

DECLARATION: Options = {
    "service": {
        **_TEXT,
        "required": True,
        "description": "the role's short name; several declarations share it where a role has several instances",
    },
    "tier": {
        **_TEXT,
        "required": True,
        "choices": list(TIERS),
        "description": "when it starts, in this order; an integration has nothing to start",
    },
    "containers": {
        "type": "dict",
        "values": {"type": "dict", "options": CONTAINER},
        "description": "by name; keys are those of Compose that make sense here, and the following ones",
    },
    "files": {"type": "list", "elements": "dict", "options": _FILE, "description": "configuration files"},
    "configuration": {
        "type": "dict",
        "no_log": True,
        "description": "all that the hook `configure` puts into the running application; secrets allowed",
    },
    "checks": {
        "type": "list",
        "elements": "dict",
        "options": checks.OPTIONS,
        "description": "HTTP checks from inside; `path`, or `sealed: true`",
    },
    "provides": {
        "type": "dict",
        "options": {
            "kind": {**_TEXT, "required": True},
            "container": {**_TEXT, "required": True},
            "port": {**_NUMBER, "required": True},
            "user": {**_TEXT, "required": True},
            "password": {**_TEXT, "required": True, "no_log": True},
            "settings": {"type": "dict", "description": "what its hooks have to know of the instance besides"},
            "host": {**_TEXT, "description": "where a server is that is not of this host; no role says this"},
            "elsewhere": {**_TEXT, "description": "the host of the system that it is on; no role says this"},
            "tls": {
                "type": "dict",
                "options": {"mode": {**_TEXT, "required": True}, "authority": {**_TEXT, "required": True}},
                "description": "how such a server is spoken to: as libpq says it, and its authority's file on the host",
            },
        },
        "description": "the datastore that it is, and how its administrator logs in",
    },
    "accepts": {
        "type": "dict",
        "values": {"type": "dict", "values": {"type": "dict"}},
        "description": "the kinds of needs that it reads itself, each with its options as argument specifications have "
        "them; none for a kind that this collection knows",
    },
    "needs": {"type": "list", "elements": "raw", "description": "what others must provide, by kind (below)"},
    "requires": {**_TEXTS, "description": "further instances without which it makes no sense"},
    "sites": {
        "type": "list",
        "elements": "dict",
        "options": sites.OPTIONS,
        "description": "where the proxy publishes it",
    },
    "published": {
        "type": "list",
        "elements": "dict",
        "options": published.OPTIONS,
        "description": "ports of its containers that are reached by way of the host; Compose, the firewall and a "
        "verification go by it",
    },
    "hooks": {
        **_TEXTS,
        "choices": list(HOOKS),
        "description": "the role's task files that are run (above)",
    },
    "credentials": {
        "type": "dict",
        "options": {
            "user": {**_TEXT, "required": True},
            "secret": {**_TEXT, "required": True},
            "password": {**_TEXT, "required": True, "no_log": True},
        },
        "description": "what an operator logs in with: user, the name of the secret, and the password",
    },
    "cpu_features": {**_BY_NAME, "description": "what its images cannot run without: one by architecture"},
    "backup": {
        "type": "dict",
        "options": {
            "contents": {
                **_SWITCH,
                "description": "of a datastore: whether all that it holds is saved, by the tools of its kind; what "
                "services need of it is thereby saved",
            },
            "volumes": {**_TEXTS, "description": "volumes whose files are saved"},
        },
        "description": "what must be backed up",
    },
    "canary": {
        "type": "list",
        "elements": "dict",
        "options": canaries.OPTIONS,
        "description": "what it must be able to do with what was restored of it; asked of copies, in a drill",
    },
    "immutable_secrets": {
        **_BY_NAME,
        "no_log": True,
        "description": "secrets that must never change once data was written with them: values by name",
    },
}
