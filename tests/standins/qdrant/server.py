"""A stand-in for a Qdrant server, for tests on machines where there is none. It is not Qdrant; see README.md."""

from __future__ import annotations

import json
import ssl
import threading
import time
import typing as t
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import TypeAdapter, ValidationError
from qdrant_client.http import models
from standins.qdrant.store import Refused, Store


class Route(t.NamedTuple):
    """An endpoint.

    Attributes:
        method: the HTTP method.
        path: its path, as in Qdrant's description of its API.
        answer: what answers it, from the store, the parts of the path and the body.
        body: what Qdrant's description says that the body is.
        since: the first version that has it.
        query: the parameters that it takes.
    """

    method: str
    path: str
    answer: t.Callable[..., t.Any]
    body: t.Any = None
    since: tuple[int, int] = (1, 0)
    query: tuple[str, ...] = ()


INSIDE = ("wait", "ordering", "timeout")
ROUTES = [
    Route("GET", "/collections", Store.names),
    Route("GET", "/collections/{collection_name}", Store.info),
    Route("PUT", "/collections/{collection_name}", Store.create, models.CreateCollection, query=("timeout",)),
    Route("PATCH", "/collections/{collection_name}", Store.update, models.UpdateCollection, query=("timeout",)),
    Route("DELETE", "/collections/{collection_name}", Store.delete, query=("timeout",)),
    Route("PUT", "/collections/{collection_name}/index", Store.create_index, models.CreateFieldIndex, query=INSIDE),
    Route("DELETE", "/collections/{collection_name}/index/{field_name}", Store.delete_index, query=INSIDE),
    Route("PUT", "/collections/{collection_name}/points", Store.add_points, models.PointsList, query=INSIDE),
    Route(
        "POST",
        "/collections/aliases",
        Store.change_aliases,
        models.ChangeAliasesOperation,
        query=("timeout",),
    ),
    Route("GET", "/aliases", Store.all_aliases),
]
if hasattr(models, "VectorNameConfig"):
    ROUTES.append(
        Route(
            "PUT",
            "/collections/{collection_name}/vectors/{vector_name}",
            Store.add_vector,
            models.VectorNameConfig,
            since=(1, 18),
            query=INSIDE,
        )
    )


class StandIn(ThreadingHTTPServer):
    """The server.

    Args:
        api_key: the key that may do everything; without it all may.
        read_only_api_key: a key that may only read.
        version: what it says that its version is.
        clustered: whether it says that it is in cluster mode.
        tls: for HTTPS.

    Attributes:
        store: what it keeps.
        requests: the method, path and body of each request.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self,
        api_key: str = "",
        read_only_api_key: str = "",
        version: str = "1.20.0",
        clustered: bool = False,
        tls: ssl.SSLContext | None = None,
    ):
        super().__init__(("127.0.0.1", 0), Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"
        self.api_key = api_key
        self.read_only_api_key = read_only_api_key
        self.version = version
        self.clustered = clustered
        self.store = Store()
        self.requests: list[tuple[str, str, t.Any]] = []
        self.lock = threading.Lock()

    @contextmanager
    def running(self) -> t.Iterator[StandIn]:
        """Serve until the block ends."""
        thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()

    def handle_error(self, request, client_address) -> None:
        """Keep silent where a client goes away, as one that distrusts a certificate does."""


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    # Head and body in one packet, or the second waits for the receipt of the first.
    wbufsize = -1
    server: StandIn

    def _serve(self) -> None:
        begun = time.monotonic()
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self._check_key()
            with self.server.lock:
                self.server.requests.append((self.command, self.path, raw.decode()))
                answer = self._answer(raw)
        except Refused as refused:
            if refused.status in (401, 404, 405) and not refused.message.startswith("Not found"):
                # Its guard at the door and its router answer in plain text.
                self._send(refused.status, refused.message.encode(), "text/plain")
                return
            told: dict = {"status": {"error": refused.message}, "time": time.monotonic() - begun}
            self._send(refused.status, json.dumps(told).encode())
            return
        if urlsplit(self.path).path != "/":
            answer = {"result": answer, "status": "ok", "time": time.monotonic() - begun}
        self._send(200, json.dumps(answer).encode())

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve

    def _check_key(self) -> None:
        bearer = (self.headers.get("Authorization") or "").partition("Bearer ")[2]
        key = self.headers.get("api-key") or bearer
        if not self.server.api_key or urlsplit(self.path).path == "/" or key == self.server.api_key:
            return
        if not key:
            raise Refused(401, "Must provide an API key or an Authorization bearer token")
        if not self.server.read_only_api_key or key != self.server.read_only_api_key:
            raise Refused(401, "Invalid API key or JWT")
        if self.command != "GET":
            raise Refused(403, "Forbidden: Global manage access is required")

    def _answer(self, raw: bytes) -> t.Any:
        parts = urlsplit(self.path)
        if (self.command, parts.path) == ("GET", "/"):
            return {"title": "qdrant - vector search engine", "version": self.server.version, "commit": "stand-in"}
        if (self.command, parts.path) == ("GET", "/cluster"):
            return {"status": "enabled" if self.server.clustered else "disabled"}
        route, arguments = self._route(parts.path)
        unknown = set(parse_qs(parts.query)) - set(route.query)
        if unknown:
            raise Refused(400, f"Query deserialize error: unknown field {', '.join(sorted(unknown))}")
        if route.body is not None:
            arguments.append(checked(route.body, raw))
        elif raw not in (b"", b"{}"):
            raise Refused(400, "Format error in JSON body: none is expected")
        return getattr(self.server.store, route.answer.__name__)(*arguments)

    def _route(self, path: str) -> tuple[Route, list]:
        given = [unquote(part, errors="strict") for part in path.strip("/").split("/")]
        numbers = tuple(int(number) for number in self.server.version.split(".")[:2])
        methods = []
        for route in sorted(ROUTES, key=lambda route: route.path.count("{")):
            known = route.path.strip("/").split("/")
            pairs = list(zip(known, given))
            if len(known) == len(given) and all(one[0] == "{" or one == two for one, two in pairs):
                methods.append(route.method)
                if route.method == self.command and numbers >= route.since:
                    return route, [two for one, two in pairs if one[0] == "{"]
        raise Refused(405 if methods and self.command not in methods else 404, "")

    def _send(self, status: int, content: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments) -> None:
        """Keep silent."""


# What the description says and the models that are generated from it do not: the least and the most of a number.
LIMITS = {
    "ef_construct": (4, None),
    "quantile": (0.5, 1),
    "replication_factor": (1, None),
    "shard_number": (1, None),
    "wal_capacity_mb": (1, None),
    "wal_retain_closed": (1, None),
    "write_consistency_factor": (1, None),
}


def checked(model: t.Any, raw: bytes) -> dict:
    """Return a body that Qdrant's description of its API allows, without any conversion.

    Raises:
        Refused: it has a property too many, of the wrong kind, or out of its limits.
    """
    try:
        TypeAdapter(model).validate_json(raw, strict=True)
    except ValidationError as error:
        details = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise Refused(400, f"Format error in JSON body: {details}") from None
    body = json.loads(raw)
    _check_limits(body, ())
    return body


def _check_limits(value: t.Any, place: tuple[str, ...]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _check_limits(item, (*place, key))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # Only that of the graph has one: that of a sparse index counts vectors.
        least, most = (
            (10, None) if place[-2:] == ("hnsw_config", "full_scan_threshold") else LIMITS.get(place[-1], (0, None))
        )
        if value < least or (most is not None and value > most):
            raise Refused(422, f"Validation error in JSON body: [{'.'.join(place)}: value {value} invalid]")
