# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether what an inventory says can be meant, before any of it is used: pure functions."""

from __future__ import annotations

import re
import typing as t
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

# What becomes part of a path, of a name of Docker's, or of a variable that a shell or a server reads.
PATTERNS = {
    "platform_name": (r"[a-z0-9][a-z0-9_-]{0,40}", "lower case letters, digits and dashes, such as borgstack"),
    "platform_timezone": (r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", "a name such as America/Sao_Paulo"),
    "platform_locale": (r"[a-z]{2,3}([_-][A-Za-z]{2,4})?", "a name such as pt_BR"),
    "platform_image_mirror": (r"[A-Za-z0-9.:/\[\]_-]*", "a registry such as mirror.example:5000, without https://"),
}
INSTANCE = re.compile(r"[^\x00-\x1f\x7f\"'`\\/{}$<>?#&]{1,60}")
FOLDER = re.compile(r"/[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+")
# Folders of the system itself; below /opt, /srv, /home, /data and the like a platform has a place.
SYSTEM = {"bin", "boot", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr"}
# What roles set themselves, and what is an option of a look-up.
OWN = re.compile(
    r".*_(?:declarations|found|authority|rows|verified)|preflight_(?:host|measured)"
    r"|platform_(?:authority_key|authority_name|external_addresses|files|listing|project|selected_declarations|state|secrets_read_only)"
)

Spec = dict[str, t.Any]


def spec_of(roles_path: str, role: str) -> Spec:
    """Return the options of a role by name, those of all its entry points; nothing where the role has no such file.

    Args:
        roles_path: the folder of the collection's roles.
        role: the role's short name.
    """
    path = Path(roles_path) / role / "meta/argument_specs.yml"
    if not path.exists():
        return {}
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    found: Spec = {}
    for entry in entries.values():
        found.update(entry.get("options") or {})
    return found


def setting_names(roles_path: str, role: str = "platform") -> list[str]:
    """Return the names of a role's settings that its main entry point has."""
    path = Path(roles_path) / role / "meta/argument_specs.yml"
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"])


def setting_errors(values: dict[str, t.Any], roles_path: str, role: str = "platform") -> list[str]:
    """Return in words what of a role's settings cannot be meant, all at once.

    Args:
        values: by name; those that are not set are missing or none.
        roles_path: the folder of the collection's roles.
        role: the role's short name.
    """
    spec = {name: option for name, option in spec_of(roles_path, role).items() if name in values}
    # What is empty is not set, and has no parts that could be missing.
    given = {name: value for name, value in values.items() if value not in (None, {}, "")}
    # Ansible makes a list or a dictionary of many a text; here that would be a guess.
    shaped = {
        name: value
        for name, value in given.items()
        if isinstance(value, {"list": list, "dict": dict}.get(spec.get(name, {}).get("type", ""), object))
    }
    errors = [_shown(message) for message in ArgumentSpecValidator(_plain(spec)).validate(shaped).error_messages]
    # What has a default and is set to nothing all the same.
    errors += [
        f"{name} is empty (null); leave it out, or give it a value"
        for name, value in values.items()
        if value is None and not spec.get(name, {}).get("required") and "default" in spec.get(name, {})
    ]
    for name, value in given.items():
        if spec.get(name, {}).get("type") == "list" and not isinstance(value, list):
            errors.append(f"{name} is {value!r}, which is no list, such as [{value}]")
        elif spec.get(name, {}).get("type") == "dict" and not isinstance(value, dict):
            errors.append(f"{name} is {value!r}, which is no dictionary")
        elif spec.get(name, {}).get("elements") == "str":
            errors += _text_errors(name, value)
    return [*errors, *_form_errors(given)]


def _plain(spec: Spec) -> Spec:
    """Return a specification without what is for people alone, and without defaults, which are templates."""
    kept = ("type", "elements", "required", "choices", "options", "no_log")
    return {
        name: {key: _plain(value) if key == "options" else value for key, value in option.items() if key in kept}
        for name, option in spec.items()
    }


def _shown(message: str) -> str:
    """Say in the words of an inventory what Ansible says of parameters."""
    return message.replace("missing required arguments:", "not set:").replace(
        "Unsupported parameters for ", "unknown in "
    )


def _text_errors(name: str, value: list) -> t.Iterator[str]:
    for item in value:
        if not isinstance(item, str):
            yield f"{name} has {item!r}, which is no text; write it in quotes"
    texts = [item for item in value if isinstance(item, str)]
    for item in sorted({item for item in texts if texts.count(item) > 1}):
        yield f"{name} has {item!r} more than once"


def _form_errors(given: dict[str, t.Any]) -> t.Iterator[str]:
    for name, (pattern, words) in PATTERNS.items():
        value = given.get(name)
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            yield f"{name} is {value!r}, not {words}"
    mail = given.get("platform_smtp")
    if isinstance(mail, dict) and not mail.get("host"):
        yield "platform_smtp has no host"
    directory = given.get("platform_directory")
    if isinstance(directory, str):
        parts = PurePosixPath(directory).parts
        if not FOLDER.fullmatch(directory) or {".", ".."} & set(parts) or parts[1] in SYSTEM:
            yield f"platform_directory is {directory!r}, not a folder of its own such as /opt/borgstack"
    names = given.get("platform_whatsapp_instances")
    for item in names if isinstance(names, list) else []:
        if isinstance(item, str) and not INSTANCE.fullmatch(item):
            yield f"platform_whatsapp_instances has {item!r}; a name has up to 60 letters, digits, blanks and dashes"


def misspelt(names: list[str], roles_path: str, roles: list[str]) -> list[str]:
    """Return in words which variables look like settings of a role and are none.

    Args:
        names: of all variables.
        roles_path: the folder of the collection's roles.
        roles: the short names of the roles that run.
    """
    known = {role: set(spec_of(roles_path, role)) for role in roles}
    everything = set().union(*known.values()) if known else set()
    words = []
    for name in sorted(names):
        # The longest prefix: evolution_api_x is not a setting of a role evolution.
        role = max((role for role in roles if name.startswith(f"{role}_")), key=len, default="")
        if role and known[role] and name not in everything and not OWN.fullmatch(name):
            near = get_close_matches(name, known[role], 1, 0.75)
            hint = f"did you mean {near[0]}?" if near else f"`ansible-doc -t role borgstack.platform.{role}` lists them"
            words.append(f"{name} is no setting of the role {role}; {hint}")
    return words


def unknown_tags(tags: list[str], known: list[str]) -> list[str]:
    """Return in words which tags nothing has.

    Args:
        tags: that the run was given.
        known: that there are.
    """
    everything = {*known, "all", "always", "tagged", "untagged", "never"}
    words = []
    for tag in sorted(set(tags) - everything):
        near = get_close_matches(tag, known, 1)
        words.append(f"{tag}, did you mean {near[0]}?" if near else tag)
    return words
