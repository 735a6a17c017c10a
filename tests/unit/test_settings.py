"""What an inventory says is judged before any of it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils.settings import (
    misspelt,
    setting_errors,
    unknown_tags,
)

ROLES = str(Path(__file__).resolve().parents[2] / "roles")
GOOD = {"platform_domain": "example.com", "platform_name": "borgstack", "platform_directory": "/opt/borgstack"}


def judged(**values) -> list[str]:
    return setting_errors({**GOOD, **values}, ROLES)


def test_what_is_right_is_let_through():
    assert (
        judged(
            platform_applications=["n8n"],
            platform_whatsapp_instances=["Vendas São Paulo", "5511987654321"],
            platform_smtp={"host": "mail.example.com", "port": 587, "tls": "starttls"},
            platform_size="small",
            platform_timezone="America/Argentina/Buenos_Aires",
            platform_locale="pt_BR",
            platform_https_port="8443",
            platform_directory="/tmp/pytest-of-root/pytest-0/deployment0/project",
        )
        == []
        == judged(platform_smtp={}, platform_image_mirror="", platform_timezone="UTC")
    )


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("platform_applications", "n8n", "no list, such as [n8n]"),
        ("platform_applications", None, "empty (null)"),
        ("platform_applications", ["n8n", "n8n"], "'n8n' more than once"),
        ("platform_size", "big", "standard, small"),
        ("platform_image_source", "tape", "registry, mirror, archive"),
        ("platform_smtp", {"hostname": "x"}, "hostname"),
        ("platform_smtp", {"host": "x", "tls": "ssl"}, "starttls, tls, none"),
        ("platform_smtp", "mail.example.com", "platform_smtp"),
        ("platform_whatsapp_instances", [5511987654321], "no text; write it in quotes"),
        ("platform_whatsapp_instances", ["dup", "dup"], "more than once"),
        ("platform_whatsapp_instances", ["a/b"], "a name has up to 60 letters"),
        ("platform_whatsapp_instances", "foo", "no list"),
        ("platform_name", "Bad Name", "lower case letters"),
        ("platform_name", "../../etc/x", "lower case letters"),
        ("platform_directory", "/opt/Bad Name", "a folder of its own"),
        ("platform_directory", "/opt/../etc/x", "a folder of its own"),
        ("platform_directory", "/etc/x", "a folder of its own"),
        ("platform_directory", "/opt", "a folder of its own"),
        ("platform_directory", "opt/x", "a folder of its own"),
        ("platform_timezone", "$(reboot)", "a name such as America/Sao_Paulo"),
        ("platform_locale", "pt\nBR", "a name such as pt_BR"),
        ("platform_image_mirror", "https://mirror.lan/ x", "without https://"),
        ("platform_start_timeout", "soon", "platform_start_timeout"),
    ],
)
def test_what_cannot_be_meant_is_named(name, value, words):
    told = judged(**{name: value})
    assert told and name in told[0] and words in "; ".join(told)


def test_all_that_is_wrong_is_told_at_once():
    assert len(judged(platform_size="big", platform_name="X", platform_applications="n8n")) == 3


def test_a_variable_that_looks_like_a_setting_is_named_with_the_nearest():
    names = ["n8n_verson", "n8n_version", "evolution_api_vesion", "n8n_declarations", "other_thing", "platform_domian"]
    told = misspelt(names, ROLES, ["n8n", "evolution_api", "platform", "no_such_role"])
    assert [line.split(" ")[0] for line in told] == ["evolution_api_vesion", "n8n_verson", "platform_domian"]
    assert "did you mean n8n_version?" in told[1] and "did you mean platform_domain?" in told[2]


def test_a_tag_that_nothing_has_is_named_with_the_nearest():
    assert unknown_tags(["n8m", "all", "host"], ["n8n", "host"]) == ["n8m, did you mean n8n?"]
    assert unknown_tags(["zzz"], ["n8n"]) == ["zzz"]
