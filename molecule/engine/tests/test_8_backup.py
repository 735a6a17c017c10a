"""The host saves the platform by itself, and all of it comes back."""

from __future__ import annotations

import json
import uuid

from conftest import DOMAIN
from estate import Estate, Markers

STATUS = "/opt/borgstack/backup/state/status.json"


def test_a_backup_is_made_by_its_unit_and_comes_back(play, server, secrets, s3, serving):
    assert server.check_output("systemctl is-active borgstack-backup.timer") == "active"
    assert "borgstack-backup.service" in server.check_output("systemctl list-timers --no-pager")
    name = f"saved_{uuid.uuid4().hex[:12]}"
    estate = Estate(server, secrets)
    markers = Markers(estate, s3, secrets, name, "directus_db", "directus")
    kept = "/var/lib/docker/volumes/borgstack_caddy_data/_data/kept"
    server.check_output(f"echo kept >{kept}")

    run = play(playbook="playbooks/backup.yml")
    assert run.returncode == 0 and "verified at local" in run.output, run.output
    status = json.loads(server.check_output(f"cat {STATUS}"))
    assert status["last_run"]["ok"] and status["destinations"]["local"]["set"] == status["last_success"]["set"]

    estate.psql("directus_db", f"drop table {name}")
    estate.redis("redis", f"del {name}")
    server.check_output(f"rm {kept}")
    shown = play("--check", playbook="playbooks/restore.yml", restore="all")
    assert shown.returncode == 0 and "replace postgresql/directus_db" in shown.output, shown.output
    refused = play(playbook="playbooks/restore.yml", restore="all")
    assert refused.returncode != 0 and "restore_confirm=borgstack" in refused.output, refused.output
    done = play(playbook="playbooks/restore.yml", restore="all", restore_confirm="borgstack", restore_from="local")
    assert done.returncode == 0, done.output
    serving(f"https://directus.{DOMAIN}/server/ping")
    markers.assert_kept()
    assert server.check_output(f"cat {kept}") == "kept"
    # What was restored is what is declared.
    again = play()
    assert (again.returncode, again.changed) == (0, 0), again.output
    # Neither the journal nor what was printed has a secret.
    said = server.check_output("journalctl --no-pager --unit borgstack-backup") + run.output + done.output
    assert [key for key, secret in secrets.items() if isinstance(secret, str) and secret in said] == []
