"""What an operator gets wrong is named with its category before any host is asked."""

from __future__ import annotations

import pytest
from plays import ROOT, run_playbook

WITHOUT = {
    "platform_integrations": [],
    "platform_applications": ["n8n"],
    "platform_datastores": ["postgresql", "redis"],
}
CASES = {
    "missing-domain": ({"platform_domain": ""}, ["platform_domain is not set"]),
    "invalid-host-name": ({"n8n_host": "n8n_.example.com"}, ["n8n_.example.com", "is not a host name"]),
    "unknown-service": ({"platform_applications": ["n8m"]}, ["there is no service n8m", "mongodb, n8n,"]),
    "weak-password": (
        {"platform_supplied_secrets": {"n8n_owner_password": "short"}},
        ["n8n_owner_password", "at least 12 characters"],
    ),
    "password-that-n8n-would-not-take": (
        {"platform_supplied_secrets": {"n8n_owner_password": "Aa-1" * 17}},
        ["n8n_owner_password", "at most 64 characters"],
    ),
    "mirror-without-address": ({"platform_image_source": "mirror"}, ["platform_image_mirror"]),
    "unknown-image-source": ({"platform_image_source": "mirorr"}, ["platform_image_source", "got: mirorr"]),
    "several-at-once": (
        {"platform_size": "big", "platform_name": "../../etc/x", "platform_whatsapp_instances": [5511987654321]},
        ["standard, small", "platform_name is '../../etc/x'", "5511987654321, which is no text"],
    ),
    "misspelt-container": ({"platform_overrides": {"n8n-worke": {}}}, ["did you mean n8n-worker?"]),
    "instance-without-role": ({"platform_instances": {"reports": {"memory_limit_mb": 512}}}, ["does not say its role"]),
    "instance-of-nothing": (
        {"platform_instances": {"reports": {"role": "postgres"}}},
        ["there is no service postgres"],
    ),
    "misspelt-setting-of-an-instance": (
        {"platform_instances": {"reports": {"role": "postgresql", "memroy_limit_mb": 512}}},
        ["instance reports", "the role postgresql has no postgresql_memroy_limit_mb (did you mean memory_limit_mb?)"],
    ),
    "wrong-setting-of-an-instance": (
        {"platform_instances": {"reports": {"role": "postgresql", "memory_limit_mb": "much"}}},
        ["instance reports", "'postgresql_memory_limit_mb' is of type"],
    ),
    "instance-that-is-taken": (
        {"platform_instances": {"n8n-two": {"role": "n8n"}}},
        ["n8n and n8n-two both claim the container n8n"],
    ),
    "consumer-that-would-run": (
        {"platform_instances": {"shop": {"role": "consumer", "containers": {}}}},
        ["instance shop", "the role consumer has no consumer_containers", "one of needs, requires"],
    ),
    "consumer-of-nothing": (
        {
            "platform_instances": {
                "shop": {
                    "role": "consumer",
                    "needs": [{"kind": "redis", "instance": "cache", "user": {"name": "shop", "keys": ["shop:*"]}}],
                }
            },
        },
        ["shop needs cache, which does not run here"],
    ),
    "unmet-need": (WITHOUT, ["n8n needs seaweedfs, which does not run here"]),
    "one-host-name-for-two": (
        {"n8n_host": "same.example.com", "directus_host": "same.example.com"},
        ["directus", "n8n", "both claim the host name same.example.com"],
    ),
}


@pytest.fixture(scope="module")
def cases(asked):
    settings = {case: variables for case, (variables, _words) in CASES.items()}
    return asked("declare.yml", {**settings, "sound": {}})


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_by_name(cases, case):
    refusal = cases.refusal(case)
    assert "[1] configuration error" in refusal
    assert [word for word in CASES[case][1] if word not in refusal] == []


def test_what_is_sound_is_declared_without_asking_the_host(cases):
    assert cases.refusal("sound") == ""
    assert {"postgresql", "n8n", "caddy"} <= set(cases.answers["sound"]["declarations"])
    assert "unreachable=0" in cases.run.output and "UNREACHABLE" not in cases.run.output


def test_a_site_of_what_runs_elsewhere_is_published(asked):
    shop = {"sites": [{"host": "shop.example.com", "upstream": "192.0.2.7:8080"}]}
    case = asked("declare.yml", {"one": {"platform_instances": {"shop": {"role": "consumer", **shop}}}})
    assert case.refusal("one") == ""
    declarations = case.answers["one"]["declarations"]
    assert declarations["shop"]["sites"] == shop["sites"] and declarations["shop"]["needs"] == []
    (proxy,) = [file["content"] for file in declarations["caddy"]["files"] if file["path"] == "caddy/Caddyfile"]
    assert "shop.example.com" in proxy and "192.0.2.7:8080" in proxy


def test_a_wrong_vault_password_is_named(asked, tmp_path):
    right = asked("declare.yml", {"right": {}})
    assert right.refusal("right") == ""
    (tmp_path / "wrong").write_text("wrong", encoding="utf-8")
    run = run_playbook(
        str(ROOT / "tests/controller/declare.yml"),
        str(right.folder / "hosts.yml"),
        variables={"answers": str(tmp_path), "demo_https_port": 443},
        env={"ANSIBLE_VAULT_PASSWORD_FILE": str(tmp_path / "wrong")},
    )
    assert "[1] configuration error" in run.output and "vault password" in run.output, run.output[-3000:]
