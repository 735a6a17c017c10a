"""Every application of the whole platform is switched off, purged, and made again, while all others run."""

from __future__ import annotations

import pytest
import yaml
from conftest import PROJECT, ROOT, eventually

DECLARED = ROOT / "inventories/demo/group_vars/all/main.yml"
APPLICATIONS = yaml.safe_load(DECLARED.read_text(encoding="utf-8"))["platform_applications"]


def containers(server) -> set[str]:
    """Return name, id and start of each container."""
    shown = "{{.Name}} {{.Id}} {{.State.StartedAt}}"
    listed = server.check_output(f"docker ps --all --quiet | xargs docker inspect --format '{shown}'")
    return set(listed.splitlines())


@pytest.mark.parametrize("service", APPLICATIONS)
def test_it_goes_alone_and_comes_back(play, verify, server, service):
    off = {"platform_applications": [one for one in APPLICATIONS if one != service], "platform_integrations": []}
    run = play(**off)
    assert run.returncode == 0, run.output[-6000:]
    name = f"/{PROJECT}-{service.replace('_', '-')}"
    staying = containers(server)
    assert staying and not [line for line in staying if line.startswith(name)]

    run = play(playbook="playbooks/purge.yml", purge=service, purge_confirm=service, **off)
    assert run.returncode == 0 and run.changed > 0, run.output[-6000:]
    again = play(**off)
    assert (again.returncode, again.changed) == (0, 0), again.output[-6000:]
    assert containers(server) == staying
    assert verify(**off)[1] == {}

    run = play()
    assert run.returncode == 0, run.output[-6000:]
    eventually(lambda: verify()[1] == {}, 180)
