"""Plans: their words, what they refuse, and what is sent."""

from __future__ import annotations

import pytest
from unit.qdrant.direct import ITEM, Direct, carry_out, steps_to

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import diff_of
from ansible_collections.borgstack.platform.plugins.module_utils.qdrant import apply, declaration, inspect, plan

DOCS = {"name": "docs", "vectors": {"size": 4, "distance": "Dot"}}
NAMED = {"name": "docs", "vectors": {"x": {"size": 4, "distance": "Dot"}}}


@pytest.fixture
def server():
    return Direct()


def given(server: Direct, *items: dict) -> Direct:
    carry_out(server, steps_to(server, list(items)))
    return server


def words(server: Direct, *items: dict) -> list[str]:
    return [step.words for step in steps_to(server, list(items))]


def test_one_request_changes_all_that_can_be_changed(server):
    given(server, DOCS)
    change = {
        **DOCS,
        "vectors": {**DOCS["vectors"], "hnsw_config": {"m": 5}, "quantization_config": {"binary": {}}},
        "hnsw_config": {"m": 32},
        "replication_factor": 1,
        "on_disk_payload": False,
    }
    [step] = steps_to(server, [change])
    assert step.operation == [
        (
            "PATCH",
            ["collections", "docs"],
            {
                "vectors": {"": {"hnsw_config": {"m": 5}, "quantization_config": {"binary": {}}}},
                "hnsw_config": {"m": 32},
                "params": {"on_disk_payload": False},
            },
        )
    ]
    assert step.words == (
        "change collection docs: on_disk_payload from true to false, hnsw_config.m from 16 to 32, "
        'vectors.hnsw_config.m from unset to 5, vectors.quantization_config from disabled to {"binary": {}}'
    )
    assert step.before["hnsw_config.m"] == 16 and step.after["hnsw_config.m"] == 32


def test_the_diff_of_a_move_and_a_recreation(server):
    given(
        server, {**DOCS, "aliases": ["a"]}, {**DOCS, "name": "old", "aliases": ["b"], "payload_indexes": {"f": "bool"}}
    )
    bigger = {"name": "old", "vectors": {"size": 8, "distance": "Dot"}, "recreate": True}
    differences = diff_of(steps_to(server, [{**DOCS, "aliases": ["b"]}, bigger]))
    assert [one["before_header"] for one in differences] == ["alias b", "collection old"]
    assert '"collection": "old"' in differences[0]["before"] and '"collection": "docs"' in differences[0]["after"]
    assert '"payload index f"' in differences[1]["before"] and '"points": 0' in differences[1]["before"]
    assert '"size": 4' in differences[1]["before"] and '"size": 8' in differences[1]["after"]


def test_deleting_says_what_is_lost(server):
    given(server, {**DOCS, "aliases": ["a", "b"], "payload_indexes": {"f": "bool"}})
    server.call("PUT", ["collections", "docs", "points"], {"points": [{"id": 1, "vector": [1, 2, 3, 4]}]})
    gone = {"name": "docs", "state": "absent"}
    assert words(server, gone) == ["delete collection docs, losing 1 point, alias a, alias b"]
    assert words(given(server, gone), gone) == []


def test_moving_both_ways_at_once(server):
    given(server, {**DOCS, "name": "a", "aliases": ["x"]}, {**DOCS, "name": "b", "aliases": ["y"]})
    [one, two] = steps_to(server, [{"name": "a", "aliases": ["y"]}, {"name": "b", "aliases": ["x"]}])
    assert one.operation[0][2] == {
        "actions": [
            {"delete_alias": {"alias_name": "y"}},
            {"create_alias": {"collection_name": "a", "alias_name": "y"}},
        ]
    }
    carry_out(server, [one, two])
    assert server.store.aliases == {"x": "b", "y": "a"}


def test_an_index_keeps_what_is_not_declared(server):
    given(server, {**DOCS, "payload_indexes": {"n": {"type": "integer", "is_principal": True}}})
    [_delete, create] = steps_to(server, [{**DOCS, "payload_indexes": {"n": {"type": "integer", "range": False}}}])
    assert create.operation[0][2]["field_schema"] == {
        "type": "integer",
        "lookup": True,
        "range": False,
        "is_principal": True,
    }


def test_a_version_that_adds_no_vectors():
    server = Direct((1, 17))
    given(server, NAMED)
    more = {"name": "docs", "vectors": {**NAMED["vectors"], "y": {"size": 2, "distance": "Dot"}}}
    with pytest.raises(PlatformError, match=r"collection docs: vectors\.y does not exist"):
        steps_to(server, [more])
    with pytest.raises(PlatformError, match=r"collection docs: sparse_vectors\.w does not exist"):
        steps_to(server, [{"name": "docs", "sparse_vectors": {"w": {}}}])
    server.version = (1, 18)
    assert words(server, more) == ["add vector y to collection docs"]


def test_what_all_servers_do_by_default_is_sent_to_those_only_that_do_otherwise(server):
    threads = {**DOCS, "optimizers_config": {"max_optimization_threads": "auto", "flush_interval_sec": 7}}
    [step] = steps_to(server, [threads])
    assert step.operation[0][2]["optimizers_config"] == {"flush_interval_sec": 7}
    given(server, {**DOCS, "optimizers_config": {"max_optimization_threads": 4, "flush_interval_sec": 7}})
    [step] = steps_to(server, [threads])
    assert step.operation[0][2] == {"optimizers_config": {"max_optimization_threads": "auto"}}
    assert words(given(server, threads), threads) == []


def test_sparse_vectors_are_changed_in_place(server):
    sparse = {"name": "docs", "sparse_vectors": {"w": {"modifier": "none"}}}
    given(server, sparse)
    assert words(server, {"name": "docs", "sparse_vectors": {"w": {"index": {"datatype": "float32"}}}}) == []
    [step] = steps_to(
        server, [{"name": "docs", "sparse_vectors": {"w": {"modifier": "idf", "index": {"on_disk": True}}}}]
    )
    assert step.operation[0][2] == {"sparse_vectors": {"w": {"modifier": "idf", "index": {"on_disk": True}}}}


def test_vectors_are_added_with_all_that_is_declared(server):
    given(server, NAMED)
    dense = {"size": 2, "distance": "Dot", "datatype": "uint8", "multivector_config": {"comparator": "max_sim"}}
    more = {
        "name": "docs",
        "vectors": {"y": {**dense, "on_disk": True, "quantization_config": {"binary": {}}}},
        "sparse_vectors": {
            "w": {"modifier": "idf", "index": {"datatype": "float16", "full_scan_threshold": 3}},
            "v": {},
        },
    }
    steps = steps_to(server, [more])
    assert [step.operation[0][1:] for step in steps[:3]] == [
        (["collections", "docs", "vectors", "y"], {"dense": dense}),
        (["collections", "docs", "vectors", "w"], {"sparse": {"modifier": "idf", "datatype": "float16"}}),
        (["collections", "docs", "vectors", "v"], {"sparse": {}}),
    ]
    assert steps[3].operation[0][2] == {
        "vectors": {"y": {"on_disk": True, "quantization_config": {"binary": {}}}},
        "sparse_vectors": {"w": {"index": {"full_scan_threshold": 3}}},
    }
    assert steps[1].before == {} and steps[1].after == {
        "sparse_vectors.w": {"modifier": "idf", "index": {"datatype": "float16"}}
    }
    carry_out(server, steps)
    assert words(server, more) == []


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([{**NAMED, "name": "single"}], "vectors.x does not exist"),
        ([{"name": "named", "vectors": {"size": 4, "distance": "Dot"}}], "it has no vector without a name"),
        (
            [{"name": "single", "shard_number": 2, "recreate": True}],
            "it cannot be made anew: its vectors are not declared",
        ),
        ([{"name": "alias"}], "the name is an alias of collection single"),
        ([{"name": "new", "aliases": ["single"]}], "a collection of that name exists"),
        ([{"name": "new", "aliases": ["a:b"]}], 'its name holds ":"'),
        ([{"name": "a:b"}], 'its name holds ":"'),
        (
            [{"name": "new", "vectors": {"x" * 201: {"size": 1, "distance": "Dot"}}}],
            "has 201 bytes, and 200 are allowed",
        ),
        ([{"name": "new", "sparse_vectors": {"a/b": {}}}], 'its name holds "/"'),
        ([{"name": "new", "write_consistency_factor": 2}], "the server runs alone"),
        (
            [{"name": "single", "shard_number": 2}, {"name": "named", "shard_number": 3}],
            "collection single: shard_number is 1, declared as 2; collection named: shard_number is 1, declared as 3",
        ),
    ],
)
def test_refusals(server, items, reason):
    given(server, {**DOCS, "name": "single", "aliases": ["alias"]}, {**NAMED, "name": "named"})
    with pytest.raises(PlatformError) as refused:
        steps_to(server, items)
    assert reason in refused.value.message


def test_names_that_an_earlier_server_allowed_are_left(server):
    given(server, DOCS)
    server.store.collections["a:b"] = server.store.collections.pop("docs")
    server.store.aliases["a*"] = "a:b"
    assert words(server, {**DOCS, "name": "a:b", "aliases": ["a*"]}) == []
    assert words(server, {"name": "a:b", "state": "absent"}) == ["delete collection a:b, losing 0 points, alias a*"]


def test_replication_where_the_server_does_not_tell(server):
    wanted = declaration.read([{**ITEM, **DOCS, "replication_factor": 2}])
    for clustered in (None, True):
        assert len(plan.plan(wanted, inspect.Actual(clustered=clustered))) == 1

    class Guarded(Direct):
        def call(self, method, path, *arguments, **keywords):
            if path == ["cluster"]:
                raise PlatformError(5, "the API key may not do this", "")
            return super().call(method, path, *arguments, **keywords)

    assert inspect.inspect(Guarded(), wanted).clustered is None
    assert inspect.inspect(server, wanted).clustered is False


def test_what_a_later_server_tells_beyond_is_left_out(server):
    given(server, {**DOCS, "payload_indexes": {"f": "bool"}})
    found = server.store.collections["docs"]
    found["hnsw_config"]["full_scan_threshold"] = 9
    found["hnsw_config"]["later"] = found["params"]["vectors"]["later"] = 1
    found["indexes"]["g"] = {"data_type": "later", "params": {"type": "later"}}
    found["quantization_config"] = {"later": {}}
    actual = inspect.everything(server, ["docs"])
    [item] = [inspect.written(name, one, actual.aliases) for name, one in actual.collections.items()]
    assert item["vectors"] == DOCS["vectors"] and "later" not in str(item)
    assert "full_scan_threshold" not in item["hnsw_config"]
    assert item["payload_indexes"] == [{"field": "f", "schema": "bool"}]
    assert words(server, item) == []
    assert inspect.everything(server, ["other"]).collections == {"docs": None}


def test_waiting(server, monkeypatch):
    monkeypatch.setattr(apply, "PAUSES", (0.0, 0.01))
    given(server, DOCS)
    item = {**ITEM, "name": "docs", "wait": True}
    for statuses, notes in (
        (["green"], []),
        (["yellow", "yellow", "yellow", "green"], []),
        (["grey"], ["collection docs is grey: optimizations are pending until its next change"]),
    ):
        server.store.statuses["docs"] = statuses
        assert apply.wait(server, [item, {**item, "wait": False}, {**item, "state": "absent"}], []) == notes
    server.store.statuses["docs"] = ["red"]
    with pytest.raises(PlatformError, match="its optimizer says: not enough memory") as failed:
        apply.wait(server, [item], ["create collection docs"])
    assert (failed.value.done, failed.value.where) == (["create collection docs"], "collection docs")
    server.store.statuses["docs"] = ["yellow"]
    with pytest.raises(PlatformError, match="still yellow after 0 seconds"):
        apply.wait(server, [{**item, "wait_timeout": 0}], [])
