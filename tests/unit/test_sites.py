"""What a site may declare, what is refused, and what the proxy is given."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.borgstack.platform.plugins.filter.bcrypt_hash import bcrypt_hash
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import checked
from ansible_collections.borgstack.platform.plugins.plugin_utils.sites import check_site, edge_sites

SITE = {"host": "app.example.com", "upstream": "app:3000"}
KEY = "k" * 48


def test_a_site_with_every_key_is_taken():
    check_site(
        {
            **SITE,
            "headers": {"Content-Security-Policy": "default-src 'self'; img-src https: data:", "X-Frame-Options": ""},
            "blocked": ["/metrics", "/healthz*"],
            "refused": {"method": "POST", "paths": ["/accounts", "/accounts.*"]},
            "restricted": {"paths": ["/admin*"], "addresses": ["10.8.0.0/24"]},
            "embeddable": {"paths": ["/widget"], "headers": {"Content-Security-Policy": "frame-ancestors *"}},
            "storage": {"upstream": "seaweedfs:8333", "bucket": "chatwoot"},
            "max_body": "500mb",
            "timeout": "5m30s",
            "cors_origins": ["https://www.example.com:8443"],
            "allowed_addresses": ["10.8.0.0/24", "2001:db8::1"],
            "basic_auth": {"user": "admin", "password": "any\n`thing`", "open": ["/webhook/*"]},
            "rate_limit": {"events": 10, "window": "10s"},
            "check": {"path": "/", "status": [200], "json": {"status": "ok"}},
        },
        "test",
    )


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"colour": "red"}, "unknown keys: colour; known are allowed_addresses"),
        ({"upstream": ""}, "upstream is"),
        ({"upstream": "http://app:3000"}, "upstream is"),
        ({"blocked": ["metrics"]}, "blocked is"),
        ({"blocked": ["/a b"]}, "blocked is"),
        ({"blocked": ["/a/*/b"]}, "blocked is"),
        ({"refused": {"method": "POST"}}, "missing keys: paths"),
        ({"refused": {"method": "post it", "paths": ["/a"]}}, "refused, method is"),
        ({"refused": {"method": "POST", "paths": ["/a b"]}}, "refused, paths is"),
        ({"restricted": {"addresses": []}}, "missing keys: paths"),
        ({"restricted": {"paths": []}}, "restricted has no paths"),
        ({"restricted": {"paths": ["/a"], "addresses": ["here"]}}, "restricted, addresses is not a network"),
        ({"embeddable": {"paths": ["/a {"]}}, "embeddable, paths is"),
        ({"embeddable": {"paths": ["/a"], "headers": {"X-Y": "z`"}}}, "headers, X-Y is"),
        ({"storage": {"upstream": "s3:1"}}, "missing keys: bucket"),
        ({"storage": {"upstream": "s3:1", "bucket": "a/b"}}, "storage, bucket is"),
        ({"max_body": "1 GB }"}, "max_body is"),
        ({"timeout": "300"}, "timeout is"),
        ({"cors_origins": ["*"]}, "cors_origins is"),
        ({"headers": {"X Y": "z"}}, "headers is"),
        ({"headers": {"X-Y": "z\n}"}}, "headers, X-Y is"),
        ({"headers": {"X-Y": "z`"}}, "headers, X-Y is"),
        ({"allowed_addresses": ["10.8.0.1/24"]}, "host bits set"),
        ({"allowed_addresses": ["private_ranges"]}, "not a network"),
        ({"basic_auth": {"user": "admin"}}, "no password"),
        ({"basic_auth": {"user": "a b", "password": "Marker-7"}}, "basic_auth, user is"),
        ({"basic_auth": {"name": "admin", "password": "Marker-7"}}, "unknown keys: name"),
        ({"basic_auth": {"user": "admin", "password": "Marker-7", "open": ["/x'*"]}}, "basic_auth, open is"),
        ({"rate_limit": {"events": "many"}}, "'events' is of type"),
        ({"rate_limit": {"per": "1m"}}, "unknown keys: per"),
        ({"check": {"url": "/"}}, "unknown keys: url"),
    ],
)
def test_others_are_refused_without_showing_a_password(keys, reason):
    with pytest.raises(PlatformError, match=reason) as refusal:
        checked("app", {"service": "app", "tier": "integration", "sites": [{**SITE, **keys}]})
    assert refusal.value.category == 1
    assert "Marker-7" not in refusal.value.message


def test_headers_are_merged_whatever_their_case():
    sites = edge_sites(
        [{**SITE, "headers": {"x-one": "own", "X-Two": ""}}], {"X-One": "a", "X-Two": "b", "X-Three": "c"}
    )
    assert sites[0]["headers"] == {"x-one": "own", "X-Three": "c"}


def test_paths_of_their_own_cover_what_is_below_them_too():
    site = {**SITE, "restricted": {"paths": ["/admin"]}, "embeddable": {"paths": ["/widget*"]}}
    [shown] = edge_sites([site], {})
    assert shown["restricted"] == {"addresses": [], "paths": ["/admin", "/admin/*", "/admin;*"]}
    assert shown["embeddable"] == {"headers": {}, "paths": ["/widget*"]}


@pytest.mark.parametrize(
    ("path", "patterns"),
    [
        ("/metrics", ["/metrics", "/metrics/*", "/metrics;*"]),
        ("/metrics/", ["/metrics", "/metrics/*", "/metrics;*"]),
        ("/healthz*", ["/healthz*"]),
        ("/", ["/"]),
    ],
)
def test_a_blocked_path_covers_what_is_below_it(path, patterns):
    assert edge_sites([{**SITE, "blocked": [path]}], {})[0]["blocked"] == patterns


@pytest.mark.parametrize(
    ("own", "default", "effective"),
    [
        ({}, None, {}),
        ({"events": 5}, None, {}),
        ({}, {"events": 100, "window": "1m"}, {"events": 100, "window": "1m"}),
        ({"events": 5}, {"events": 100, "window": "1m"}, {"events": 5, "window": "1m"}),
        ({"events": 0}, {"events": 100, "window": "1m"}, {}),
    ],
)
def test_limits(own, default, effective):
    assert edge_sites([{**SITE, "rate_limit": own}], {}, default)[0]["rate_limit"] == effective


class TestBcrypt:
    def test_the_hash_is_stable_and_bcrypts_own(self):
        bcrypt = pytest.importorskip("bcrypt")
        one = bcrypt_hash("correct horse", KEY, "admin")
        assert one == bcrypt_hash("correct horse", KEY, "admin") and one.startswith("$2b$10$")
        assert bcrypt.checkpw(b"correct horse", one.encode())
        assert not bcrypt.checkpw(b"correct house", one.encode())

    def test_password_user_key_and_cost_change_it_and_its_salt(self):
        pytest.importorskip("bcrypt")
        variants = [
            bcrypt_hash("correct horse", KEY, "admin", 4),
            bcrypt_hash("correct house", KEY, "admin", 4),
            bcrypt_hash("correct horse", KEY, "other", 4),
            bcrypt_hash("correct horse", "x" * 48, "admin", 4),
        ]
        assert len({variant[7:29] for variant in variants}) == len(variants)
        assert bcrypt_hash("correct horse", KEY, "admin", 5)[:7] == "$2b$05$"

    @pytest.mark.parametrize("password", ["", "x" * 73, "ç" * 37, "a\0b"])
    def test_what_bcrypt_would_cut_or_refuse_is_refused(self, password):
        with pytest.raises(AnsibleFilterError, match="configuration error"):
            bcrypt_hash(password, KEY)

    def test_a_salt_without_a_secret_is_refused(self):
        with pytest.raises(AnsibleFilterError, match="key is empty"):
            bcrypt_hash("correct horse", "")
