# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The properties that Qdrant's API knows: of which kind they are, since which version, and what they are by default.

A server takes a property that it does not know without a word and forgets it. So it has to be refused here, or each run
would find it missing.
"""

from __future__ import annotations

import struct
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError


class Property(t.NamedTuple):
    """A property.

    Attributes:
        kind: returns a declared value in the one spelling that is compared and sent; raises ValueError with the reason.
        since: the first version that knows it.
        default: what a server means where it tells nothing.
    """

    kind: t.Callable[[t.Any], t.Any]
    since: tuple[int, ...] = (1, 10)
    default: t.Any = None


def _whole(least: int = 0, most: int | None = None) -> t.Callable[[t.Any], int]:
    limits = f"a whole number of at least {least}" + (f" and at most {most}" if most else "")

    def kind(value: t.Any) -> int:
        try:
            number = int(value.strip()) if isinstance(value, str) else value
        except ValueError:
            raise ValueError(limits) from None
        if isinstance(number, bool) or not isinstance(number, (int, float)) or number != number // 1:
            raise ValueError(limits)
        if number < least or (most and number > most):
            raise ValueError(limits)
        return int(number)

    return kind


def _fraction(least: float, most: float) -> t.Callable[[t.Any], float]:
    def kind(value: t.Any) -> float:
        try:
            number = None if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = None
        if number is None or not least <= number <= most:
            raise ValueError(f"a number from {least} to {most}")
        return number

    return kind


def _flag(value: t.Any) -> bool:
    try:
        return boolean(value)
    except TypeError:
        raise ValueError("true or false") from None


def _one_of(*choices: str) -> t.Callable[[t.Any], str]:
    def kind(value: t.Any) -> str:
        for choice in choices:
            if isinstance(value, str) and value.lower() == choice.lower():
                return choice
        raise ValueError(f"one of {', '.join(choices)}")

    return kind


def _threads(value: t.Any) -> t.Any:
    return "auto" if value == "auto" else _whole()(value)


def _anything(value: t.Any) -> t.Any:
    return value


def _text(value: t.Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


FLAG = Property(_flag)
NUMBER = Property(_whole())
MEMORY = Property(_one_of("cold", "cached", "pinned"), (1, 19))
DATATYPE = Property(_one_of("float32", "float16", "uint8", "turbo4", "turbo8", "turbo16"), default="float32")

HNSW = {
    "m": NUMBER,
    "ef_construct": Property(_whole(4)),
    "full_scan_threshold": Property(_whole(10)),
    "max_indexing_threads": NUMBER,
    "on_disk": FLAG,
    "payload_m": NUMBER,
    "inline_storage": FLAG._replace(since=(1, 16)),
    "memory": MEMORY,
}
OPTIMIZERS = {
    "deleted_threshold": Property(_fraction(0, 1)),
    "vacuum_min_vector_number": NUMBER,
    "default_segment_number": NUMBER,
    "max_segment_size": NUMBER,
    "memmap_threshold": NUMBER,
    "indexing_threshold": NUMBER,
    "flush_interval_sec": NUMBER,
    "max_optimization_threads": Property(_threads, default="auto"),
    "prevent_unoptimized": FLAG._replace(since=(1, 17)),
}
WAL = {
    "wal_capacity_mb": Property(_whole(1)),
    "wal_segments_ahead": NUMBER,
    "wal_retain_closed": Property(_whole(1), (1, 16)),
}
_KEPT = {"always_ram": FLAG, "memory": MEMORY}
QUANTIZATION = {
    "scalar": {"type": Property(_one_of("int8")), "quantile": Property(_fraction(0.5, 1)), **_KEPT},
    "product": {"compression": Property(_one_of("x4", "x8", "x16", "x32", "x64")), **_KEPT},
    "binary": {
        "encoding": Property(_one_of("one_bit", "two_bits", "one_and_half_bits"), (1, 15)),
        "query_encoding": Property(_text, (1, 15)),
        **_KEPT,
    },
    "turbo": {"bits": Property(_one_of("bits1", "bits1_5", "bits2", "bits4", "bits8")), **_KEPT},
}
QUANTIZATION_SINCE = {"turbo": (1, 18)}
QUANTIZATION_NEEDS = {"scalar": "type", "product": "compression"}
VECTOR = {
    "size": Property(_whole(1, 65536)),
    "distance": Property(_one_of("Cosine", "Euclid", "Dot", "Manhattan")),
    "on_disk": FLAG,
    "datatype": DATATYPE,
    "memory": MEMORY,
}
MULTIVECTOR = {"comparator": Property(_one_of("max_sim"))}
SPARSE = {"modifier": Property(_one_of("none", "idf"), default="none")}
SPARSE_INDEX = {"full_scan_threshold": NUMBER, "on_disk": FLAG, "datatype": DATATYPE, "memory": MEMORY}
COLLECTION = {
    "on_disk_payload": FLAG,
    "replication_factor": Property(_whole(1)),
    "write_consistency_factor": Property(_whole(1)),
    "shard_number": Property(_whole(1)),
    "sharding_method": Property(_one_of("auto", "custom"), default="auto"),
}

_NO = Property(_flag, default=False)
_YES = Property(_flag, default=True)
_LATER = {
    "enable_hnsw": _YES._replace(since=(1, 17)),
    "memory": MEMORY,
    "nested": Property(_text, (1, 20)),
}
_ON_DISK = {"on_disk": _NO._replace(since=(1, 11))}
_PRINCIPAL = {"is_principal": _NO._replace(since=(1, 11))}
_TENANT = {"is_tenant": _NO._replace(since=(1, 11))}
INDEX = {
    "keyword": {**_TENANT, **_ON_DISK, **_LATER, "prefix": _NO._replace(since=(1, 19))},
    "integer": {"lookup": _YES, "range": _YES, **_PRINCIPAL, **_ON_DISK, **_LATER},
    "float": {**_PRINCIPAL, **_ON_DISK, **_LATER},
    "geo": {"on_disk": _NO._replace(since=(1, 12)), **_LATER},
    "text": {
        "tokenizer": Property(_one_of("prefix", "whitespace", "word", "multilingual", "code"), default="word"),
        "min_token_len": NUMBER,
        "max_token_len": NUMBER,
        "lowercase": _YES,
        "on_disk": _NO._replace(since=(1, 12)),
        "phrase_matching": _NO._replace(since=(1, 15)),
        "stopwords": Property(_anything, (1, 15)),
        "stemmer": Property(_anything, (1, 15)),
        "ascii_folding": _NO._replace(since=(1, 16)),
        "scoring": Property(_anything, (1, 20)),
        **_LATER,
    },
    "bool": {"on_disk": _NO._replace(since=(1, 13)), **_LATER},
    "datetime": {**_PRINCIPAL, **_ON_DISK, **_LATER},
    "uuid": {**_TENANT, **_ON_DISK, **_LATER},
}
INDEX_SINCE = {"uuid": (1, 11)}


def canonical(
    properties: t.Mapping[str, Property], declared: t.Any, place: str, where: str, version: tuple | None = None
) -> dict:
    """Return declared properties in the spelling that is compared and sent; one that is null counts as undeclared.

    Args:
        properties: those that there are.
        declared: what is declared.
        place: which property of the collection it is, in words.
        where: the object, for failures.
        version: the server's, or none where it is not known.

    Raises:
        PlatformError: it is no mapping, or a property that does not exist, that the server does not know, or of another
            kind.
    """
    if not isinstance(declared, t.Mapping):
        raise refusal(f"{place} is not a mapping", where)
    found = {}
    for name, value in declared.items():
        known = properties.get(name)
        if known is None:
            raise refusal(f"{place} has no property {name!r}; it has {', '.join(properties)}", where)
        if value is None:
            continue
        since(known.since, f"{place}.{name}", where, version)
        try:
            found[name] = known.kind(value)
        except ValueError as error:
            raise refusal(f"{place}.{name} is {value!r} and has to be {error}", where) from None
    return found


def since(first: tuple[int, ...] | None, subject: str, where: str, version: tuple | None) -> None:
    """Refuse what a server does not know yet.

    Raises:
        PlatformError: the server is older than the first version that knows the subject.
    """
    if first and version and version < first:
        known, actual = (".".join(map(str, numbers)) for numbers in (first, version))
        raise refusal(f"{subject} needs Qdrant {known}, and this is {actual}", where)


def refusal(what: str, where: str) -> PlatformError:
    """Return the failure of a declaration."""
    return PlatformError(CONFIGURATION, what, "correct the declaration", where=where)


def alike(declared: t.Any, actual: t.Any) -> bool:
    """Return whether two values mean the same; the server keeps some fractions in single precision."""
    if isinstance(declared, float) and isinstance(actual, (int, float)):
        return struct.pack("f", declared) == struct.pack("f", actual)
    return isinstance(declared, bool) == isinstance(actual, bool) and declared == actual
