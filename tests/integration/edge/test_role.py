"""The role refuses what Caddy would refuse before it is put in place, and says what happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import yaml
from integration.conftest import ROOT
from integration.edge.proxy import IMAGE, Proxy, rendered

pytestmark = pytest.mark.integration
SITES = [{"host": "app.example.com", "upstream": "app:80", "basic_auth": {"user": "admin", "password": "Marker-7-x"}}]


@pytest.fixture
def act(tmp_path):
    """Run one entry point of the role on this machine: `act("judge", sites, caddy_timeout="1s")`."""

    def play_it(*arguments: str, inventory: str = "localhost,") -> str:
        finished = subprocess.run(
            ["ansible-playbook", str(tmp_path / "play.yml"), "-i", inventory, "-c", "local", *arguments],
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
                "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
            },
        )
        return finished.stdout

    def write(entry: str, sites: list[dict], **variables) -> None:
        settings = {
            "ansible_python_interpreter": sys.executable,
            "platform_directory": str(tmp_path),
            "platform_domain": "example.com",
            "platform_admin_email": "admin@example.com",
            "platform_secrets_file": str(tmp_path / "vault.yml"),
            "platform_image_source": "archive",
            "platform_image_archive": "/opt/images",
            "platform_size": "small",
            "platform_image": IMAGE,
            "platform_stale": False,
            "platform_container": "none",
            "platform_supplied_secrets": {"caddy_salt_key": "k" * 48},
            **variables,
        }
        tasks = [
            {"borgstack.platform.declare": {"roles": ["caddy"], "declarations": {"app": {"sites": sites}}}},
            {"ansible.builtin.include_role": {"name": "borgstack.platform.caddy", "tasks_from": entry}},
        ]
        play = [{"hosts": "all", "gather_facts": False, "vars": settings, "tasks": tasks}]
        (tmp_path / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")

    def run(entry: str, sites: list[dict], *arguments: str, **variables) -> str:
        write(entry, sites, **variables)
        return words(play_it(*arguments))

    def foretell(entry: str, sites: list[dict], cases: dict[str, dict]) -> dict[str, str]:
        """Run it in check mode with the variables of many cases, each as a host of its own; what each was told."""
        write(entry, sites)
        inventory = tmp_path / "hosts.yml"
        inventory.write_text(yaml.safe_dump({"all": {"hosts": cases}}), encoding="utf-8")
        lines = play_it("--check", inventory=str(inventory)).splitlines()
        # The line of its failure, and the one of the recap.
        return {
            name: words(*(line for line in lines if line.startswith((f"fatal: [{name}]: ", f"{name} "))))
            for name in cases
        }

    run.play, run.foretell = (lambda: words(play_it())), foretell
    return run


def words(*lines: str) -> str:
    return " ".join(" ".join(lines).split())


def test_what_caddy_takes_passes_in_check_mode_too(act):
    for arguments in ([], ["--check"]):
        assert "failed=0" in act("judge", SITES, *arguments)


@pytest.mark.parametrize("arguments", [[], ["--check"]], ids=["run", "check mode"])
def test_limits_need_an_image_that_can_keep_them(act, arguments):
    output = act("judge", SITES, *arguments, caddy_rate_limit=True)
    assert "[1] configuration error" in output and f"the Caddy of {IMAGE} has no module" in output
    assert "docs/operating.md" in output and "changed=0" in output


def test_a_setting_that_caddy_does_not_take_is_refused_with_its_answer(act):
    output = act("judge", SITES, "--check", caddy_timeout="99999999999h")
    assert "[1] configuration error" in output and "Caddy refuses the configuration" in output
    assert "Marker-7" not in output and "$2b$" not in output


MEANINGLESS = {
    "headers, X is": {"caddy_headers": {"X": "`\n\trespond /pwned 200"}},
    "headers is": {"caddy_headers": {"X Y": "z"}},
    "caddy_email is": {"caddy_email": "admin@example.com\n\tadmin off"},
    "caddy_timeout is": {"caddy_timeout": "60"},
    "caddy_body_timeout is": {"caddy_body_timeout": "1m\n}"},
    "caddy_acme_directory is": {"caddy_acme_directory": "https://ca.example/ {"},
    "caddy_trusted_proxies is not a network": {"caddy_trusted_proxies": ["private_ranges"]},
    "rate_limit, window is": {"caddy_rate_limit": True, "caddy_rate_limit_window": "1 minute"},
    "must be one of: acme, internal": {"caddy_certificates": "none"},
}


def test_settings_that_mean_nothing_are_refused_by_name(act):
    cases = {f"case-{number}": settings for number, settings in enumerate(MEANINGLESS.values())}
    for named, told in zip(MEANINGLESS, act.foretell("judge", SITES, cases).values()):
        assert named in told and "changed=0" in told and "failed=1" in told, told


def test_an_image_that_is_not_there_yet_is_no_failure_in_check_mode_only(act):
    absent = {"platform_image": "caddy:not-here"}
    assert "failed=0" in act("judge", SITES, "--check", **absent)
    output = act("judge", SITES, **absent)
    assert "failed=1" in output and "[2] prerequisite error" in output
    assert "docker save --output IMAGES.tar caddy:not-here" in output and "--help" not in output


def test_what_is_in_place_already_costs_no_question(act, tmp_path):
    assert "Validate the configuration" in act("judge", SITES)
    play = yaml.safe_load((tmp_path / "play.yml").read_text(encoding="utf-8"))
    file = {"content": "{{ platform_declarations.caddy.files[0].content }}", "dest": str(tmp_path / "caddy/Caddyfile")}
    play[0]["tasks"][1] = {"ansible.builtin.copy": file}
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    (tmp_path / "caddy").mkdir()
    assert "failed=0" in act.play()
    assert "Validate the configuration" not in act("judge", SITES)
    assert "Validate the configuration" in act("judge", SITES, platform_stale=True)


def test_a_refused_reload_puts_back_what_is_in_effect(act, tmp_path):
    folder = tmp_path / "caddy"
    folder.mkdir()
    folder.chmod(0o755)
    proxy = Proxy(folder)
    try:
        before = rendered([])
        for name, content in before.items():
            (folder / f"{name}.pending").write_text(content, encoding="utf-8")
        (folder / "Caddyfile").write_text("broken {\n\tno_such_thing\n}\n", encoding="utf-8")
        output = act("reload", [], platform_container=proxy.container.name)
        assert "[4] service startup error" in output and "no_such_thing" in output
        assert (folder / "Caddyfile").read_text(encoding="utf-8") == before["Caddyfile"]
        assert (folder / "Caddyfile.pending").exists()
        assert json.loads(proxy.container.run("wget", "-q", "-O", "-", "http://localhost:2019/config/"))
        assert "failed=0" in act("reload", [], platform_container=proxy.container.name)
        assert not (folder / "Caddyfile.pending").exists()
    finally:
        proxy.remove()
