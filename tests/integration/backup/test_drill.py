"""A drill beside production, with real servers: what is good is proven, and each thing that is not is named."""

from __future__ import annotations

import json

import pytest
from integration.backup.estate import PASSWORD, Estate
from integration.conftest import docker
from integration.s3.servers import SECRET

pytestmark = pytest.mark.integration

WORD = "Sesame-1-o'pen\\"
SAVED = 'APP_KEY="saved-1"\n'
CANARIES = [
    {"service": "app", "claim": "each order has its file", "part": "postgresql/shop", "bucket": "seaweedfs/files",
     "query": "select file from orders", "objects": "^o"},
    {"service": "app", "claim": "the clerk can log in", "part": "postgresql/shop", "expect": "t",
     "query": "select hash = crypt(:'word', hash) from clerks", "variables": {"word": WORD}},
    {"service": "app", "claim": "a search finds the same", "part": "postgresql/shop",
     "query": "select id from orders order by at <-> '[3,1,2]', id limit 5"},
    {"service": "app", "claim": "its key is the one that was saved", "container": "app", "expect": "saved-1",
     "command": ["sh", "-c", 'grep -q first /app/note && echo "$APP_KEY"']},
]  # fmt: skip


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    made = Estate(tmp_path_factory.mktemp("drill"))
    try:
        made.fill()
        made.sql("create extension pgcrypto", "shop")
        made.sql("create table clerks (hash text)", "shop")
        escaped = WORD.replace("'", "''")
        made.sql(f"insert into clerks values (crypt('{escaped}', gen_salt('bf', 4)))", "shop")
        made.sql("delete from orders where id > 20", "shop")
        for (name,) in made.sql("select file from orders", "shop"):
            made.s3.put_object(Bucket="files", Key=name, Body=f"file of {name}".encode())
        (made.directory / "secrets").mkdir()
        (made.directory / "secrets/app.env").write_text(SAVED, encoding="utf-8")
        shut_in = f"! timeout 2 bash -c '</dev/tcp/{made.redis.address}/6379'"
        alone = {"service": "app", "claim": "it reaches nobody", "container": "app", "command": ["bash", "-c", shut_in]}
        made.canaries = [*CANARIES, alone]
        made.write_plan()
        made.backup()
        yield made
    finally:
        made.remove()


def drilled(estate: Estate, status: int = 0) -> tuple[dict, dict[tuple[str, str], dict]]:
    """Make a drill; return its report and the rows by what they are about."""
    estate.run("drill", status=status)
    report = json.loads((estate.directory / "backup/state/drill.json").read_text(encoding="utf-8"))
    return report, {(row["component"], row["check"]): row for row in report["found"]}


def left(estate: Estate) -> list[str]:
    """What a drill left on this machine."""
    label = f"label=borgstack.drill={estate.project}"
    kinds = (["ps", "--all"], ["network", "ls"], ["volume", "ls"])
    return [line for kind in kinds for line in docker(*kind, "--quiet", "--filter", label).split()]


def test_a_good_set_is_proven_and_nothing_is_left(estate):
    before = estate.sql("select count(*) from orders", "shop")
    report, rows = drilled(estate)
    assert (report["verdict"], report["set"], report["origin"]) == ("proven", estate.sets[0], "local")
    assert {row["state"] for row in rows.values()} == {"ok"}, rows
    said = {part: row["what"] for (part, check), row in rows.items() if check == "comes back as it was"}
    assert said["postgresql/shop"] == "22 rows in 3 tables" or said["postgresql/shop"].startswith("21 rows"), said
    assert said["seaweedfs/files"] == "40 objects, each read back"
    assert said["redis"] == "500 keys" and said["volume/app_data"] == "2 files"
    assert {claim for service, claim in rows if service == "app"} == {canary["claim"] for canary in estate.canaries}
    assert left(estate) == [] and list((estate.directory / "backup/drill").iterdir()) == []
    assert estate.sql("select count(*) from orders", "shop") == before
    assert estate.status["last_drill"]["ok"] and estate.status["last_proven"]["set"] == estate.sets[0]
    metrics = next(estate.folder.glob("*.prom")).read_text()
    assert f'borgstack_backup_drill_last_run_success{{platform="{estate.project}"}} 1' in metrics
    text = json.dumps(report)
    assert [word for word in (PASSWORD, SECRET, WORD, "Repository-1-password", "saved-1") if word in text] == []


def broken(rows: dict[tuple[str, str], dict]) -> set[tuple[str, str]]:
    """What failed."""
    return {about for about, row in rows.items() if row["state"] == "failed"}


def test_each_thing_that_does_not_hold_is_named_and_the_others_are_looked_at_all_the_same(estate):
    ((hash_,),) = estate.sql("select hash from clerks", "shop")
    estate.sql("insert into orders (file, at) values ('o-lost', '[9,9,9]')", "shop")
    estate.sql("update clerks set hash = crypt('another', gen_salt('bf', 4))", "shop")
    estate.s3.put_object(Bucket="files", Key="o-nameless", Body=b"x")
    (estate.directory / "secrets/app.env").write_text('APP_KEY="of-somebody"\n', encoding="utf-8")
    # So much that is new that it has a pack of its own, of which one byte is flipped.
    estate.app.run("sh", "-c", "head -c 2000000 /dev/urandom >/app/large")
    try:
        estate.backup()
        packs = [path for path in (estate.folder / "repository/data").rglob("*") if path.is_file()]
        pack = max(packs, key=lambda path: path.stat().st_size)
        whole, middle = pack.read_bytes(), pack.stat().st_size // 2
        pack.chmod(0o600)
        pack.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        report, rows = drilled(estate, status=10)
        pack.write_bytes(whole)
    finally:
        estate.sql("delete from orders where file = 'o-lost'", "shop")
        estate.sql(f"update clerks set hash = '{hash_}'", "shop")
        estate.s3.delete_object(Bucket="files", Key="o-nameless")
        (estate.directory / "secrets/app.env").write_text(SAVED, encoding="utf-8")
        estate.app.run("rm", "/app/large")
        (estate.directory / "backup/state/accept-smaller").write_text("volume/app_data\n")
    assert report["verdict"] == "failed" and not estate.status["last_drill"]["ok"]
    broken = {about for about, row in rows.items() if row["state"] == "failed"}
    # The command needs the volume too.
    claims = {"each order has its file", "the clerk can log in", "its key is the one that was saved"}
    assert broken == {
        *(("app", claim) for claim in claims),
        ("the destination", "gives the whole set back"),
        ("volume/app_data", "is what the manifest says"),
    }
    assert "1 named by the database are not there: o-lost" in rows["app", "each order has its file"]["what"]
    assert {row["category"] for row in rows.values()} == {None, 10}
    assert left(estate) == []


def test_a_killed_drill_is_swept_up_and_its_copies_are_capped(estate):
    estate.write_plan(drill_memory_mb=300)
    estate.backup()
    process = estate.start("drill")
    while "postgresql/shop: comes back" not in process.stdout.readline():
        assert process.poll() is None
    copies = docker("ps", "--quiet", "--filter", f"label=borgstack.drill={estate.project}").split()
    caps = {docker("inspect", "--format", "{{.HostConfig.Memory}}", copy).strip() for copy in copies}
    process.kill()
    process.wait()
    assert caps == {str(300 << 20)} and left(estate)
    assert "removed" in estate.run("reap")
    assert left(estate) == [] and list((estate.directory / "backup/drill").iterdir()) == []


def test_what_would_be_restored_is_said_and_a_set_without_room_is_refused(estate):
    shown = estate.run("drill", "--check")
    assert f"set {estate.sets[0]} from local" in shown and "restore beside production: postgresql/shop" in shown
    assert "canary of app: the clerk can log in" in shown
    estate.write_plan(drill_disk_percent=0)
    said = estate.run("drill", status=10)
    assert "[10] data error" in said and "backup_drill_disk_percent" in said and left(estate) == []
    report = json.loads((estate.directory / "backup/state/drill.json").read_text(encoding="utf-8"))
    assert [row["component"] for row in report["found"]] == ["the drill"]
    nowhere = {"name": "nowhere", "repository": "rest:http://127.0.0.1:9/", "password": "Another-1-word"}
    estate.write_plan(nowhere, connect_seconds=2)
    assert "[3] network error at nowhere" in estate.run("drill", status=3)
    estate.write_plan()
