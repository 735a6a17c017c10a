"""The connection: what goes wrong before, below and instead of S3."""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import ssl
import subprocess
import threading
from base64 import b64encode

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.s3 import connection, contents, inspect
from ansible_collections.borgstack.platform.plugins.module_utils.s3.answers import Denied, Unsupported

LISTED = "<ListAllMyBucketsResult><Owner><ID>x</ID></Owner><Buckets></Buckets></ListAllMyBucketsResult>"
SECRET = "marker-of-the-secret-key"


def options(url, **changes):
    known = {"endpoint_url": url, "access_key": "key", "secret_key": SECRET, "region": "us-east-1"}
    return {**known, "ca_cert": None, "validate_certs": True, "connect_timeout": 2, **changes}


def error(code):
    return f"<Error><Code>{code}</Code><Message>told</Message></Error>"


@contextlib.contextmanager
def answering(status, body="", tls=None):
    """Give a server that answers everything alike, and what it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((f"{self.command} {self.path}", dict(self.headers), sent))
            if status:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body.encode())
            else:
                self.close_connection = True

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, *_arguments):
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield connection.Server(options(f"http://127.0.0.1:{server.server_port}")), asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "category", "words"),
    [
        (200, "<!DOCTYPE html><html><body><p>Welcome</body></html>", 1, "is not an S3 server"),
        (200, "<html><body>Welcome</body></html>", 1, "is not an S3 server"),
        (200, '{"status": "ok"}', 1, "is not an S3 server"),
        (200, "", 1, "is not an S3 server"),
        (404, "<!DOCTYPE html><html><body><p>Not found</body></html>", 1, "is not an S3 server"),
        (404, "not found", 1, "is not an S3 server"),
        (403, "<html>Forbidden", 1, "is not an S3 server"),
        (501, "", 1, "is not an S3 server"),
        (502, "", 5, "look into its log"),
        (403, error("InvalidAccessKeyId"), 5, "does not know the access key"),
        (403, error("SignatureDoesNotMatch"), 5, "refuses the secret key"),
        (403, error("RequestTimeTooSkewed"), 2, "clocks"),
        (301, "", 1, "redirects to another one"),
        (308, "", 1, "redirects to another one"),
        (0, "", 3, "no connection"),
    ],
)
def test_what_is_not_a_server_that_takes_us(status, body, category, words):
    with answering(status, body) as (server, _), pytest.raises(PlatformError) as refused:
        inspect.visible(server)
    assert words in refused.value.message and refused.value.category == category
    assert SECRET not in refused.value.message and refused.value.where == server.name


def test_a_server_without_buckets_is_one():
    with answering(200, LISTED) as (server, _):
        assert inspect.visible(server) == frozenset()


def test_a_key_that_may_not_list_buckets_is_no_failure():
    with answering(403, error("AccessDenied")) as (server, _):
        assert inspect.visible(server) is None


def test_refusals_of_a_bucket_name_it():
    with answering(501, error("NotImplemented")) as (server, _), pytest.raises(Unsupported) as refused:
        server.call("get_bucket_policy", Bucket="app")
    assert refused.value.where == f"bucket app on {server.name}"
    with answering(403) as (server, _), pytest.raises(Denied):
        server.call("head_bucket", Bucket="app")
    with answering(404) as (server, _):
        assert server.call("head_bucket", ("404",), Bucket="app") is None
    with answering(403, error("AccessDenied")) as (server, _), pytest.raises(Denied, match="ListObjectVersions"):
        list(server.pages("list_object_versions", Bucket="app"))
    with answering(501, error("NotImplemented")) as (server, _):
        assert contents._first(server, "list_object_versions", "app", ("Versions",)) == []


def test_older_servers_get_the_checksum_that_they_know():
    with answering(200) as (server, asked):
        server.call("put_bucket_policy", Bucket="app", Policy="{}")
        server.call("put_object", Bucket="app", Key="a/", Body=b"")
        server.call("get_bucket_cors", Bucket="app")
    policy, marker, read = asked
    assert policy[1]["Content-MD5"] == b64encode(hashlib.md5(policy[2]).digest()).decode()
    assert not any("checksum" in name.lower() for name in [*marker[1], *read[1]])
    assert "Content-MD5" not in marker[1] and policy[0] == "PUT /app?policy"


def test_arguments_are_checked_without_a_request():
    with answering(200) as (server, asked):
        rule = {"Status": "Enabled", "Expire": 5}
        with pytest.raises(PlatformError) as refused:
            server.validate(
                "put_bucket_lifecycle_configuration", Bucket="app", LifecycleConfiguration={"Rules": [rule]}
            )
        with pytest.raises(PlatformError, match="put_object cannot be asked like this"):
            server.call("put_object", Bucket="app", Key=5)
        server.validate("put_bucket_policy", Bucket="app", Policy="{}")
    assert '"Expire"' in refused.value.what and refused.value.where == f"bucket app on {server.name}"
    assert refused.value.category == 1 and asked == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"endpoint_url": "10.0.0.1:8333"}, "begins with http:// or https://"),
        ({"region": "not a region"}, "and region"),
    ],
)
def test_options_that_make_no_sense(changes, words):
    with pytest.raises(PlatformError) as refused:
        connection.Server(options("http://127.0.0.1:1", **changes))
    assert words in refused.value.message and refused.value.category == 1


def test_a_profile_that_the_host_lacks(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "missing")
    with pytest.raises(PlatformError, match="no client can be made") as refused:
        connection.Server(options("http://127.0.0.1:1"))
    assert "AWS_*" in refused.value.remedy


def test_without_the_library(monkeypatch):
    monkeypatch.setattr(connection, "botocore", None)
    with pytest.raises(PlatformError, match="library botocore is missing") as refused:
        connection.Server(options(None))
    assert "python3-botocore" in refused.value.remedy and refused.value.category == 2


def test_an_older_library_that_knows_no_checksums(monkeypatch):
    known = connection.botocore.config.Config

    def older(**settings):
        if "request_checksum_calculation" in settings:
            raise TypeError("Got unexpected keyword argument")
        return known(**settings)

    monkeypatch.setattr(connection.botocore.config, "Config", older)
    assert connection._config(7).connect_timeout == 7
    assert connection.Server(options(None)).name == "S3 at AWS"


def test_unreachable():
    server = connection.Server(options("http://127.0.0.1:1"))
    with pytest.raises(PlatformError) as refused:
        server.call("list_buckets")
    assert refused.value.category == 3 and refused.value.where == "S3 at http://127.0.0.1:1"


def test_no_tls_where_it_is_expected():
    with answering(200) as (server, _):
        url = server.name.replace("S3 at http:", "https:")
        with pytest.raises(PlatformError) as refused:
            connection.Server(options(url)).call("list_buckets")
    assert refused.value.category == 3 and "no TLS connection" in refused.value.what


def test_an_answer_that_is_no_xml(monkeypatch):
    # What older releases of botocore raise; newer ones take it for a failure of the server.
    server = connection.Server(options("http://127.0.0.1:1"))

    def unparsable(**_arguments):
        raise connection.botocore.parsers.ResponseParserError("not well-formed")

    monkeypatch.setattr(server._client, "list_buckets", unparsable, raising=False)
    with pytest.raises(PlatformError, match="its answer is not XML"):
        server.call("list_buckets")


def test_a_fault_of_ours_is_not_taken_for_one_of_the_address(monkeypatch):
    server = connection.Server(options("http://127.0.0.1:1"))
    monkeypatch.setattr(server._client, "head_bucket", lambda: None, raising=False)
    with pytest.raises(TypeError):
        server.call("head_bucket", Bucket="app")


def test_a_connection_that_is_lost_while_objects_are_deleted_is_not_tried_for_each():
    with answering(0) as (server, asked), pytest.raises(PlatformError, match="no connection"):
        contents._delete_batch(server, "app", [{"Key": str(number)} for number in range(100)])
    assert len(asked) < 10
    with answering(0) as (server, asked), pytest.raises(PlatformError, match="no connection"):
        contents._delete_singly(server, "app", [{"Key": str(number)} for number in range(100)])
    assert len(asked) < 10


@pytest.fixture
def certificate(tmp_path):
    """Return a key and a certificate for the loopback address, signed by itself."""
    files = [str(tmp_path / name) for name in ("key.pem", "certificate.pem")]
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=s3"]
    alternative = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files[0], "-out", files[1]]
    subprocess.run([*request, *alternative], check=True, capture_output=True)
    return files


@pytest.mark.parametrize(
    ("trusted", "validated", "host", "accepted"),
    [
        (True, True, "127.0.0.1", True),
        (False, True, "127.0.0.1", False),
        # Not the name that the certificate was made for.
        (True, True, "localhost", False),
        (False, False, "127.0.0.1", True),
        (True, False, "localhost", True),
    ],
)
def test_tls(certificate, trusted, validated, host, accepted):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    with answering(200, LISTED, tls=context) as (plain, _):
        url = plain.name.replace("S3 at http://127.0.0.1", f"https://{host}")
        changes = {"ca_cert": certificate[1] if trusted else None, "validate_certs": validated}
        server = connection.Server(options(url, **changes))
        if accepted:
            assert inspect.visible(server) == frozenset()
        else:
            with pytest.raises(PlatformError, match="no TLS connection") as refused:
                inspect.visible(server)
            assert refused.value.category == 3 and "ca_cert" in refused.value.remedy


def test_a_file_of_authorities_that_is_missing(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    with answering(200, LISTED, tls=context) as (plain, _):
        url = plain.name.replace("S3 at http:", "https:")
        with pytest.raises(PlatformError) as refused:
            connection.Server(options(url, ca_cert="/nonexistent.pem")).call("list_buckets")
    assert "ca_cert /nonexistent.pem cannot be read" in refused.value.message and refused.value.category == 1
