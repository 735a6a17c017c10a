"""What a site declares is what visitors get, by a real Caddy with the role's own configuration."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import ssl
import time
from base64 import b64encode

import pytest
import websockets.sync.client
from integration.edge.proxy import IMAGE, docker, question, rendered
from patience import unhurried

pytestmark = pytest.mark.integration
HOST = "app.example.com"
PASSWORD = "Marker-7-of-the-edge"
ORIGIN = "https://www.example.com"


def login(password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"admin:{password}".encode()).decode()}


def answering(headers: dict[str, str]) -> str:
    return "/?headers=" + "".join(f"%{byte:02x}" for byte in json.dumps(headers).encode())


def test_seven_sites_at_once_each_reach_their_own_application(proxy, upstream):
    hosts = [f"site{number}.example.com" for number in range(7)]
    proxy.load([{"host": host, "upstream": f"upstream:{upstream.port}"} for host in hosts])
    for host in hosts:
        answer = proxy.ask(host, "/path")
        assert (answer.status, answer.echo["headers"]["Host"]) == (200, host)
        assert answer.echo["headers"]["X-Forwarded-Proto"] == "https"


def test_http_leads_to_https_and_unknown_names_lead_nowhere(site, proxy):
    ask = site()
    answer = ask("/path?query=1", plain=True)
    assert (answer.status, answer.header("Location")) == (308, f"https://{HOST}/path?query=1")
    assert proxy.ask("unknown.example.com", plain=True).status == 404


@pytest.mark.parametrize("name", ["unknown.example.com", f"{HOST}.", "", "10.0.0.1", f"{HOST}.example.org"])
def test_a_name_that_nobody_publishes_leads_nowhere_by_https_too(site, proxy, name):
    site()
    answer = proxy.ask(HOST, headers={"Host": name})
    assert (answer.status, answer.body, answer.header("Server")) == (421, b"", None)


def test_without_a_site_of_that_name_there_is_no_connection(site, proxy):
    site()
    with pytest.raises(ssl.SSLError):
        proxy.connect("unknown.example.com")


class TestSlowClients:
    def test_a_request_that_does_not_come_to_an_end_is_cut_off(self, site, proxy):
        site({"caddy_body_timeout": "2s"})
        started = time.monotonic()
        with proxy.connect(HOST) as connection:
            connection.sendall(f"POST /slow HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1000\r\n\r\n".encode())
            with contextlib.suppress(OSError):
                while time.monotonic() - started < 20 and not select.select([connection], [], [], 0.5)[0]:
                    connection.sendall(b"x")
        assert time.monotonic() - started < 20

    def test_one_connection_carries_one_request_at_a_time_unless_told(self, site, proxy):
        offered = ["h2", "http/1.1"]
        for settings, spoken in (({}, "http/1.1"), ({"caddy_protocols": ["h1", "h2"]}, "h2")):
            site(settings)
            with proxy.connect(HOST, protocols=offered) as connection:
                assert connection.selected_alpn_protocol() == spoken

    def test_who_speaks_http2_without_asking_is_not_understood(self, site, proxy):
        site()
        with proxy.connect(HOST) as connection:
            connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
            assert connection.recv(64).startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))

    def test_headers_beyond_all_need_are_refused(self, site):
        ask = site()
        assert ask(headers={"X-Large": "x" * 32_000}).status == 200
        assert ask(headers={"X-Large": "x" * 100_000}).status == 431


class TestHeaders:
    def test_every_site_has_the_platforms(self, site):
        answer = site()("/")
        assert answer.header("Content-Security-Policy") == "frame-ancestors 'self'; object-src 'none'; base-uri 'self'"
        assert answer.header("X-Frame-Options") == "SAMEORIGIN"
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert answer.header("Strict-Transport-Security").startswith("max-age=31536000")
        assert "Caddy" not in str(answer.headers.get("server"))

    def test_a_site_says_others_or_none(self, site):
        answer = site(headers={"content-security-policy": "default-src 'self'", "X-Frame-Options": ""})("/")
        assert answer.header("Content-Security-Policy") == "default-src 'self'"
        assert answer.header("X-Frame-Options") is None

    def test_the_applications_own_win(self, site):
        answer = site()(answering({"Content-Security-Policy": "default-src *", "X-Frame-Options": "DENY"}))
        assert answer.header("Content-Security-Policy") == "default-src *"
        assert answer.header("X-Frame-Options") == "DENY"

    def test_refusals_have_them_too(self, site):
        answer = site(blocked=["/metrics"])("/metrics")
        assert (answer.status, answer.header("X-Content-Type-Options")) == (404, "nosniff")


@pytest.fixture(scope="class")
def blocking(proxy, upstream):
    proxy.load([{"host": HOST, "upstream": f"upstream:{upstream.port}", "blocked": ["/metrics", "/healthz*"]}])
    return lambda path: proxy.ask(HOST, path)


class TestBlocked:
    @pytest.mark.parametrize(
        "path",
        [
            "/metrics",
            "/metrics/",
            "/metrics/deeper",
            "/metrics?x=1",
            "//metrics",
            "///metrics//",
            "/METRICS",
            "/%6detrics",
            "/%6Detrics",
            "/metrics%2f",
            "/%2fmetrics",
            "/x/../metrics",
            "/x/%2e%2e/metrics",
            "/x/..%2fmetrics",
            "/./metrics",
            "/metrics;x=1",
            "/metrics%3bx",
            "/healthz",
            "/healthz/readiness",
        ],
    )
    def test_in_whatever_spelling(self, blocking, path):
        assert blocking(path).status == 404

    @pytest.mark.parametrize("path", ["/", "/metricsboard", "/app/metrics", "/health"])
    def test_and_nothing_else(self, blocking, path):
        assert blocking(path).status == 200


class TestAllowedAddresses:
    def test_others_are_refused_whatever_they_claim(self, site):
        ask = site(allowed_addresses=["10.250.0.0/24"])
        assert ask().status == 403
        for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"):
            assert ask(headers={name: "10.250.0.1"}).status == 403

    def test_what_comes_by_the_bridge_is_nobodys_address(self, site, proxy):
        own = proxy.address.rsplit(".", 1)[0] + ".0/24"
        for network in (own, "172.16.0.0/12", "0.0.0.0/0"):
            assert site(allowed_addresses=["10.250.0.0/24", network, "fd00::/8"])().status == 403
            assert site(restricted={"paths": ["/console"], "addresses": [network]})("/console").status == 404
        assert site(restricted={"paths": ["/console"], "addresses": [own]})("/else").status == 200

    def test_paths_that_are_restricted_are_there_for_those_named(self, site, proxy):
        own = proxy.address.rsplit(".", 1)[0] + ".0/24"
        restricted = {"paths": ["/console"], "addresses": ["10.250.0.0/24"]}
        ask = site({"caddy_trusted_proxies": [own]}, restricted=restricted)
        assert ask("/console", headers={"X-Forwarded-For": "10.250.0.1"}).status == 200
        assert ask("/console", headers={"X-Forwarded-For": "10.251.0.1"}).status == 404

    def test_a_trusted_proxy_says_who_the_client_is(self, site, proxy):
        own = proxy.address.rsplit(".", 1)[0] + ".0/24"
        ask = site({"caddy_trusted_proxies": [own]}, allowed_addresses=["10.250.0.0/24"])
        assert ask(headers={"X-Forwarded-For": "10.250.0.1"}).status == 200
        assert ask(headers={"X-Forwarded-For": "2001:db8::1"}).status == 403
        assert ask(headers={"X-Forwarded-For": "10.250.0.1, 203.0.113.9"}).status == 403
        assert ask(headers={"X-Forwarded-For": "203.0.113.9"}).status == 403
        assert ask().status == 403

    def test_they_hold_before_a_login_is_asked_for(self, site):
        ask = site(allowed_addresses=["10.250.0.0/24"], basic_auth={"user": "admin", "password": PASSWORD})
        assert (ask().status, ask(headers=login()).status) == (403, 403)


class TestBasicAuth:
    def test_only_the_password_opens(self, site):
        ask = site(basic_auth={"user": "admin", "password": PASSWORD})
        refused = ask()
        assert refused.status == 401 and "Basic" in refused.header("WWW-Authenticate")
        assert ask(headers=login("wrong")).status == 401
        assert ask(headers=login()).status == 200

    def test_the_application_never_sees_the_password(self, site):
        ask = site(basic_auth={"user": "admin", "password": PASSWORD})
        assert "Authorization" not in ask(headers=login()).echo["headers"]

    def test_open_paths_are_open_and_keep_the_applications_own_login(self, site):
        ask = site(basic_auth={"user": "admin", "password": PASSWORD, "open": ["/webhook/*"]})
        answer = ask("/webhook/one", headers={"Authorization": "Bearer x"})
        assert (answer.status, answer.echo["headers"]["Authorization"]) == (200, "Bearer x")
        assert ask("/other").status == 401

    @pytest.mark.parametrize(
        "path",
        [
            "/webhook/../admin",
            "/webhook/%2e%2e/admin",
            "/webhook/..%2fadmin",
            "/webhook/..;/admin",
            "/webhook/..%3b/admin",
            "/webhook/..\\admin",
            "/webhook/..%5cadmin",
            "/webhook/%252e%252e/admin",
        ],
    )
    def test_an_open_path_leads_nowhere_else(self, site, path):
        ask = site(basic_auth={"user": "admin", "password": PASSWORD, "open": ["/webhook/*"]})
        assert ask(path).status in (400, 401)

    def test_a_changed_password_is_taken_up_by_a_reload(self, site):
        ask = site(basic_auth={"user": "admin", "password": PASSWORD})
        assert ask(headers=login()).status == 200
        ask = site(basic_auth={"user": "admin", "password": PASSWORD + "2"})
        assert (ask(headers=login()).status, ask(headers=login(PASSWORD + "2")).status) == (401, 200)


class TestCors:
    def test_an_allowed_origin_is_named_once_even_where_the_application_names_all(self, site):
        ask = site(cors_origins=[ORIGIN])
        answer = ask(answering({"Access-Control-Allow-Origin": "*"}), headers={"Origin": ORIGIN})
        assert answer.header("Access-Control-Allow-Origin") == ORIGIN
        assert "Origin" in answer.headers["vary"]

    def test_a_preflight_is_answered_before_a_login_is_asked_for(self, site):
        ask = site(cors_origins=[ORIGIN], basic_auth={"user": "admin", "password": PASSWORD})
        headers = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-n8n-api-key"}
        answer = ask("/", method="OPTIONS", headers={"Origin": ORIGIN, **headers})
        assert (answer.status, answer.header("Access-Control-Allow-Origin")) == (204, ORIGIN)
        assert answer.header("Access-Control-Allow-Headers") == "x-n8n-api-key"
        stranger = ask("/", method="OPTIONS", headers={"Origin": "https://evil.example.com", **headers})
        assert stranger.header("Access-Control-Allow-Origin") is None

    def test_without_origins_preflights_are_the_applications(self, site):
        answer = site()("/", method="OPTIONS", headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})
        assert (answer.status, answer.echo["method"]) == (200, "OPTIONS")


class TestLimits:
    def test_an_upload_over_the_limit_is_413_and_one_below_arrives(self, site):
        ask = site(max_body="1mb")
        assert ask("/", method="POST", body=b"x" * 900_000).echo["received"] == 900_000
        assert ask("/", method="POST", body=b"x" * 3_000_000).status == 413

    def test_without_a_limit_there_is_none(self, site):
        assert site()("/", method="POST", body=b"x" * 3_000_000).echo["received"] == 3_000_000

    def test_an_application_may_think_for_as_long_as_its_site_says(self, site):
        answer = site(timeout="1s")("/?sleep=3")
        assert answer.status == 504 and answer.seconds < unhurried(2.5)
        assert site(timeout="5s")("/?sleep=3").status == 200
        assert site({"caddy_timeout": "1s"})("/?sleep=3").status == 504
        assert site({"caddy_timeout": "1s"}, timeout="300s")("/?sleep=3").status == 200

    def test_an_answer_is_compressed(self, site):
        answer = site()("/?padding=5000", headers={"Accept-Encoding": "gzip"})
        assert answer.header("Content-Encoding") == "gzip" and len(answer.body) < 2500


class TestApplicationDown:
    @pytest.mark.parametrize("upstream_address", ["upstream:9", "nobody-of-this-name:80", "192.0.2.1:80"])
    def test_a_visitor_is_told_soon_and_shown_nothing(self, proxy, upstream_address):
        proxy.load([{"host": HOST, "upstream": upstream_address}])
        answer = proxy.ask(HOST, "/etc/caddy/Caddyfile")
        assert (answer.status, answer.body) == (502, b"502 Bad Gateway")
        assert answer.seconds < unhurried(5)


class TestStreams:
    def test_a_websocket_goes_through_and_outlives_a_reload(self, proxy, upstream):
        here = {"host": HOST, "upstream": f"upstream:{upstream.websocket_port}"}
        proxy.load([here])
        connected = websockets.sync.client.connect(f"wss://{HOST}/socket", sock=_tcp(proxy.address), ssl=proxy.tls)
        with connected as connection:
            connection.send("one")
            assert connection.recv(timeout=30) == "one"
            proxy.load([{**here, "max_body": "1mb"}])
            connection.send("two")
            assert connection.recv(timeout=30) == "two"

    def test_pushed_events_arrive_as_they_are_sent(self, site, proxy):
        site()
        with proxy.connect(HOST) as connection:
            connection.sendall(f"GET /?events=40 HTTP/1.1\r\nHost: {HOST}\r\nAccept-Encoding: gzip\r\n\r\n".encode())
            received, started = b"", time.monotonic()
            # As bytes: compressed events are flushed one by one all the same.
            while received.count(b"\r\n\r\n") == 0 or len(received.split(b"\r\n\r\n", 1)[1]) == 0:
                received += connection.recv(65536)
            assert time.monotonic() - started < 10


def _tcp(address: str) -> socket.socket:
    return socket.create_connection((address, 443), timeout=60)


def test_no_secret_of_a_request_is_logged(site, proxy):
    ask = site(basic_auth={"user": "admin", "password": PASSWORD})
    marked = {
        name: f"{PASSWORD}-{name}" for name in ("apikey", "api_access_token", "X-N8N-API-KEY", "Referer", "Cookie")
    }
    assert ask(f"/logged-path?token={PASSWORD}", headers={**marked, **login()}).status == 200
    site(upstream="upstream:9")
    assert ask(f"/failed-path?access_token={PASSWORD}", headers={**marked, **login()}).status == 502
    deadline = time.monotonic() + 30
    while '"status":502' not in (logs := proxy.container.logs()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert '"uri":"/logged-path"' in logs and '"uri":"/failed-path"' in logs and '"status":502' in logs
    assert PASSWORD not in logs
    assert login()["Authorization"].split()[1] not in logs


def test_nothing_of_caddys_own_is_reachable_from_other_containers(proxy):
    for port in (2019, 8080):
        with pytest.raises(OSError):
            socket.create_connection((proxy.address, port), timeout=2)


class TestRefusal:
    def test_the_role_asks_the_image_with_what_it_would_run(self):
        assert question(rendered([{"host": HOST, "upstream": "app:80"}])).returncode == 0

    def test_a_limit_is_refused_by_the_stock_image(self):
        refused = question(rendered([{"host": HOST, "upstream": "app:80"}], caddy_rate_limit=True))
        assert refused.returncode == 1 and "unrecognized directive: rate_limit" in refused.stderr

    def test_the_stock_image_lists_its_modules_without_the_one_for_limits(self):
        modules = docker("run", "--rm", "--network=none", IMAGE, "caddy", "list-modules").splitlines()
        assert "http.handlers.reverse_proxy" in modules and "http.handlers.rate_limit" not in modules

    def test_a_bad_configuration_leaves_the_one_before_in_effect(self, site, proxy):
        ask = site()
        assert ask().status == 200
        path = proxy._folder / "Caddyfile"
        path.write_text(path.read_text(encoding="utf-8") + "\nbroken.example.com {\n\tno_such_thing\n}\n")
        refused = proxy.reload()
        assert refused.returncode != 0 and "no_such_thing" in refused.stderr
        assert ask().status == 200
