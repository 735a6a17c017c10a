"""What a backup does when something is wrong: what was saved before stays, and the next run has nothing to mend."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from borgstack_backup.failure import Failure
from borgstack_backup.objects import Objects, read_index
from borgstack_backup.plan import Destination, Plan
from borgstack_backup.repository import Repository
from integration.backup.estate import PASSWORD, Estate, living
from integration.conftest import docker
from integration.s3.servers import SECRET

# More of them in `script/test --deep`.
KILLS = min(int(os.environ.get("BORGSTACK_TEST_KILLS") or 1), 5)

pytestmark = pytest.mark.integration

REPOSITORY_PASSWORD = "Repository-1-password"


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    made = Estate(tmp_path_factory.mktemp("faults"))
    try:
        made.fill()
        made.backup()
        yield made
    finally:
        made.remove()


@pytest.fixture(autouse=True)
def usual_plan(estate):
    yield
    estate.write_plan()


def restic(estate: Estate, *arguments: str) -> str:
    environment = {"RESTIC_REPOSITORY": str(estate.folder / "repository"), "RESTIC_PASSWORD": REPOSITORY_PASSWORD}
    command = ["restic", "--no-cache", *arguments]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return finished.stdout


def test_an_unreachable_destination_is_told_and_the_others_have_the_set(estate):
    address = "rest:http://user:hidden-word@127.0.0.1:9/"
    nowhere = {"name": "nowhere", "repository": address, "password": "Another-1-word"}
    estate.write_plan(nowhere, *estate.plan["destinations"], connect_seconds=3)
    before = estate.sets
    said = estate.backup(status=3)
    assert "[3] network error at nowhere" in said
    assert "hidden-word" not in said + json.dumps(estate.status)
    assert estate.sets != before
    assert f"local: {estate.sets[0]}" in estate.run("list", status=3)
    assert not estate.status["last_run"]["ok"] and estate.status["last_success"]["set"] in before


def test_object_storage_is_a_destination(estate):
    store = {
        "name": "s3",
        "repository": f"s3:http://{estate.store.address}:8333/offsite",
        "password": "Repository-2-password",
        "environment": {"AWS_ACCESS_KEY_ID": "admin", "AWS_SECRET_ACCESS_KEY": SECRET},
    }
    estate.write_plan(store)
    estate.backup()
    rows = estate.sql("select count(*) from orders", "shop")
    estate.sql("delete from orders", "shop")
    estate.restore("postgresql/shop", "--origin", "s3")
    assert estate.sql("select count(*) from orders", "shop") == rows
    for item in estate.s3.list_objects_v2(Bucket="offsite")["Contents"]:
        estate.s3.delete_object(Bucket="offsite", Key=item["Key"])
    # A repository that vanished is not made anew in silence.
    assert "[10] data error at s3: the repository is gone" in estate.backup(status=10)
    estate.s3.delete_bucket(Bucket="offsite")
    (estate.directory / "backup/state/accept-smaller").write_text("seaweedfs/offsite\n")


def test_a_stopped_database_is_told_and_the_former_set_stays(estate):
    before = estate.sets
    docker("stop", estate.postgresql.name)
    try:
        assert "[4] service startup error at postgresql" in estate.backup(status=4)
    finally:
        docker("start", estate.postgresql.name)
        estate.postgresql.wait("pg_isready", "-h", "127.0.0.1", "-U", "postgres")
    assert estate.sets == before
    estate.backup()


def test_a_dump_that_is_much_smaller_than_the_last_is_a_failure_until_it_is_accepted(estate):
    estate.sql("create table large (x text)", "shop")
    estate.sql("insert into large select repeat(md5(g::text), 100) from generate_series(1, 400) g", "shop")
    estate.backup()
    before = estate.sets
    estate.sql("truncate large", "shop")
    said = estate.backup(status=10)
    assert "[10] data error at postgresql/shop: it has" in said and "backup_accept_smaller=postgresql/shop" in said
    assert estate.sets == before
    (estate.directory / "backup/state/accept-smaller").write_text("postgresql/shop\n")
    estate.backup()
    estate.backup()


def test_another_password_of_the_repository_is_told(estate):
    place = Destination("local", str(estate.folder / "repository"), "Wrong-1-password")
    with pytest.raises(Failure) as refused:
        Repository(place, estate.project, "restic", estate.folder / "cache-wrong").open()
    assert refused.value.category == 1 and "Wrong-1" not in refused.value.message


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_flipped_byte_in_the_repository_is_found_and_nothing_is_pruned(estate, seed):
    packs = sorted(path for path in (estate.folder / "repository/data").rglob("*") if path.is_file())
    pack = random.Random(seed).choice(packs)
    whole = pack.read_bytes()
    position = random.Random(seed).randrange(len(whole))
    snapshots = restic(estate, "snapshots", "--json")
    pack.chmod(0o600)
    pack.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
    try:
        # With a retention that would leave one only.
        estate.write_plan(keep={"last": 1})
        assert "[10] data error at local" in estate.backup(status=10), (pack, position)
        assert len(json.loads(restic(estate, "snapshots", "--json"))) > len(json.loads(snapshots))
    finally:
        pack.write_bytes(whole)
        shutil.rmtree(estate.directory / "backup/state/cache", ignore_errors=True)


def test_a_set_whose_file_was_changed_is_not_restored(estate):
    estate.backup()
    dump = estate.directory / "backups" / estate.sets[0] / "postgresql/postgresql/shop.dump"
    content = dump.read_bytes()
    dump.write_bytes(content[:-100] + b"x" + content[-99:])
    rows = estate.sql("select count(*) from orders", "shop")
    assert "[10] data error" in estate.restore("postgresql/shop", status=10)
    assert estate.sql("select count(*) from orders", "shop") == rows
    estate.restore("postgresql/shop", "--origin", "local")
    dump.write_bytes(content)
    # As the manual has it for a server that is lost.
    assert restic(estate, "dump", "latest", "/platform/vault.yml").startswith("$ANSIBLE_VAULT")


def test_two_at_once_are_refused_and_a_killed_one_leaves_nothing_in_the_way(estate):
    first = estate.start("run")
    try:
        first.stdout.readline()
        said = estate.backup(status=2)
        assert "[2] prerequisite error" in said and "a backup is under way, since" in said
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    estate.backup()
    assert list((estate.directory / "backup/work").iterdir()) == []


def test_a_run_that_is_killed_while_it_stores_leaves_no_restic_that_holds_the_repository(estate):
    estate.app.run("sh", "-c", "head -c 20000000 /dev/urandom >/app/large")
    first = estate.start("run")
    while "is finished" not in first.stdout.readline():
        assert first.poll() is None
    while not (children := [pid for pid, parent in living() if parent == first.pid]):
        assert first.poll() is None
    first.kill()
    first.wait()
    deadline = time.monotonic() + 5
    while {pid for pid, _parent in living()} & set(children):
        assert time.monotonic() < deadline
    estate.backup()
    estate.app.run("rm", "/app/large")
    (estate.directory / "backup/state/accept-smaller").write_text("volume/app_data\n")
    estate.backup()


@pytest.mark.parametrize("moment", [1.0 + 2 * kill for kill in range(KILLS)])
def test_kills_lose_nothing(estate, moment):
    before = estate.sets
    process = estate.start("run")
    time.sleep(moment)
    process.kill()
    process.wait()
    # A set is whole or not there, and the former one goes after the next one has come.
    assert estate.sets and (estate.sets[-1] >= before[-1])
    listed = json.loads(restic(estate, "snapshots", "--json", "--no-lock"))
    assert listed
    estate.backup()
    assert len(estate.sets) == 1
    restic(estate, "check", "--read-data")


def test_a_killed_restore_of_a_database_leaves_the_former_one(estate):
    rows = estate.sql("select count(*) from orders", "shop")
    estate.backup()
    # As a kill between the two steps leaves it.
    estate.sql('alter database shop rename to "shop__replaced"')
    estate.sql("create database shop")
    docker("stop", "--time", "1", estate.app.name)
    (estate.directory / "backup/state/restore-stopped.json").write_text('["app"]')
    estate.restore("postgresql/shop")
    assert estate.sql("select count(*) from orders", "shop") == rows
    assert estate.sql("select count(*) from pg_database where datname ~ 'replaced'") == [(0,)]
    assert docker("inspect", "--format", "{{.State.Running}}", estate.app.name).strip() == "true"


def test_what_is_too_old_goes_by_days_weeks_months_and_years(estate):
    folder = estate.folder / "aged"
    place = Destination("aged", str(folder), REPOSITORY_PASSWORD)
    repository = Repository(place, "aged", "restic", estate.folder / "cache-aged")
    repository.open()
    content = estate.folder / "content"
    content.mkdir()
    (content / "manifest.json").write_text("{}")
    environment = {"RESTIC_REPOSITORY": str(folder), "RESTIC_PASSWORD": REPOSITORY_PASSWORD}
    # The last nine days, and a day of each week before.
    for day in [*range(0, 42, 7), *range(42, 51)]:
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_699_833_600 + day * 86400))
        command = ["restic", "--no-cache", "backup", ".", "--host", "aged", "--tag", f"set-{day:03}", "--time", moment]
        subprocess.run(command, check=True, capture_output=True, env=environment, cwd=content)
    repository.forget({"daily": 7, "weekly": 4})
    kept = [int(item["set"]) for item in repository.snapshots()]
    assert kept[-7:] == list(range(44, 51))
    # Of the last four weeks two lie among the seven days.
    assert kept[:-7] == [34, 41] or kept[:-7] == [28, 35], kept


def is_frozen(estate: Estate) -> bool:
    return docker("inspect", "--format", "{{.State.Paused}}", estate.app.name).strip() == "true"


def test_applications_stand_still_where_that_is_wanted_and_go_on_after_a_kill_too(estate):
    estate.write_plan(quiesce=True)
    process = estate.start("run")
    while "postgresql postgresql" not in process.stdout.readline():
        assert process.poll() is None
    process.kill()
    process.wait()
    assert is_frozen(estate)
    assert "goes on: app" in estate.run("reap") and not is_frozen(estate)
    said = estate.backup()
    manifest = json.loads((estate.directory / "backups" / estate.sets[-1] / "manifest.json").read_text())
    assert f"applications stood still for {manifest['paused_seconds']} s" in said and not is_frozen(estate)


def test_what_came_and_went_within_a_backup_is_not_in_the_set_and_the_rest_that_moved_is_noted(estate, tmp_path):
    """The limit of two passes: an object of which only the database has heard. A drill names it."""
    source = next(source for source in Plan.of(estate.plan).sources if source.kind == "s3")
    store = Objects(source, estate.store.address)
    estate.s3.put_object(Bucket="files", Key="moving/went", Body=b"1")
    store.save(tmp_path)
    estate.s3.put_object(Bucket="files", Key="moving/flash", Body=b"1")
    estate.s3.delete_object(Bucket="files", Key="moving/flash")
    estate.s3.delete_object(Bucket="files", Key="moving/went")
    estate.s3.put_object(Bucket="files", Key="moving/came", Body=b"1")
    (part,) = [part for part in store.save(tmp_path) if part.name == "seaweedfs/files"]
    index = read_index(tmp_path / part.file)
    assert {key: index[key]["moving"] for key in index if key.startswith("moving/")} == {
        "moving/went": "went", "moving/came": "came",
    }  # fmt: skip
    assert part.facts == {"came": 1, "went": 1}
    estate.s3.delete_object(Bucket="files", Key="moving/came")


def test_no_secret_is_an_argument_of_a_process(estate):
    process = estate.start("run")
    seen = set()
    while process.poll() is None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(path.read_bytes())
            except OSError:
                continue
    assert process.returncode == 0
    assert any(b"restic" in line for line in seen) and any(b"pg_dump" in line for line in seen)
    # The test's own servers were given theirs by arguments.
    programs = (b"docker\0exec\0--interactive", b"restic", b"tar", b"psql", b"pg_", b"redis-cli\0-p")
    own = [line for line in seen if line.startswith(programs)]
    for secret in (PASSWORD, SECRET, REPOSITORY_PASSWORD):
        assert [line for line in own if secret.encode() in line] == []
