"""What a check's options mean, and which are refused."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.checks import declaration
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError

OPTIONS = {
    "name": "answers",
    "url": "http://n8n.example.com/healthz?key=secret-key",
    "method": "GET",
    "headers": None,
    "body": None,
    "status": [200],
    "timeout": 10.0,
    "connect_to": None,
    "validate_certs": True,
    "ca_cert": None,
    "ca_pem": None,
}


@pytest.mark.parametrize(
    ("url", "connect_to", "place", "authority"),
    [
        ("http://a.example/x", "", "a.example:80", "a.example"),
        ("https://a.example", "", "a.example:443", "a.example"),
        ("https://a.example:8443/", "10.0.0.7", "10.0.0.7:8443", "a.example:8443"),
        ("https://a.example/", "10.0.0.7:1443", "10.0.0.7:1443", "a.example"),
        ("https://a.example/", "[2001:db8::1]:1443", "[2001:db8::1]:1443", "a.example"),
        ("http://[::1]:8080/", "", "[::1]:8080", "[::1]:8080"),
        ("tcp://10.0.0.7:5432", "", "10.0.0.7:5432", "10.0.0.7:5432"),
    ],
)
def test_where_a_check_connects_to(url, connect_to, place, authority):
    target = declaration.target_of(url, connect_to, "check")
    assert (target.place, target.authority) == (place, authority)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": "ftp://a.example/secret-key"}, "not of the form"),
        ({"url": "http:///secret-key"}, "not of the form"),
        ({"url": "http://a.example/secret-key x"}, "not of the form"),
        ({"url": "http://user:secret-key@a.example/"}, "holds a login"),
        ({"url": "tcp://a.example/"}, "names no port"),
        ({"url": "http://a.example:99999/secret-key"}, "not a URL"),
        ({"connect_to": "10.0.0.7:port"}, "connect_to"),
        ({"connect_to": "10.0.0.7:70000"}, "connect_to"),
        ({"status": ["ok"]}, "status is 'ok'"),
        ({"status": ["299-200"]}, "status is '299-200'"),
        ({"timeout": 0.0}, "timeout"),
        ({"method": "GET /secret-key"}, "method"),
        ({"headers": {"X-Key": "secret-key\r\nHost: other"}}, "header 'X-Key'"),
        ({"url": "https://a.example/", "ca_cert": "/no/such/file"}, "authority"),
        ({"url": "https://a.example/", "ca_pem": "no certificate"}, "authority"),
    ],
)
def test_what_makes_no_sense_is_refused_without_a_word_of_a_secret(options, words):
    with pytest.raises(PlatformError) as refusal:
        declaration.parsed({**OPTIONS, **options})
    assert words in refusal.value.message and refusal.value.category == 1
    assert "secret-key" not in refusal.value.message


def test_statuses_are_numbers_and_ranges():
    assert declaration.parsed({**OPTIONS, "status": [200, "204", "400-499"]}).statuses == (
        (200, 200),
        (204, 204),
        (400, 499),
    )
