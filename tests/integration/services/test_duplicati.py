"""Duplicati (a stand-in, see tests/standins/applications) as its role runs it: its job, its rights, what it refuses."""

from __future__ import annotations

import pytest
from integration.conftest import VERSIONS, Container, docker
from integration.services.conftest import eventually

pytestmark = pytest.mark.integration
IMAGE = f"duplicati/duplicati:{VERSIONS['duplicati_version']}"
DESTINATION = "s3://offsite/borgstack?s3-server-name=s3.example.com&use-ssl=true"
MASK = "**********"
DESTINATION_PASSWORD = "Off~site/pass&word=1"


@pytest.fixture(scope="module")
def duplicati(deploy):
    deployment = deploy(
        converge=False,
        platform_applications=["duplicati"],
        duplicati_destination=DESTINATION,
        duplicati_destination_user="AKIA/EXAMPLE",
        platform_supplied_secrets={"duplicati_destination_password": DESTINATION_PASSWORD},
    )
    first = deployment.converge()
    assert first.returncode == 0, first.output
    assert DESTINATION_PASSWORD not in first.output
    return deployment


def login(deployment, password: str, **keywords):
    return deployment.ask("duplicati", 8200, "/api/v1/auth/login", "POST", json={"Password": password}, **keywords)


def jobs(deployment) -> list[dict]:
    token = login(deployment, deployment.secrets["duplicati_web_password"]).json()["AccessToken"]
    headers = {"Authorization": f"Bearer {token}"}
    return deployment.ask("duplicati", 8200, "/api/v1/backups", headers=headers).json()


def opened(deployment) -> dict:
    return deployment.ask("duplicati", 8200, "/_standin/backup/1").json()


def options(job: dict) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in job["Backup"]["Settings"]}


def asked(deployment, method: str) -> list[str]:
    seen = deployment.ask("duplicati", 8200, "/_standin/requests").json()
    return [one["path"] for one in seen if one["method"] == method and "/auth/" not in one["path"]]


def test_its_job_keeps_what_was_asked_for_and_refuses_an_empty_source(duplicati):
    (job,) = jobs(duplicati)
    assert (job["Backup"]["Name"], job["Backup"]["Sources"]) == ("platform", ["/backups/"])
    assert options(job)["retention-policy"] == "1W:1D,4W:1W,12M:1M"
    assert (options(job)["prevent-empty-source"], options(job)["encryption-module"]) == ("true", "aes")
    assert job["Schedule"]["Time"].endswith("T05:00:00Z") and job["Schedule"]["Repeat"] == "1D"


def test_its_job_holds_the_real_secrets_which_answers_hide(duplicati):
    (job,) = jobs(duplicati)
    assert options(job)["passphrase"] == MASK and f"auth-password={MASK}" in job["Backup"]["TargetURL"]
    real = opened(duplicati)
    assert options(real)["passphrase"] == duplicati.secrets["duplicati_backup_passphrase"]
    login = "&auth-username=AKIA%2FEXAMPLE&auth-password=Off~site%2Fpass%26word%3D1"
    assert real["Backup"]["TargetURL"] == DESTINATION + login


def test_it_tells_nobody_how_it_is_used(duplicati):
    assert "usage is not reported" in duplicati.logs("duplicati")
    # Or the line before would prove nothing.
    usual = Container(IMAGE, options=("--env=DUPLICATI__WEBSERVICE_PASSWORD=x", "--env=SETTINGS_ENCRYPTION_KEY=x"))
    try:
        eventually(lambda: "usage is reported" in usual.logs())
    finally:
        usual.remove()


def test_a_second_run_changes_nothing(duplicati):
    again = duplicati.converge()
    assert (again.returncode, again.changed) == (0, 0), again.output


def test_a_changed_job_is_changed_in_place_with_its_secrets_and_its_day(duplicati):
    day = opened(duplicati)["Schedule"]["Time"][:10]
    changed = duplicati.converge(duplicati_retention="7D:1D", duplicati_schedule_time="06:30")
    assert changed.returncode == 0 and changed.changed > 0, changed.output
    (job,) = jobs(duplicati)
    assert (options(job)["retention-policy"], job["Schedule"]["Time"]) == ("7D:1D", f"{day}T06:30:00Z")
    assert options(opened(duplicati))["passphrase"] == duplicati.secrets["duplicati_backup_passphrase"]
    assert asked(duplicati, "PUT") == ["/api/v1/backup/1"]
    assert duplicati.converge().changed == 0


def test_what_lies_on_its_volume_is_sealed_and_outlives_the_container(duplicati):
    file = "/data/Duplicati/Duplicati-server.sqlite"
    for held in ("retention-policy", duplicati.secrets["duplicati_backup_passphrase"]):
        assert duplicati.run("duplicati", "grep", "-c", "--", held, file, check=False).strip() == "0"
    docker("rm", "--force", duplicati.container("duplicati"))
    assert duplicati.converge().returncode == 0
    assert [job["Backup"]["ID"] for job in jobs(duplicati)] == ["1"]
    mounts = {mount["Destination"]: mount for mount in duplicati.inspect("duplicati")["Mounts"]}
    assert set(mounts) == {"/data", "/backups"} and not mounts["/backups"]["RW"]


def test_it_reads_what_belongs_to_others_and_may_do_nothing_else(duplicati):
    dumps = duplicati.folder / "project/backups"
    (dumps / "n8n_db.dump").write_text("a dump", encoding="utf-8")
    (dumps / "n8n_db.dump").chmod(0o600)
    docker("run", "--rm", f"--volume={dumps}:/d", IMAGE, "chown", "999:999", "/d/n8n_db.dump")
    token = login(duplicati, duplicati.secrets["duplicati_web_password"]).json()["AccessToken"]
    headers = {"Authorization": f"Bearer {token}"}
    ran = duplicati.ask("duplicati", 8200, "/api/v1/backup/1/run", "POST", headers=headers).json()
    assert (ran["Files"], ran["Bytes"]) == (1, 6)
    host = duplicati.inspect("duplicati")["HostConfig"]
    assert (host["CapDrop"], [name.removeprefix("CAP_") for name in host["CapAdd"]]) == (["ALL"], ["DAC_READ_SEARCH"])
    assert not host["PortBindings"]


@pytest.mark.parametrize(
    ("host", "status"), [("duplicati.demo.example.com", 200), ("duplicati:8200", 200), ("evil.example.com", 403)]
)
def test_it_answers_to_its_own_names_only(duplicati, host, status):
    assert duplicati.ask("duplicati", 8200, "/", headers={"Host": host}).status_code == status


def test_a_changed_web_password_counts_and_the_former_one_does_not(duplicati):
    former = duplicati.secrets["duplicati_web_password"]
    secrets = {**duplicati.variables["platform_supplied_secrets"], "duplicati_web_password": "Changed~password-1"}
    assert duplicati.converge(platform_supplied_secrets=secrets).returncode == 0
    assert login(duplicati, "Changed~password-1").status_code == 200
    assert login(duplicati, former).status_code == 401


def test_another_settings_key_is_refused_before_anything_is_touched(duplicati):
    started = duplicati.inspect("duplicati")["State"]["StartedAt"]
    secrets = {**duplicati.variables["platform_supplied_secrets"], "duplicati_settings_key": "x" * 48}
    refused = duplicati.converge(platform_supplied_secrets=secrets)
    assert refused.returncode != 0 and "duplicati_settings_key" in refused.output
    assert duplicati.inspect("duplicati")["State"]["StartedAt"] == started


def test_without_a_destination_there_is_no_job(deploy):
    plain = deploy(platform_applications=["duplicati"])
    assert jobs(plain) == []
    assert "duplicati_backup_passphrase" not in plain.secrets
    plain.ask("duplicati", 8200, "/_standin/faults", "POST", json={"path": "/api/v1/backups", "status": 500})
    refused = plain.converge(duplicati_destination="file:///elsewhere")
    assert refused.returncode != 0 and "[5] integration error" in refused.output, refused.output
    completed = plain.converge()
    assert completed.returncode == 0, completed.output
    assert [job["Backup"]["TargetURL"] for job in jobs(plain)] == ["file:///elsewhere"]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (["DUPLICATI__SERVER_ENCRYPTION_PASSWORD=x"], "does not know DUPLICATI__SERVER_ENCRYPTION_PASSWORD"),
        (["DUPLICATI__WEBSERVICE_PASSWORD=x"], "not set: SETTINGS_ENCRYPTION_KEY"),
        (["PUID=1000"], "does not know PUID"),
    ],
)
def test_the_stand_in_refuses_what_the_image_does_not_know_and_what_is_missing(variables, words):
    assert words in docker("run", "--rm", *(f"--env={one}" for one in variables), IMAGE, check=False)
