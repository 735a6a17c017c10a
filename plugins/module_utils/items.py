# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The items of a module's lists, as they are given: a bare name is enough where only a name is needed, and what is
wrong with one is told with its option and its place.

Ansible itself takes a null in a list of texts for the text `None`, and says of a wrong item which option it is in, but
not which item it is.
"""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError

KINDS = {
    type(None): "nothing (null)",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    tuple: "a list",
    dict: "a dictionary",
}
# Ansible would make texts of these: `no` would be the name `False`.
NO_TEXTS = (bool, list, tuple, dict)


def completed(parameters: dict, specification: dict) -> dict:
    """Return the parameters with a dictionary for each bare name; nothing that is given is changed.

    Args:
        parameters: what the module was given.
        specification: the module's argument specification, or that of an item.
    """
    result = dict(parameters)
    for option, described in specification.items():
        value = result.get(option)
        if _is_list_of_dictionaries(described) and value is not None:
            result[option] = [_completed_item(item, described["options"]) for item in _listed(value)]
    return result


def refuse(parameters: dict, specification: dict, path: str = "") -> None:
    """Refuse the first item of a list that is not of its kind, lacks what it needs, or has what it cannot have.

    Args:
        parameters: as returned by `completed`.
        specification: as there.
        path: where they are, as an operator would write it.

    Raises:
        PlatformError: there is such an item.
    """
    for option, described in specification.items():
        value = parameters.get(option)
        if described.get("type") != "list" or not isinstance(value, (list, tuple)):
            continue
        for number, item in enumerate(value):
            place = f"{path}{option}[{number}]"
            if _is_list_of_dictionaries(described):
                _refuse_item(item, described["options"], place)
            elif described.get("elements") == "str" and (item is None or isinstance(item, NO_TEXTS)):
                raise _refused(place, f"it is {_kind(item)}, and has to be a text in quotes")


def _refuse_item(item: t.Any, options: dict, place: str) -> None:
    if isinstance(item, str) and _is_for_ansible(item, options):
        return
    if not isinstance(item, dict):
        or_name = " or a name in quotes" if _name_option(options) else ""
        raise _refused(place, f"it is {_kind(item)}, and has to be a dictionary{or_name}")
    name = item.get(_name_option(options) or "name")
    place = f"{place} ({name})" if isinstance(name, str) else place
    nothing = [option for option in _required(options) if option in item and item[option] is None]
    if nothing:
        raise _refused(place, f"its {nothing[0]} is {_kind(None)}")
    validated = ArgumentSpecValidator({option: _shallow(described) for option, described in options.items()})
    complaints = validated.validate(item).error_messages
    if complaints:
        raise _refused(place, complaints[0])
    refuse(item, options, f"{place}.")


def _refused(place: str, what: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, "correct this item", where=place)


def _shallow(described: dict) -> dict:
    """Return what says of an option's value only whether it is of its type: what is in it is looked at by itself."""
    shallow = {key: value for key, value in described.items() if key not in ("options", "no_log")}
    if _is_list_of_dictionaries(described):
        shallow["elements"] = "raw"
    return shallow


def _kind(value: t.Any) -> str:
    return KINDS.get(type(value), "something else")


def _is_list_of_dictionaries(described: dict) -> bool:
    return described.get("type") == "list" and described.get("elements") == "dict" and bool(described.get("options"))


def _listed(value: t.Any) -> t.Any:
    # As Ansible reads a list that is given as one text.
    if isinstance(value, str):
        return [item.strip() for item in value.split(",")]
    return value if isinstance(value, (list, tuple)) else [value]


def _completed_item(item: t.Any, options: dict) -> t.Any:
    name = _name_option(options)
    if isinstance(item, str) and name and not _is_for_ansible(item, options):
        return {name: item}
    return completed(item, options) if isinstance(item, dict) else item


def _is_for_ansible(item: str, options: dict) -> bool:
    """Tell whether a text is a dictionary to Ansible: JSON, or `key=value`."""
    return item.startswith("{") or ("=" in item and item.partition("=")[0].strip() in options)


def _required(options: dict) -> list[str]:
    return [option for option, described in options.items() if described.get("required")]


def _name_option(options: dict) -> str:
    """Return the option that is all that an item needs; empty where it needs more, or nothing."""
    required = _required(options)
    return required[0] if len(required) == 1 and options[required[0]].get("type", "str") == "str" else ""
