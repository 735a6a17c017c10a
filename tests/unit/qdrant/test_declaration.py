"""Declarations: their canonical form, and what of them cannot be meant."""

from __future__ import annotations

import pytest
from unit.qdrant.direct import ITEM

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import compare, declaration, names, schema

SINGLE = {"size": 4, "distance": "Dot"}


def read(version: tuple | None = None, **properties) -> declaration.Wanted:
    [wanted] = declaration.read([{**ITEM, "name": "c", **properties}], version)
    return wanted


def test_nothing_declared_is_nothing_wanted():
    assert read() == declaration.Wanted("c")
    assert read(state="absent", vectors="ignored") == declaration.Wanted("c", present=False)


@pytest.mark.parametrize(
    ("declared", "canonical"),
    [
        ({"vectors": SINGLE}, {"vectors": {"": SINGLE}}),
        ({"vectors": {"size": "4", "distance": "DOT"}}, {"vectors": {"": SINGLE}}),
        ({"vectors": {"size": SINGLE}}, {"vectors": {"size": SINGLE}}),
        ({"vectors": {}}, {"vectors": {}}),
        ({"vectors": {"x": {**SINGLE, "on_disk": None}}}, {"vectors": {"x": SINGLE}}),
        ({"sparse_vectors": {"w": None}}, {"sparse_vectors": {"w": {}}}),
        (
            {"hnsw_config": {"m": "16", "on_disk": "yes", "payload_m": None}},
            {"hnsw_config": {"m": 16, "on_disk": True}},
        ),
        ({"hnsw_config": {"m": 16.0}}, {"hnsw_config": {"m": 16}}),
        ({"optimizers_config": {"deleted_threshold": "0.5"}}, {"optimizers_config": {"deleted_threshold": 0.5}}),
        ({"quantization_config": False}, {"quantization_config": "disabled"}),
        *(
            ({"quantization_config": no}, {"quantization_config": "disabled"})
            for no in ("Disabled", "no", "OFF", "False")
        ),
        ({"quantization_config": {"binary": None}}, {"quantization_config": {"binary": {}}}),
        (
            {"quantization_config": {"binary": {"query_encoding": "scalar8bits"}}},
            {"quantization_config": {"binary": {"query_encoding": "scalar8bits"}}},
        ),
        ({"sharding_method": "custom"}, {"sharding_method": "custom"}),
    ],
)
def test_canonical_form(declared, canonical):
    assert read(**declared).config == canonical


@pytest.mark.parametrize(
    ("declared", "canonical"),
    [
        ({"city": "keyword"}, {"city": {"type": "keyword"}}),
        (
            [{"field": '"city"', "schema": {"type": "keyword", "is_tenant": "no"}}],
            {"city": {"type": "keyword", "is_tenant": False}},
        ),
        ([{"field": "city", "state": "absent"}], {"city": None}),
        (
            {"t": {"type": "text", "stopwords": ["a"], "stemmer": {"type": "snowball"}}},
            {"t": {"type": "text", "stopwords": ["a"], "stemmer": {"type": "snowball"}}},
        ),
        (None, {}),
    ],
)
def test_payload_indexes(declared, canonical):
    assert read(payload_indexes=declared).indexes == canonical


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ({"name": ""}, "its name is empty"),
        ({"vectors": "x"}, "vectors is not a mapping"),
        ({"vectors": {"": SINGLE}}, "a vector has an empty name"),
        ({"vectors": {"size": 4}}, "vectors has no distance"),
        ({"vectors": {"x": {"distance": "Dot"}}}, "vectors.x has no size"),
        ({"vectors": {**SINGLE, "size": 65537}}, "at least 1 and at most 65536"),
        ({"vectors": {**SINGLE, "size": True}}, "vectors.size is True and has to be a whole number"),
        ({"vectors": {**SINGLE, "size": "four"}}, "has to be a whole number"),
        ({"vectors": {**SINGLE, "size": 4.5}}, "has to be a whole number"),
        ({"vectors": {**SINGLE, "size": float("inf")}}, "has to be a whole number"),
        ({"vectors": {**SINGLE, "on_disk": "perhaps"}}, "has to be true or false"),
        ({"vectors": {**SINGLE, "distance": 1}}, "one of Cosine, Euclid, Dot, Manhattan"),
        ({"vectors": {**SINGLE, "multivector_config": {"comparator": "min"}}}, "one of max_sim"),
        ({"vectors": {"x": SINGLE}, "sparse_vectors": {"x": {}}}, "both as a vector and as a sparse vector"),
        ({"sparse_vectors": []}, "sparse_vectors is not a mapping"),
        ({"sparse_vectors": {"w": {"index": {"m": 1}}}}, "sparse_vectors.w.index has no property 'm'"),
        ({"hnsw_config": [1]}, "hnsw_config is not a mapping"),
        ({"hnsw_config": {"full_scan_threshold": 9}}, "at least 10"),
        ({"wal_config": {"wal_retain_closed": 0}}, "at least 1"),
        ({"optimizers_config": {"deleted_threshold": 2}}, "a number from 0 to 1"),
        ({"optimizers_config": {"deleted_threshold": float("nan")}}, "a number from 0 to 1"),
        ({"optimizers_config": {"deleted_threshold": True}}, "a number from 0 to 1"),
        ({"optimizers_config": {"deleted_threshold": "half"}}, "a number from 0 to 1"),
        ({"optimizers_config": {"max_optimization_threads": "many"}}, "a whole number"),
        ({"quantization_config": True}, "has to be disabled, or a mapping"),
        ({"quantization_config": {}}, "has to be disabled, or a mapping"),
        ({"quantization_config": {"scalar": {"type": "int8"}, "binary": {}}}, "has to be disabled, or a mapping"),
        ({"quantization_config": {"scalar": {"type": "int8", "quantile": 0.1}}}, "a number from 0.5 to 1"),
        ({"quantization_config": {"product": {}}}, "quantization_config.product has no compression"),
        ({"quantization_config": {"binary": {"query_encoding": ""}}}, "has to be a text"),
        ({"payload_indexes": "city"}, "a mapping, or a list of items"),
        ({"payload_indexes": [{"schema": "keyword"}]}, "a mapping, or a list of items"),
        ({"payload_indexes": [{"field": "a", "schema": "keyword", "extra": 1}]}, "no property 'extra'"),
        ({"payload_indexes": [{"field": "a", "state": "gone"}]}, "neither present nor absent"),
        ({"payload_indexes": [{"field": "a", "schema": "bool"}, {"field": '"a"', "schema": "bool"}]}, "declared twice"),
        ({"payload_indexes": {"a..b": "keyword"}}, "has to be a path"),
        ({"payload_indexes": {"a": None}}, "one of keyword, integer"),
        ({"payload_indexes": {"a": {"type": []}}}, "one of keyword, integer"),
        ({"payload_indexes": {"a": {"type": "keyword", "lookup": True}}}, "has no property 'lookup'"),
        ({"aliases": ["x", "x"]}, "at alias x: it is declared twice"),
        ({"aliases": ["c"]}, "a collection of that name is declared too"),
    ],
)
def test_what_cannot_be_meant(declared, reason):
    with pytest.raises(PlatformError) as refused:
        read(**declared)
    assert reason in refused.value.message


def test_twice():
    with pytest.raises(PlatformError, match="it is declared twice"):
        declaration.read([{"name": "c"}, {"name": "c"}])
    with pytest.raises(PlatformError, match="for collection a and for collection b"):
        declaration.read([{"name": "a", "aliases": ["x"]}, {"name": "b", "aliases": ["x"]}])
    assert len(declaration.read([{"name": "a", "state": "absent"}, {"name": "b", "aliases": ["a"]}])) == 2


@pytest.mark.parametrize(
    ("version", "declared", "reason"),
    [
        (
            (1, 15),
            {"hnsw_config": {"inline_storage": True}},
            "hnsw_config.inline_storage needs Qdrant 1.16, and this is 1.15",
        ),
        ((1, 18), {"vectors": {**SINGLE, "memory": "cold"}}, "vectors.memory needs Qdrant 1.19"),
        ((1, 10), {"payload_indexes": {"a": "uuid"}}, "the type uuid of the payload index a needs Qdrant 1.11"),
        ((1, 17), {"quantization_config": {"turbo": {}}}, "quantization_config.turbo needs Qdrant 1.18"),
    ],
)
def test_what_a_version_does_not_know(version, declared, reason):
    with pytest.raises(PlatformError) as refused:
        read(version, **declared)
    assert reason in refused.value.message
    assert read((version[0], version[1] + 1), **declared) == read(None, **declared)


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("docs", ""),
        ("a b%é\n'", ""),
        ("x" * 255, ""),
        ("", "its name is empty"),
        (".", "its name is that of a folder"),
        ("..", "its name is that of a folder"),
        ("é" * 128, "its name has 256 bytes, and 255 are allowed"),
        ("\ud800", "its name is not valid Unicode"),
        ("a/b\0", 'its name holds "/", "\\u0000"'),
    ],
)
def test_flaws_of_names(name, flaw):
    assert names.flaw(name) == flaw


@pytest.mark.parametrize("character", names.FORBIDDEN)
def test_forbidden_characters(character):
    assert names.flaw(f"a{character}b").startswith("its name holds ")


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        ("city", "city"),
        ('"city"', "city"),
        ("a.b[].c[0][12]", "a.b[].c[0][12]"),
        ("a[007]", "a[7]"),
        ('"a.b".c', '"a.b".c'),
        ("straße", '"straße"'),
        ('""', '""'),
        ("a-b_1", "a-b_1"),
    ],
)
def test_payload_fields(declared, path):
    assert names.field(declared) == names.field(path) == path


@pytest.mark.parametrize("declared", ["", ".", "a.", "a b", 'a"b"', "a[x]", '"a\\"', "a]", " a"])
def test_what_is_no_payload_field(declared):
    with pytest.raises(ValueError, match="a path such as"):
        names.field(declared)


@pytest.mark.parametrize(
    ("name", "shown"), [("a b", "a b"), (" a", '" a"'), ("a\n", '"a\\n"'), ("a, b", '"a, b"'), ("", '""'), ("é", "é")]
)
def test_names_in_words(name, shown):
    assert names.shown(name) == shown


@pytest.mark.parametrize(
    ("declared", "actual", "same"),
    [
        (1, 1.0, True),
        (0.1, 0.1, True),
        (0.987654321, 0.9876543, True),
        (0.5, 0.51, False),
        (0.5, None, False),
        (1, True, False),
        (True, True, True),
        ("a", "a", True),
        (["a"], ["a"], True),
    ],
)
def test_values_that_mean_the_same(declared, actual, same):
    assert schema.alike(declared, actual) is same


def test_a_vector_named_as_a_property_is_a_vector():
    wanted = {"vectors": {"quantization_config": {"size": 4, "distance": "Dot"}}}
    actual = {"vectors": {"quantization_config": {"size": 8, "distance": "Dot"}}}
    [difference] = compare.differences(wanted, actual)
    assert difference.difference == "vectors.quantization_config.size is 8, declared as 4"
    assert not difference.is_changeable
