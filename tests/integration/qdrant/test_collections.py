"""qdrant_collections and qdrant_collections_info against a real Qdrant, or where there is none against our stand-in."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from integration.qdrant.subject import Cut, subject

pytestmark = pytest.mark.integration

NAME = "qdrant_collections"
INFO = "qdrant_collections_info"
SINGLE = {"name": "docs", "vectors": {"size": 4, "distance": "Cosine"}}
NAMED = {
    "name": "media",
    "vectors": {"text": {"size": 4, "distance": "Dot"}, "image": {"size": 2, "distance": "Euclid", "on_disk": True}},
    "sparse_vectors": {"words": {"modifier": "idf"}},
}
FULL = {
    "name": "full",
    "vectors": {
        "text": {
            "size": 4,
            "distance": "cosine",
            "datatype": "float16",
            "hnsw_config": {"m": 8},
            "quantization_config": {"scalar": {"type": "int8", "quantile": 0.987654321, "always_ram": True}},
            "multivector_config": {"comparator": "max_sim"},
        },
        "image": {"size": 2, "distance": "Dot", "on_disk": True},
    },
    "sparse_vectors": {"words": {"modifier": "idf", "index": {"full_scan_threshold": 100, "on_disk": True}}},
    "hnsw_config": {"m": 24, "payload_m": 12},
    "optimizers_config": {"indexing_threshold": 9000, "deleted_threshold": 0.3},
    "wal_config": {"wal_capacity_mb": 8},
    "quantization_config": {"binary": {"always_ram": True}},
    "on_disk_payload": False,
    "shard_number": 2,
    "payload_indexes": {"city": "keyword", "text": {"type": "text", "tokenizer": "word", "min_token_len": 2}},
    "aliases": ["current", "latest"],
}


@pytest.fixture(scope="module")
def running():
    with subject() as found:
        yield found


@pytest.fixture
def server(running):
    running.clear()
    return running


def declared(server, *collections: dict) -> dict:
    return {**server.login, "collections": list(collections)}


def test_created_and_the_servers_defaults_are_no_change(converge, server):
    assert converge(NAME, declared(server, SINGLE, NAMED)) == ["create collection docs", "create collection media"]
    assert server.names() == ["docs", "media"]


def test_all_that_can_be_declared(converge, server):
    assert converge(NAME, declared(server, FULL)) == [
        "create collection full",
        "create payload index city (keyword) of collection full",
        "create payload index text (text) of collection full",
        "create alias current of collection full",
        "create alias latest of collection full",
    ]
    told = server.call("GET", "collections", "current")
    assert told["config"]["params"]["vectors"]["text"]["hnsw_config"] == {"m": 8}
    assert told["config"]["optimizer_config"]["indexing_threshold"] == 9000


def test_what_is_written_down_is_no_change_and_makes_the_same_again(converge, module, server):
    converge(NAME, declared(server, FULL, SINGLE, NAMED))
    written = module(INFO, server.login)["collections"]
    assert [one["name"] for one in written] == ["docs", "full", "media"]
    again = declared(server, *({**one, "wait": True} for one in written))
    assert module(NAME, {**again, "report_undeclared": True})["undeclared"] == []
    assert converge(NAME, again) == []
    before = server.dump()
    server.clear()
    converge(NAME, again)
    assert server.dump() == before
    assert [one["name"] for one in module(INFO, {**server.login, "names": ["media", "none"]})["collections"]] == [
        "media"
    ]


@pytest.mark.parametrize(
    ("item", "change", "told"),
    [
        (SINGLE, {"hnsw_config": {"m": 32}}, lambda config: config["hnsw_config"]["m"] == 32),
        (SINGLE, {"on_disk_payload": False}, lambda config: config["params"]["on_disk_payload"] is False),
        (
            SINGLE,
            {"vectors": {**SINGLE["vectors"], "hnsw_config": {"m": 5}}},
            lambda config: config["params"]["vectors"]["hnsw_config"] == {"m": 5},
        ),
        (
            SINGLE,
            {"optimizers_config": {"indexing_threshold": 0}},
            lambda config: config["optimizer_config"]["indexing_threshold"] == 0,
        ),
        (
            NAMED,
            {"sparse_vectors": {"words": {"modifier": "none", "index": {"on_disk": True}}}},
            lambda config: config["params"]["sparse_vectors"]["words"]["index"]["on_disk"],
        ),
        (
            NAMED,
            {"vectors": {"image": {"size": 2, "distance": "Euclid", "on_disk": False}}},
            lambda config: config["params"]["vectors"]["image"]["on_disk"] is False,
        ),
        (
            NAMED,
            {
                "vectors": {
                    "text": {**NAMED["vectors"]["text"], "quantization_config": {"product": {"compression": "x8"}}}
                }
            },
            lambda config: config["params"]["vectors"]["text"]["quantization_config"]["product"]["compression"] == "x8",
        ),
    ],
)
def test_changed_in_place(converge, server, item, change, told):
    converge(NAME, declared(server, item))
    server.add_points("docs", [[1, 2, 3, 4]]) if item is SINGLE else None
    points = server.call("GET", "collections", item["name"])["points_count"]
    [step] = converge(NAME, declared(server, {**item, **change}))
    after = server.call("GET", "collections", item["name"])
    assert step.startswith(f"change collection {item['name']}: ")
    assert told(after["config"]) and after["points_count"] == points


def test_quantization_set_and_disabled(converge, server):
    on = {**SINGLE, "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": True}}}
    converge(NAME, declared(server, on))
    other = {**SINGLE, "quantization_config": {"scalar": {"type": "int8", "quantile": 0.95}}}
    converge(NAME, declared(server, other))
    kept = server.call("GET", "collections", "docs")["config"]["quantization_config"]
    assert kept == {"scalar": {"type": "int8", "quantile": 0.95, "always_ram": True}}
    for off in (False, "disabled"):
        steps = converge(NAME, declared(server, {**SINGLE, "quantization_config": off}))
        assert len(steps) == (1 if off is False else 0)
    assert server.call("GET", "collections", "docs")["config"]["quantization_config"] is None


def test_what_cannot_be_changed_is_refused_with_the_whole_list_and_nothing_is_done(module, converge, server):
    converge(NAME, declared(server, SINGLE))
    before = server.dump()
    other = {"size": 8, "distance": "Dot", "hnsw_config": {"m": 4}}
    changed = {**SINGLE, "vectors": other, "shard_number": 3, "wal_config": {"wal_capacity_mb": 64}}
    refused = module(NAME, declared(server, {"name": "innocent", "vectors": other}, changed))
    for difference in (
        "vectors.size is 4, declared as 8",
        "vectors.distance is Cosine, declared as Dot",
        "shard_number is 1, declared as 3",
        "wal_config.wal_capacity_mb is 32, declared as 64",
        "vectors.hnsw_config.m is unset, declared as 4",
        "set recreate",
    ):
        assert difference in refused.refusal
    assert server.dump() == before


def test_recreate_says_what_is_lost(converge, server):
    converge(NAME, declared(server, {**SINGLE, "aliases": ["mine", "theirs"], "payload_indexes": {"a": "bool"}}))
    server.add_points("docs", [[1, 2, 3, 4], [4, 3, 2, 1]])
    bigger = {"name": "docs", "vectors": {"size": 8, "distance": "Cosine"}, "aliases": ["mine"], "recreate": True}
    assert converge(NAME, declared(server, bigger)) == [
        "delete collection docs, losing 2 points, payload index a, alias theirs",
        "create collection docs",
        "create alias mine of collection docs",
    ]
    assert server.call("GET", "collections", "mine")["config"]["params"]["vectors"]["size"] == 8


def test_payload_indexes(converge, module, server):
    first = {**SINGLE, "payload_indexes": {"city": "keyword", "size": "integer", 'a."b c"[]': "float"}}
    converge(NAME, declared(server, first))
    second = {
        **SINGLE,
        "payload_indexes": [
            {"field": "city", "schema": {"type": "text", "lowercase": False}},
            {"field": '"size"', "schema": {"type": "integer", "range": True}},
        ],
    }
    assert converge(NAME, declared(server, second)) == [
        "delete payload index city (keyword) of collection docs",
        "create payload index city (text) of collection docs",
    ]
    report = module(NAME, {**declared(server, second), "report_undeclared": True}, check=True)
    assert report["undeclared"] == [r'payload index "a.\"b c\"[]" of collection docs']
    gone = {**SINGLE, "payload_indexes": [{"field": 'a."b c"[]', "state": "absent"}]}
    assert len(converge(NAME, declared(server, gone))) == 1
    assert sorted(server.call("GET", "collections", "docs")["payload_schema"]) == ["city", "size"]


def test_an_alias_is_moved_and_then_the_old_collection_deleted(converge, server):
    converge(NAME, declared(server, {**SINGLE, "name": "v1", "aliases": ["current", "old"]}))
    steps = converge(
        NAME,
        declared(server, {"name": "v1", "state": "absent"}, {**SINGLE, "name": "v2", "aliases": ["current", "v1"]}),
    )
    assert steps == [
        "create collection v2",
        "move alias current from collection v1 to collection v2",
        "delete collection v1, losing 0 points, alias old",
        "create alias v1 of collection v2",
    ]
    assert server.aliases() == {"current": "v2", "v1": "v2"}


def test_what_is_not_declared_is_reported_and_left(converge, module, server):
    converge(NAME, declared(server, NAMED, {**SINGLE, "aliases": ["a"], "payload_indexes": {"city": "keyword"}}))
    text = {"name": "media", "vectors": {"text": NAMED["vectors"]["text"]}}
    before = server.dump()
    result = module(NAME, {**declared(server, text), "report_undeclared": True})
    assert (result["plan"], server.dump()) == ([], before)
    assert result["undeclared"] == [
        "alias a of collection docs",
        "collection docs",
        "sparse vector words of collection media",
        "vector image of collection media",
    ]


def test_a_vector_is_added_where_the_server_can(converge, module, server):
    converge(NAME, declared(server, NAMED))
    more = {
        **NAMED,
        "vectors": {**NAMED["vectors"], "audio": {"size": 3, "distance": "Dot", "hnsw_config": {"m": 9}}},
        "sparse_vectors": {"tags": {"modifier": "idf", "index": {"on_disk": True}}},
    }
    result = module(NAME, declared(server, more), check=True)
    if server.is_real and result.get("failed"):
        assert "vectors.audio does not exist" in result.refusal
        return
    assert converge(NAME, declared(server, more)) == [
        "add vector audio to collection media",
        "add sparse vector tags to collection media",
        "change collection media: vectors.audio.hnsw_config.m from unset to 9, "
        "sparse_vectors.tags.index.on_disk from unset to true",
    ]


HOSTILE = [
    "a b",
    "%2F",
    "50%",
    "é",
    "..x",
    "#top",
    "a&b=c",
    "$(id)",
    "`id`",
    "{{x}}",
    "--",
    ";",
    "'",
    "\n",
    "用户",
    "+",
]


def test_hostile_names_are_made_faithfully(converge, module, server):
    items = [{**SINGLE, "name": name, "aliases": [f"alias {name}"]} for name in HOSTILE]
    converge(NAME, declared(server, *items))
    assert server.names() == sorted(HOSTILE)
    fields = [{"field": f'"{name}"', "schema": "keyword"} for name in [*HOSTILE, "/", "a/b", "?", "<"]]
    converge(NAME, declared(server, {**SINGLE, "name": "%2F", "payload_indexes": fields}))
    written = module(INFO, server.login)["collections"]
    assert converge(NAME, declared(server, *written)) == []
    gone = [{"field": one["field"], "state": "absent"} for one in fields]
    converge(NAME, declared(server, {**SINGLE, "name": "%2F", "payload_indexes": gone}))
    assert server.call("GET", "collections", "%2F")["payload_schema"] == {}
    converge(NAME, declared(server, *({"name": name, "state": "absent"} for name in HOSTILE)))
    assert server.names() == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": ""}, "its name is empty"),
        ({"name": "a/b"}, 'holds "/"'),
        ({"name": ".."}, "that of a folder"),
        ({"name": "é" * 128}, "has 256 bytes"),
        ({"name": "a\0b"}, "holds "),
        ({"aliases": ["a*b"]}, 'holds "*"'),
        ({"aliases": ["docs"]}, "a collection of that name is declared too"),
        ({"aliases": ["twice", "twice"]}, "it is declared twice"),
        ({"vectors": {"size": 4}}, "vectors has no distance"),
        ({"vectors": {"size": 4, "distance": "Manhatten"}}, "one of Cosine, Euclid, Dot, Manhattan"),
        ({"hnsw_config": {"mm": 4}}, "hnsw_config has no property 'mm'"),
        ({"hnsw_config": {"m": -1}}, "a whole number of at least 0"),
        ({"payload_indexes": {"city": "string"}}, "one of keyword, integer"),
        ({"payload_indexes": {"a b": "keyword"}}, "has to be a path"),
        ({"replication_factor": 2}, "start the server in cluster mode"),
        ({"quantization_config": {"scalar": {}}}, "quantization_config.scalar has no type"),
    ],
)
def test_refusals_before_anything_is_done(module, server, change, reason):
    refusal = module(NAME, declared(server, {**SINGLE, "name": "innocent"}, {**SINGLE, **change})).refusal
    assert reason in refusal and "Already done" not in refusal
    assert server.names() == []


def test_an_alias_of_two_or_of_a_collection_is_refused(module, converge, server):
    converge(NAME, declared(server, {**SINGLE, "aliases": ["taken"]}))
    both = [{**SINGLE, "aliases": ["x"]}, {**SINGLE, "name": "other", "aliases": ["x"]}]
    assert "for collection docs and for collection other" in module(NAME, declared(server, *both)).refusal
    assert (
        "a collection of that name exists"
        in module(NAME, declared(server, {**SINGLE, "name": "other", "aliases": ["docs"]})).refusal
    )
    assert "is an alias of collection docs" in module(NAME, declared(server, {**SINGLE, "name": "taken"})).refusal
    assert server.names() == ["docs"]


def test_an_empty_server_is_planned_for_without_one(module):
    nowhere = {"url": "http://127.0.0.1:1", "assume_empty": True, "collections": [{**SINGLE, "aliases": ["a"]}]}
    assert module(NAME, nowhere, check=True)["plan"] == ["create collection docs", "create alias a of collection docs"]
    assert "for check mode only" in module(NAME, nowhere).refusal


BEGINNING = [
    {**SINGLE, "aliases": ["moves", "stays"], "payload_indexes": {"a": "keyword", "b": "integer"}},
    {**SINGLE, "name": "small"},
    {**SINGLE, "name": "ends"},
]
END = [
    {**SINGLE, "hnsw_config": {"m": 32}, "payload_indexes": {"a": "text", "b": "integer"}, "aliases": ["stays"]},
    {"name": "small", "vectors": {"size": 8, "distance": "Dot"}, "recreate": True, "aliases": ["moves"]},
    {"name": "ends", "state": "absent"},
    {**NAMED, "payload_indexes": {"a": "keyword"}, "aliases": ["ends"]},
]


@pytest.mark.parametrize("arrives", [False, True], ids=["request lost", "answer lost"])
def test_cut_anywhere_and_run_again_it_arrives_at_the_same(module, converge, server, arrives):
    converge(NAME, declared(server, *BEGINNING))
    steps = converge(NAME, declared(server, *END))
    arrived = server.dump()
    for allowed in range(len(steps)):
        server.clear()
        module(NAME, declared(server, *BEGINNING))
        with Cut(server.url, allowed, arrives).running() as cut:
            broken = module(NAME, {**declared(server, *END), "url": cut.url})
        assert "no connection" in broken.refusal and broken["error"]["done"] == steps[:allowed]
        assert not module(NAME, declared(server, *END)).get("failed")
        assert server.dump() == arrived, allowed


def test_two_at_the_same_time(module, server):
    from concurrent.futures import ThreadPoolExecutor

    many = declared(server, *({**SINGLE, "name": f"many-{number}"} for number in range(20)))
    with ThreadPoolExecutor(2) as both:
        results = list(both.map(lambda _number: module(NAME, many), range(2)))
    for result in results:
        assert not result.get("failed") or "somebody else may have made it" in result.refusal
    assert any(not result.get("failed") for result in results)
    assert module(NAME, many)["plan"] == [] and len(server.names()) == 20


HNSW = some.fixed_dictionaries({}, optional={"m": some.sampled_from([4, 8]), "on_disk": some.booleans()})
QUANTIZATION = some.sampled_from([False, {"scalar": {"type": "int8"}}, {"binary": {"always_ram": True}}])
VECTOR = some.fixed_dictionaries(
    {"size": some.sampled_from([2, 4]), "distance": some.just("Dot")},
    optional={"on_disk": some.booleans(), "hnsw_config": HNSW, "quantization_config": QUANTIZATION},
)
COLLECTION = some.fixed_dictionaries(
    {
        "vectors": VECTOR | some.dictionaries(some.sampled_from(["x", "y"]), VECTOR, min_size=1),
        "sparse_vectors": some.just({}) | some.just({"words": {"modifier": "idf"}}),
        "recreate": some.just(True),
    },
    optional={
        "hnsw_config": HNSW,
        "quantization_config": QUANTIZATION,
        "payload_indexes": some.dictionaries(some.sampled_from(["a", "b"]), some.sampled_from(["keyword", "text"])),
    },
)
ALIASES = some.dictionaries(some.sampled_from(["one", "two"]), some.sampled_from(["first", "second"]))


@some.composite
def declarations(draw) -> list[dict]:
    aliases = draw(ALIASES)
    items = []
    for name in ("first", "second"):
        mine = [alias for alias, target in aliases.items() if target == name]
        gone = not mine and draw(some.booleans())
        items.append({"name": name, "state": "absent"} if gone else {"name": name, **draw(COLLECTION), "aliases": mine})
    return items


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(some.lists(declarations(), min_size=1, max_size=2))
def test_what_is_predicted_is_what_is_done(module, converge, running, states):
    running.clear()
    for state in states:
        before = running.dump()
        predicted = module(NAME, declared(running, *state), check=True)
        assert running.dump() == before
        assert converge(NAME, declared(running, *state)) == predicted["plan"]
    written = module(INFO, running.login)["collections"]
    assert module(NAME, declared(running, *written), check=True)["plan"] == []
