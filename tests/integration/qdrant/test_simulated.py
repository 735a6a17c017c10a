"""qdrant_collections where a server has to be in a certain state: always against our stand-in, never a real Qdrant."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from integration.conftest import ROOT
from integration.processes import watched
from integration.qdrant.subject import KEY
from standins.qdrant.server import StandIn
from standins.qdrant.store import Store

pytestmark = pytest.mark.integration


NAME = "qdrant_collections"
INFO = "qdrant_collections_info"
DOCS = {"name": "docs", "vectors": {"size": 4, "distance": "Cosine"}}
NAMED = {"name": "docs", "vectors": {"text": {"size": 4, "distance": "Dot"}}}
MORE = {"name": "docs", "vectors": {**NAMED["vectors"], "image": {"size": 2, "distance": "Dot"}}}


@pytest.fixture
def standin():
    with StandIn(api_key=KEY, read_only_api_key="Read-only-key-1").running() as server:
        yield server


def declared(server, *collections: dict, **options) -> dict:
    return {"url": server.url, "api_key": KEY, "collections": list(collections), **options}


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("Wrong-key-1", "[5] integration error at Qdrant at {url}: the server refuses the API key (HTTP 401"),
        (None, "Must provide an API key"),
        ("two words", "holds a space"),
        ("schlüssel", "beyond ASCII"),
    ],
)
@pytest.mark.parametrize("name", [NAME, INFO])
def test_a_wrong_key_is_told(module, standin, name, key, reason):
    options = {"collections": [DOCS]} if name == NAME else {}
    refusal = module(name, {"url": standin.url, "api_key": key, **options}).refusal
    assert reason.format(url=standin.url) in refusal
    assert key is None or key not in refusal


def test_a_key_that_may_only_read_is_enough_to_read(module, standin):
    reader = {"api_key": "Read-only-key-1"}
    assert module(NAME, declared(standin, DOCS, **reader), check=True)["plan"] == ["create collection docs"]
    refused = module(NAME, declared(standin, DOCS, **reader))
    assert "the API key may not do this (HTTP 403: Forbidden" in refused.refusal
    module(NAME, declared(standin, DOCS))
    assert module(INFO, {"url": standin.url, **reader})["collections"][0]["name"] == "docs"


@pytest.mark.parametrize(
    ("version", "reason"),
    [("1.9.7", "its version is 1.9.7, which is too old"), ("unknown", "is not Qdrant (HTTP 200)")],
)
def test_other_servers_are_refused(module, version, reason):
    with StandIn(version=version).running() as server:
        assert reason in module(NAME, declared(server, DOCS)).refusal
        assert [request[:2] for request in server.requests] == [("GET", "/")]


def test_what_a_version_does_not_know_is_refused_before_anything_is_done(module, converge):
    with StandIn(version="1.10.1").running() as server:
        for change, reason in (
            (
                {"hnsw_config": {"inline_storage": True}},
                "hnsw_config.inline_storage needs Qdrant 1.16, and this is 1.10",
            ),
            ({"payload_indexes": {"id": "uuid"}}, "the type uuid of the payload index id needs Qdrant 1.11"),
            ({"payload_indexes": {"id": {"type": "keyword", "is_tenant": True}}}, "is_tenant needs Qdrant 1.11"),
            ({"quantization_config": {"turbo": {}}}, "quantization_config.turbo needs Qdrant 1.18"),
        ):
            refusal = module(NAME, declared(server, {**DOCS, "name": "innocent"}, {**DOCS, **change})).refusal
            assert reason in refusal
        assert not server.store.collections
        converge(NAME, declared(server, NAMED))
        assert "vectors.image does not exist" in module(NAME, declared(server, MORE)).refusal
        again = {**MORE, "recreate": True}
        assert converge(NAME, declared(server, again)) == [
            "delete collection docs, losing 0 points",
            "create collection docs",
        ]


def test_replication_is_for_clusters(converge):
    with StandIn(clustered=True).running() as server:
        one = {**DOCS, "replication_factor": 2, "write_consistency_factor": 1}
        converge(NAME, declared(server, one))
        steps = converge(NAME, declared(server, {**one, "replication_factor": 3}))
        assert steps == ["change collection docs: replication_factor from 2 to 3"]
        assert not [request for request in server.requests if request[1] == "/cluster" and request[0] != "GET"]


def test_it_waits_while_a_collection_is_yellow(module, standin):
    standin.store.statuses["docs"] = ["yellow", "yellow", "yellow", "green"]
    done = module(NAME, declared(standin, {**DOCS, "wait": True}))
    assert done["plan"] == ["create collection docs"]
    assert standin.store.statuses["docs"] == ["green"]


def test_it_does_not_wait_for_ever_and_says_what_is_done(module, standin):
    standin.store.statuses["docs"] = ["yellow"]
    late = module(NAME, declared(standin, {**DOCS, "wait": True, "wait_timeout": 1}))
    assert "[4] service startup error at collection docs: it is still yellow after 1 seconds" in late.refusal
    assert late["error"]["done"] == ["create collection docs"]
    assert module(NAME, declared(standin, {**DOCS, "wait": True, "wait_timeout": 1}), check=True)["plan"] == []


def test_a_red_collection_is_a_failure_in_its_optimizers_words(module, standin):
    standin.store.statuses["docs"] = ["yellow", "red"]
    failed = module(NAME, declared(standin, {**DOCS, "wait": True}))
    assert "it is red; its optimizer says: not enough memory" in failed.refusal
    assert "Already done: create collection docs." in failed.refusal


def test_a_grey_collection_is_noted(module, standin):
    standin.store.statuses["docs"] = ["grey"]
    done = module(NAME, declared(standin, {**DOCS, "wait": True}))
    assert not done.get("failed") and "collection docs is grey" in str(done["warnings"])


class Stale(Store):
    """Tells what there was before another run made something."""

    def names(self) -> dict:
        return {"collections": []}


def test_what_another_run_made_meanwhile_is_told(module, standin):
    standin.store = Stale()
    module(NAME, declared(standin, DOCS))
    late = module(NAME, declared(standin, {**DOCS, "name": "first"}, DOCS))
    assert "at collection docs: it exists by now; somebody else may have made it" in late.refusal
    assert late["error"]["done"] == ["create collection first"]


class Hidden(Store):
    """Lists what another run deletes before it can be read."""

    def info(self, name: str) -> dict:
        self.delete(name)
        return super().info(name)


def test_what_another_run_deletes_meanwhile_is_made(module, standin):
    standin.store = Hidden()
    module(NAME, declared(standin, DOCS))
    assert module(NAME, declared(standin, DOCS))["plan"] == ["create collection docs"]


def test_what_the_server_refuses_is_told_in_its_words_with_what_is_done(module, standin):
    odd = {**DOCS, "payload_indexes": {"text": {"type": "text", "stemmer": "nonsense"}}}
    refused = module(NAME, declared(standin, odd))
    assert "Format error in JSON body: field_schema" in refused.refusal
    assert refused["error"]["done"] == ["create collection docs"]


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1", "127.0.0.1:6333", "http://user:Unseen-1@127.0.0.1", "http://", "http://h:x", "http://a b"],
)
def test_what_is_no_address_is_refused(module, url):
    refusal = module(NAME, {"url": url, "collections": [DOCS]}).refusal
    assert "the URL of Qdrant is not the address of a server" in refusal and "Unseen-1" not in refusal


def test_unreachable(module):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert (
            f"[3] network error at Qdrant at {nobody}: no connection"
            in module(NAME, {"url": nobody, "collections": [DOCS]}).refusal
        )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
            "is not Qdrant (HTTP 302)",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "is not Qdrant (HTTP 200)"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no connection"),
        (b"", "no connection"),
    ],
)
def test_what_is_not_qdrant_is_told(module, said, reason):
    with socket.create_server(("127.0.0.1", 0)) as other:

        def answer():
            client, _address = other.accept()
            client.recv(65536)
            client.sendall(said)
            client.close()

        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        assert reason in module(NAME, {"url": url, "api_key": KEY, "collections": [DOCS]}).refusal


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=qdrant"]
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*request, *names], check=True, capture_output=True)
    return certificate


def test_tls(module, converge, certificate, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.parent / "key.pem")
    with StandIn(api_key=KEY, tls=context).running() as server:
        named = {"url": server.url.replace("127.0.0.1", "localhost"), "ca_cert": str(certificate)}
        assert converge(NAME, declared(server, DOCS, **named)) == ["create collection docs"]
        assert converge(NAME, declared(server, DOCS, validate_certs=False)) == []
        assert "TLS fails" in module(NAME, declared(server, DOCS)).refusal
        assert "TLS fails" in module(NAME, declared(server, DOCS, ca_cert=str(certificate))).refusal
        plain = module(NAME, declared(server, DOCS, url=server.url.replace("https", "http")))
        assert "[3] network error" in plain.refusal
        assert "there is no file" in module(NAME, declared(server, DOCS, ca_cert="/nonexistent")).refusal
        (tmp_path / "odd.pem").write_text("nothing")
        assert "cannot be read" in module(NAME, declared(server, DOCS, ca_cert=str(tmp_path / "odd.pem"))).refusal
    with StandIn().running() as server:
        secure = declared(server, DOCS, url=server.url.replace("http", "https"))
        assert "TLS fails" in module(NAME, secure).refusal


def test_the_number_of_requests_is_one_a_collection(module, standin):
    many = [{**DOCS, "name": f"docs-{number}"} for number in range(30)]
    module(NAME, declared(standin, *many))
    standin.requests.clear()
    assert module(NAME, declared(standin, *many[:20]))["plan"] == []
    # Its version, the collections, 20 of them, the aliases.
    assert len(standin.requests) == 23


def test_the_key_is_seen_nowhere(standin, tmp_path):
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {"borgstack.platform.qdrant_collections": declared(standin, {**DOCS, "aliases": ["a"]})},
            {
                "borgstack.platform.qdrant_collections": declared(standin, {**DOCS, "shard_number": 7}),
                "failed_when": False,
            },
            {"borgstack.platform.qdrant_collections_info": {"url": standin.url, "api_key": KEY}},
            {"borgstack.platform.qdrant_collections_info": {"url": "http://127.0.0.1:1", "api_key": KEY}},
        ],
    }
    playbook = tmp_path / "play.yml"
    playbook.write_text(json.dumps([play]))
    log = tmp_path / "ansible.log"
    settings = {
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
        "ANSIBLE_LOG_PATH": str(log),
        "ANSIBLE_PIPELINING": "0",
    }
    command = [
        str(Path(sys.executable).with_name("ansible-playbook")),
        "-i",
        "localhost,",
        "-c",
        "local",
        "-vvvv",
        "--diff",
    ]
    with watched() as arguments:
        finished = subprocess.run(
            [*command, "-e", f"ansible_python_interpreter={sys.executable}", str(playbook)],
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **settings},
        )
    output = finished.stdout
    assert "create collection docs" in output and "shard_number is 1, declared as 7" in output
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in output
    assert any("AnsiballZ_qdrant_collections" in argument for argument in arguments)
    told = [body for _method, path, body in standin.requests if KEY in path or KEY in body]
    assert KEY not in output + log.read_text() and not told
    assert not [argument for argument in arguments if KEY in argument]
