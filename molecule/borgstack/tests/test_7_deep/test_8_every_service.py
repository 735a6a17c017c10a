"""Every application of the whole platform is switched off, purged, and made again, while all others run."""

from __future__ import annotations

import pytest
import yaml
from conftest import PROJECT, ROOT, eventually

PURGE = "playbooks/purge.yml"
DECLARED = yaml.safe_load((ROOT / "inventories/demo/group_vars/all/main.yml").read_text(encoding="utf-8"))
APPLICATIONS, INTEGRATIONS = DECLARED["platform_applications"], DECLARED["platform_integrations"]
# What an integration cannot do without; it leaves first.
NEEDED_BY = {
    "media_pipeline": ("n8n", "directus", "fileflows"),
    "whatsapp_chatwoot": ("n8n", "chatwoot", "evolution_api"),
}
# No module drops a database of MongoDB yet.
REFUSED = ("lowcoder",)


def containers(server) -> set[str]:
    """Return name, id and start of each container."""
    shown = "{{.Name}} {{.Id}} {{.State.StartedAt}}"
    listed = server.check_output(f"docker ps --all --quiet | xargs docker inspect --format '{shown}'")
    return set(listed.splitlines())


def test_each_integration_is_known():
    assert set(NEEDED_BY) == set(INTEGRATIONS)


@pytest.mark.parametrize("service", [one for one in APPLICATIONS if one not in REFUSED])
def test_it_goes_alone_and_comes_back(play, verify, server, service):
    leaving = [one for one in INTEGRATIONS if service in NEEDED_BY[one]]
    off = {
        "platform_applications": [one for one in APPLICATIONS if one != service],
        "platform_integrations": [one for one in INTEGRATIONS if one not in leaving],
    }
    run = play(**off)
    assert run.returncode == 0, run.output[-6000:]
    staying = containers(server)
    assert staying and not [line for line in staying if line.startswith(f"/{PROJECT}-{service.replace('_', '-')}")]

    for one in [*leaving, service]:
        run = play(playbook=PURGE, purge=one, purge_confirm=one, **off)
        assert run.returncode == 0, run.output[-6000:]
    assert run.changed > 0 and containers(server) == staying
    again = play(**off)
    assert (again.returncode, again.changed) == (0, 0), again.output[-6000:]
    assert verify(**off)[1] == {}

    run = play()
    assert run.returncode == 0, run.output[-6000:]
    eventually(lambda: verify()[1] == {}, 180)


@pytest.mark.parametrize("service", REFUSED)
def test_what_cannot_be_forgotten_yet_is_refused_before_anything_goes(play, server, service):
    off = {"platform_applications": [one for one in APPLICATIONS if one != service]}
    run = play(**off)
    assert run.returncode == 0, run.output[-6000:]
    before = server.check_output("docker volume ls --quiet")
    run = play(playbook=PURGE, purge=service, purge_confirm=service, **off)
    assert run.returncode != 0 and "[2] prerequisite error" in run.output, run.output[-6000:]
    assert server.check_output("docker volume ls --quiet") == before
    assert play().returncode == 0
