"""The proxy's own settings."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.edge import edge_settings
from ansible_collections.borgstack.platform.plugins.plugin_utils.sites import edge_sites

SETTINGS = {
    "acme_directory": "",
    "body_timeout": "30m",
    "certificates": "acme",
    "email": "admin+tls@example.com",
    "sites": [],
    "timeout": "60s",
    "trusted_proxies": ["10.8.0.0/24", "2001:db8::/32"],
}


@pytest.mark.parametrize("directory", ["", "https://acme-staging.example.org/directory", "https://10.0.0.1:14000/dir"])
def test_what_is_meant_is_taken(directory):
    settings = {**SETTINGS, "acme_directory": directory}
    assert edge_settings(settings) == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("acme_directory", "https://ca.example/ {"),
        ("acme_directory", "file:///etc/passwd"),
        ("body_timeout", "1m\n}"),
        ("body_timeout", ""),
        ("certificates", "acme\n}"),
        ("email", "admin@example.com\n\tadmin off"),
        ("email", "admin"),
        ("email", "{env.HOME}@example.com"),
        ("timeout", "60"),
        ("trusted_proxies", ["private_ranges"]),
        ("trusted_proxies", ["10.8.0.1/24"]),
    ],
)
def test_what_could_end_a_line_or_means_nothing_is_refused_by_name(name, value):
    with pytest.raises(PlatformError, match=f"caddy_{name} is") as refused:
        edge_settings({**SETTINGS, name: value})
    assert refused.value.category == 1


@pytest.mark.parametrize("headers", [{"X": "`\n\trespond /pwned 200"}, {"X\ny": "z"}])
def test_a_header_of_all_sites_is_judged_as_a_sites_own(headers):
    with pytest.raises(PlatformError) as refused:
        edge_sites([{"host": "app.example.com", "upstream": "app:80"}], headers)
    assert refused.value.message.startswith("[1] configuration error at caddy_headers: headers")


def test_the_limit_of_all_sites_is_judged_too():
    with pytest.raises(PlatformError, match="rate_limit, window is"):
        edge_sites([], {}, {"events": 10, "window": "1 minute"})
