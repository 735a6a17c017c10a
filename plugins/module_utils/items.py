# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The items of a module's lists, as they are given: a bare name is enough where only a name is needed, and what is
wrong with one is told with its option and its place.

Ansible itself takes a null in a list of texts for the text `None`, a dictionary where a text belongs for its JSON, and
says of a wrong item which option it is in, but not which item it is.

A specification is one of Ansible's arguments, by option. Beside it an option of type `dict` may have `values`: the
specification of each of its values, whatever their names.
"""

from __future__ import annotations

import typing as t
from difflib import get_close_matches

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
# And JSON of these.
NOT_ONE = (list, tuple, dict)
# What says of an option's value only whether it is of its type; what is in it is looked at by itself.
SHALLOW = ("type", "elements", "required", "choices", "aliases")


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
        if described.get("type") == "list" and isinstance(value, (list, tuple)):
            for number, item in enumerate(value):
                _refuse_element(item, described, f"{path}{option}[{number}]")
        elif described.get("type") == "dict" and isinstance(value, dict):
            _refuse_parts(value, described, f"{path}{option}")


def refuse_item(item: t.Any, options: dict, place: str) -> None:
    """Refuse one dictionary, as `refuse` does the items of a list.

    Args:
        item: the dictionary.
        options: its specification.
        place: where it is, as an operator would write it.

    Raises:
        PlatformError: it is none, lacks what it needs, or has what it cannot have.
    """
    if not isinstance(item, dict):
        or_name = " or a name in quotes" if _name_option(options) else ""
        raise _refused(place, f"it is {_kind(item)}, and has to be a dictionary{or_name}")
    _refuse_keys(item, options, place)
    for option, described in options.items():
        if item.get(option) is not None and described.get("type", "str") == "str" and isinstance(item[option], NOT_ONE):
            raise _refused(place, f"its {option} is {_kind(item[option])}, and has to be a text")
    validated = ArgumentSpecValidator({option: _shallow(described) for option, described in options.items()})
    complaints = validated.validate(item).error_messages
    if complaints:
        raise _refused(place, complaints[0])
    refuse(item, options, f"{place}.")


def nearest(name: str, known: t.Iterable[str]) -> str:
    """Return the question whether a known name was meant, to put after an unknown one; nothing where none is near."""
    near = get_close_matches(str(name), list(known), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _refuse_element(item: t.Any, described: dict, place: str) -> None:
    if _is_list_of_dictionaries(described):
        options = described["options"]
        if isinstance(item, str) and (_is_for_ansible(item, options) or _name_option(options)):
            return
        name = item.get(_name_option(options) or "name") if isinstance(item, dict) else None
        refuse_item(item, options, f"{place} ({name})" if isinstance(name, str) else place)
    elif described.get("elements") == "str" and (item is None or isinstance(item, NO_TEXTS)):
        raise _refused(place, f"it is {_kind(item)}, and has to be a text in quotes")


def _refuse_parts(value: dict, described: dict, place: str) -> None:
    if described.get("options"):
        refuse_item(value, described["options"], place)
    for name, part in value.items():
        if described.get("values"):
            refuse_item({str(name): part}, {str(name): {**described["values"], "required": True}}, place)


def _refuse_keys(item: dict, options: dict, place: str) -> None:
    known = {name for option, described in options.items() for name in (option, *described.get("aliases", ()))}
    unknown = [str(key) for key in item if str(key) not in known]
    if unknown:
        named = ", ".join(f"{key}{nearest(key, sorted(known))}" for key in sorted(unknown))
        raise _refused(place, f"unknown keys: {named}; known are {', '.join(sorted(known))}")
    missing = [option for option in _required(options) if not {option, *options[option].get("aliases", ())} & set(item)]
    if missing:
        raise _refused(place, f"missing keys: {', '.join(missing)}")
    nothing = [option for option in _required(options) if option in item and item[option] is None]
    if nothing:
        raise _refused(place, f"its {nothing[0]} is {_kind(None)}")


def _refused(place: str, what: str) -> PlatformError:
    return PlatformError(CONFIGURATION, what, "correct this item", where=place)


def _shallow(described: dict) -> dict:
    shallow = {key: described[key] for key in SHALLOW if key in described}
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
