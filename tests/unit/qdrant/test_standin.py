"""The stand-in against Qdrant's own client, and against the API description that the client is generated from."""

from __future__ import annotations

import inspect
import json
import re
import urllib.error
import urllib.request

import pytest
from pydantic import TypeAdapter
from qdrant_client import QdrantClient, models
from qdrant_client.http import api
from qdrant_client.http.exceptions import UnexpectedResponse
from standins.qdrant import store
from standins.qdrant.server import ROUTES, StandIn

pytestmark = pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")


@pytest.fixture
def standin():
    with StandIn(api_key="Key-1").running() as server:
        yield server


@pytest.fixture
def client(standin):
    client = QdrantClient(url=standin.url, api_key="Key-1", check_compatibility=False)
    yield client
    client.close()


def published_endpoints() -> set[tuple[str, str]]:
    """Return the method and path of each endpoint that the client knows."""
    found = set()
    for name, module in inspect.getmembers(api, inspect.ismodule):
        if name.endswith("_api"):
            found |= set(re.findall(r'method="([A-Z]+)",\s*url="([^"]+)"', inspect.getsource(module)))
    return found


def test_each_endpoint_is_published():
    import qdrant_client.http.api.aliases_api
    import qdrant_client.http.api.collections_api
    import qdrant_client.http.api.indexes_api
    import qdrant_client.http.api.points_api  # noqa: F401

    published = published_endpoints()
    assert len(published) > 20
    assert {(route.method, route.path) for route in ROUTES} <= published


def test_the_client_creates_reads_and_updates(client):
    assert client.create_collection(
        "docs",
        vectors_config={
            "text": models.VectorParams(size=4, distance=models.Distance.COSINE, on_disk=True),
            "image": models.VectorParams(
                size=2, distance=models.Distance.DOT, multivector_config=models.MultiVectorConfig(comparator="max_sim")
            ),
        },
        sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
        hnsw_config=models.HnswConfigDiff(m=32),
        quantization_config=models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type="int8", quantile=0.9)
        ),
    )
    info = client.get_collection("docs")
    assert info.status == models.CollectionStatus.GREEN and info.optimizer_status == "ok"
    assert info.config.params.vectors["text"].on_disk and info.config.hnsw_config.m == 32
    assert info.config.hnsw_config.ef_construct == 100 and info.config.wal_config.wal_capacity_mb == 32
    assert client.update_collection(
        "docs",
        vectors_config={"text": models.VectorParamsDiff(hnsw_config=models.HnswConfigDiff(m=4))},
        quantization_config=models.Disabled.DISABLED,
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=1),
        collection_params=models.CollectionParamsDiff(on_disk_payload=False),
        sparse_vectors_config={"words": models.SparseVectorParams(index=models.SparseIndexParams(on_disk=True))},
    )
    info = client.get_collection("docs")
    assert info.config.quantization_config is None and info.config.optimizer_config.indexing_threshold == 1
    assert info.config.params.vectors["text"].hnsw_config == models.HnswConfigDiff(m=4)
    assert info.config.params.sparse_vectors["words"].modifier == models.Modifier.IDF
    assert info.config.params.sparse_vectors["words"].index.on_disk and not info.config.params.on_disk_payload


def test_a_fraction_halfway_between_two_of_single_precision_is_shown_as_one_of_them():
    assert store._single(0.8868452013114915) == 0.88684523


def test_the_client_adds_points_indexes_and_aliases(client):
    client.create_collection("docs", vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT))
    client.upsert("docs", [models.PointStruct(id=number, vector=[1, 2], payload={"a": 1}) for number in (1, 2, 2)])
    assert client.get_collection("docs").points_count == 2
    client.create_payload_index("docs", "city", models.PayloadSchemaType.KEYWORD)
    client.create_payload_index("docs", "text", models.TextIndexParams(type="text", lowercase=True))
    schema = client.get_collection("docs").payload_schema
    assert schema["city"].data_type == models.PayloadSchemaType.KEYWORD and schema["city"].params is None
    assert schema["text"].params.lowercase and schema["text"].points == 2
    client.delete_payload_index("docs", "city")
    assert list(client.get_collection("docs").payload_schema) == ["text"]
    create = models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name="docs", alias_name="now"))
    assert client.update_collection_aliases([create])
    assert client.get_aliases().aliases == [models.AliasDescription(alias_name="now", collection_name="docs")]
    assert client.get_collection("now").points_count == 2
    assert client.delete_collection("docs") and client.get_aliases().aliases == []


@pytest.mark.parametrize(
    ("act", "status"),
    [
        (lambda client: client.get_collection("none"), 404),
        (lambda client: client.update_collection("none", hnsw_config=models.HnswConfigDiff(m=1)), 404),
        (lambda client: client.create_collection("docs", vectors_config={}), 409),
        (lambda client: client.create_collection("now", vectors_config={}), 400),
        (lambda client: client.create_collection("a:b", vectors_config={}), 422),
        (lambda client: client.create_collection("x" * 256, vectors_config={}), 422),
        (
            lambda client: client.update_collection(
                "docs", vectors_config={"none": models.VectorParamsDiff(on_disk=True)}
            ),
            400,
        ),
        (
            lambda client: client.update_collection_aliases(
                [models.CreateAliasOperation(create_alias=models.CreateAlias(collection_name="none", alias_name="x"))]
            ),
            404,
        ),
        (
            lambda client: client.update_collection_aliases(
                [
                    models.CreateAliasOperation(
                        create_alias=models.CreateAlias(collection_name="docs", alias_name="docs")
                    )
                ]
            ),
            409,
        ),
        (lambda client: client.create_payload_index("docs", "a b", "keyword"), 400),
        (lambda client: client.count("docs"), 404),
    ],
)
def test_the_client_is_refused_as_by_the_server(client, act, status):
    client.create_collection("docs", vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT))
    alias = models.CreateAlias(collection_name="docs", alias_name="now")
    client.update_collection_aliases([models.CreateAliasOperation(create_alias=alias)])
    with pytest.raises(UnexpectedResponse) as refused:
        act(client)
    assert refused.value.status_code == status


def test_a_wrong_key_is_refused(standin):
    for key, text in ((None, b"Must provide"), ("Wrong-1", b"Invalid API key")):
        client = QdrantClient(url=standin.url, api_key=key, check_compatibility=False)
        with pytest.raises(UnexpectedResponse) as refused:
            client.get_collections()
        assert refused.value.status_code == 401 and text in refused.value.content
        client.close()


def test_it_tells_its_version_and_where_it_differs(client):
    assert (client.info().version, client.info().commit) == ("1.20.0", "stand-in")


def test_deleting_what_is_not_there_is_no_failure(client):
    assert client.delete_collection("none") is False


def sent(standin, method: str, path: str, body: dict | None = None) -> int:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(standin.url + path, data=data, method=method, headers={"api-key": "Key-1"})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/collections/a", {"vectors": {"size": 4, "distance": "Dot"}}, 200),
        ("PUT", "/collections/a", {"vectors": {"size": "4", "distance": "Dot"}}, 400),
        ("PUT", "/collections/a", {"vectors": {"size": 4.0, "distance": "Dot"}}, 400),
        ("PUT", "/collections/a", {"vectors": {"size": 0, "distance": "Dot"}}, 422),
        ("PUT", "/collections/a", {"vectors": {"size": 4, "distance": "dot"}}, 400),
        ("PUT", "/collections/a", {"vectors": {"size": 4, "distance": "Dot", "extra": 1}}, 400),
        ("PUT", "/collections/a", {"hnsw_config": {"m": True}}, 400),
        ("PUT", "/collections/a", {"hnsw_config": {"m": -1}}, 422),
        ("PUT", "/collections/a", {"hnsw_config": {"ef_construct": 3}}, 422),
        ("PUT", "/collections/a", {"hnsw_config": {"full_scan_threshold": 9}}, 422),
        ("PUT", "/collections/a", {"sparse_vectors": {"w": {"index": {"full_scan_threshold": 9}}}}, 200),
        ("PUT", "/collections/a", {"quantization_config": {"scalar": {"type": "int8", "quantile": 1.5}}}, 422),
        ("PUT", "/collections/a", {"shard_number": 0}, 422),
        ("PUT", "/collections/a", {"on_disk_payload": "true"}, 400),
        ("PUT", "/collections/a", {"quantization_config": "Disabled"}, 400),
        ("PUT", "/collections/a?force=true", {}, 400),
        ("PUT", "/collections/a%2Fb", {}, 422),
        ("POST", "/collections/a", {}, 405),
        ("GET", "/collections/a/unknown", None, 404),
        ("DELETE", "/collections/a", {"force": True}, 400),
        ("GET", "/cluster", None, 200),
    ],
)
def test_requests_are_validated_without_conversion(standin, method, path, body, status):
    assert sent(standin, method, path, body) == status


def test_what_it_tells_fits_the_published_answer(client, standin):
    client.create_collection("docs", vectors_config=models.VectorParams(size=2, distance=models.Distance.DOT))
    for status in ("green", "yellow", "grey", "red"):
        standin.store.statuses["docs"] = [status]
        TypeAdapter(models.CollectionInfo).validate_python(standin.store.info("docs"))
        assert client.get_collection("docs").status.value == status
    assert client.get_collection("docs").optimizer_status.error == "not enough memory"


@pytest.mark.skipif(not hasattr(models, "VectorNameConfig"), reason="this client is of a version before 1.18")
def test_vectors_are_added_since_1_18(standin):
    added = {"dense": {"size": 2, "distance": "Dot"}}
    assert sent(standin, "PUT", "/collections/a", {"vectors": {"x": {"size": 4, "distance": "Dot"}}}) == 200
    assert sent(standin, "PUT", "/collections/a/vectors/y?wait=true", added) == 200
    assert sent(standin, "PUT", "/collections/a/vectors/y", added) == 400
    assert sent(standin, "PUT", "/collections/a/vectors/z", {"sparse": {"datatype": "float16"}}) == 200
    assert sent(standin, "PUT", "/collections/b", {"vectors": {"size": 4, "distance": "Dot"}}) == 200
    assert sent(standin, "PUT", "/collections/b/vectors/y", added) == 400
    standin.version = "1.17.0"
    assert sent(standin, "PUT", "/collections/a/vectors/w", added) == 404
