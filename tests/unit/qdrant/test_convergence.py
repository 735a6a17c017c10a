"""From any state to any other: what holds for all plans, with the stand-in's store as the model of a server."""

from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some
from unit.qdrant.direct import Direct, carry_out, steps_to, written

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import diff_of
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import contents, declaration, inspect

NAMES = ["one", "two", "a b"]
ALIASES = ["first", "two", "é"]
HNSW = some.fixed_dictionaries(
    {},
    optional={
        "m": some.sampled_from([0, 8, "16", None]),
        "payload_m": some.just(4),
        "on_disk": some.booleans(),
        "inline_storage": some.booleans(),
        "memory": some.sampled_from(["cold", "cached"]),
    },
)
KEPT = some.fixed_dictionaries({}, optional={"always_ram": some.booleans()})
QUANTIZATION = some.one_of(
    some.sampled_from([None, False, "disabled"]),
    some.fixed_dictionaries(
        {
            "scalar": some.fixed_dictionaries(
                {"type": some.just("int8")},
                optional={"quantile": some.floats(0.5, 1), "always_ram": some.booleans()},
            )
        }
    ),
    some.fixed_dictionaries({"product": some.fixed_dictionaries({"compression": some.sampled_from(["x4", "X8"])})}),
    some.fixed_dictionaries({"binary": KEPT}),
    some.fixed_dictionaries({"turbo": some.just({"bits": "bits4"})}),
)
VECTOR = some.fixed_dictionaries(
    {"size": some.sampled_from([2, 4]), "distance": some.sampled_from(["Dot", "cosine"])},
    optional={
        "on_disk": some.booleans(),
        "datatype": some.sampled_from(["float32", "uint8"]),
        "hnsw_config": HNSW,
        "quantization_config": QUANTIZATION,
        "multivector_config": some.just({"comparator": "max_sim"}),
    },
)
SPARSE = some.fixed_dictionaries(
    {},
    optional={
        "modifier": some.sampled_from(["none", "idf"]),
        "index": some.fixed_dictionaries(
            {},
            optional={
                "full_scan_threshold": some.sampled_from([5, 50]),
                "on_disk": some.booleans(),
                "datatype": some.sampled_from(["float32", "float16"]),
            },
        ),
    },
)
INDEX = some.one_of(
    some.sampled_from(["keyword", "integer", "text", "uuid", {"type": "keyword"}, {"type": "geo", "on_disk": False}]),
    some.fixed_dictionaries(
        {"type": some.just("integer")},
        optional={"lookup": some.booleans(), "range": some.booleans(), "is_principal": some.booleans()},
    ),
    some.fixed_dictionaries(
        {"type": some.just("text")},
        optional={"tokenizer": some.sampled_from(["word", "prefix"]), "min_token_len": some.just(2)},
    ),
)
FIELDS = some.sampled_from(["city", '"city"', 'a."b c"[]', "straße", "n[007].x"])
OPTIMIZERS = some.fixed_dictionaries(
    {},
    optional={
        "deleted_threshold": some.floats(0, 1),
        "indexing_threshold": some.integers(0, 3),
        "max_optimization_threads": some.sampled_from(["auto", 0, 4]),
    },
)
PRESENT = some.fixed_dictionaries(
    {"recreate": some.booleans()},
    optional={
        "vectors": some.none() | VECTOR | some.dictionaries(some.sampled_from(["x", "hnsw_config"]), VECTOR),
        "sparse_vectors": some.dictionaries(some.sampled_from(["words", "size"]), SPARSE | some.none()),
        "hnsw_config": HNSW,
        "optimizers_config": OPTIMIZERS,
        "wal_config": some.fixed_dictionaries({}, optional={"wal_capacity_mb": some.sampled_from([1, 32])}),
        "quantization_config": QUANTIZATION,
        "on_disk_payload": some.booleans(),
        "shard_number": some.integers(1, 2),
        "sharding_method": some.sampled_from(["auto", "custom"]),
        "write_consistency_factor": some.just(1),
        "payload_indexes": some.one_of(
            some.dictionaries(FIELDS, INDEX),
            some.lists(
                some.fixed_dictionaries({"field": FIELDS, "state": some.just("absent")})
                | some.fixed_dictionaries({"field": FIELDS, "schema": INDEX}),
                max_size=2,
            ),
        ),
        "aliases": some.lists(some.sampled_from(ALIASES), unique=True),
    },
)


@some.composite
def declarations(draw) -> list[dict]:
    chosen = draw(some.lists(some.sampled_from(NAMES), unique=True, min_size=1))
    return [
        {"name": name, "state": "absent"} if draw(some.integers(0, 4)) == 0 else {"name": name, **draw(PRESENT)}
        for name in chosen
    ]


STATES = some.lists(declarations(), min_size=1, max_size=3)
examples = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def reached(server: Direct, states: list[list[dict]]) -> None:
    """Bring a server to a state over others, leaving out what is refused."""
    for items in states:
        try:
            carry_out(server, steps_to(server, items))
        except PlatformError:
            continue


def planned(server: Direct, items: list[dict]) -> list:
    """Return a plan, or give the example up where there is none."""
    try:
        return steps_to(server, items)
    except PlatformError:
        return assume(False)


@examples
@given(STATES, declarations())
def test_one_run_arrives_and_the_next_has_nothing_to_do(states, items):
    server = Direct()
    reached(server, states)
    carry_out(server, planned(server, items))
    assert steps_to(server, items) == []


@examples
@given(STATES, declarations())
def test_what_is_refused_is_refused_before_the_first_step(states, items):
    server = Direct()
    reached(server, states)
    before = server.dump()
    try:
        steps = steps_to(server, items)
    except PlatformError as error:
        assert error.what and error.remedy and error.where and server.dump() == before
        return
    assert server.dump() == before
    # So the server refuses nothing that was planned.
    carry_out(server, steps)


@examples
@given(STATES, declarations(), some.integers(0, 12))
def test_broken_off_and_run_again_it_arrives_at_the_same(states, items, done):
    straight, broken = Direct(), Direct()
    reached(straight, states)
    reached(broken, states)
    carry_out(straight, planned(straight, items))
    carry_out(broken, steps_to(broken, items)[:done])
    carry_out(broken, steps_to(broken, items))
    assert broken.dump() == straight.dump()


@examples
@given(STATES)
def test_what_is_written_down_is_no_change_and_makes_the_same(states):
    server, other = Direct(), Direct()
    reached(server, states)
    items = written(server)
    assert steps_to(server, items) == []
    wanted = declaration.read([{"recreate": False, **item} for item in items])
    actual = inspect.everything(server)
    assert contents.undeclared(wanted, actual.collections, actual.aliases, set()) == []
    carry_out(other, steps_to(other, items))
    assert written(other) == items


@examples
@given(STATES, declarations())
def test_the_diff_shows_each_change_and_nothing_else(states, items):
    server = Direct()
    reached(server, states)
    steps = planned(server, items)
    for difference in diff_of(steps):
        assert difference["before"] or difference["after"]
    assert all(step.before != step.after or step.words.startswith("create") for step in steps)
    assert len({step.words for step in steps}) == len(steps)
