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


def test_a_drill_beside_production_names_an_object_that_is_lost_and_nothing_else(play, server, secrets):
    estate = Estate(server, secrets)
    name = f"lost-{uuid.uuid4().hex}"
    values = f"gen_random_uuid(), 's3', '{name}', '{name}', 'text/plain'"
    estate.psql(
        "directus_db",
        f"insert into directus_files (id, storage, filename_disk, filename_download, type) values ({values})",
    )
    try:
        assert play(playbook="playbooks/backup.yml").returncode == 0
        shown = play("--check", playbook="playbooks/drill.yml")
        assert shown.returncode == 0 and "restore beside production: postgresql/directus_db" in shown.output, (
            shown.output
        )
        failed = play(playbook="playbooks/drill.yml")
    finally:
        estate.psql("directus_db", f"delete from directus_files where filename_disk = '{name}'")
    assert failed.returncode != 0 and "[10] data error at directus: each file has its object" in failed.output, (
        failed.output
    )
    report = json.loads(server.check_output("cat /opt/borgstack/backup/state/drill.json"))
    wrong = [(row["component"], row["what"]) for row in report["found"] if row["state"] != "ok"]
    assert len(wrong) == 1 and name in wrong[0][1], wrong
    restored = {row["component"] for row in report["found"] if row["check"] == "comes back as it was"}
    assert {"postgresql/directus_db", "redis", "seaweedfs/directus", "volume/caddy_data"} <= restored
    for kind in ("ps --all", "network ls", "volume ls"):
        assert server.check_output(f"docker {kind} --quiet --filter label=borgstack.drill") == ""
    assert [key for key, secret in secrets.items() if isinstance(secret, str) and secret in failed.output] == []
