"""A backup and the way back, with real servers and the real restic."""

from __future__ import annotations

import os
import threading

import pytest
from integration.backup.estate import PASSWORD, Estate
from integration.conftest import docker
from integration.s3.servers import SECRET

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    made = Estate(tmp_path_factory.mktemp("backup"))
    try:
        made.fill()
        yield made
    finally:
        made.remove()


def test_a_backup_while_everybody_writes_comes_back_as_it_was_at_one_moment(estate):
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            # First the object, then the row that names it, as applications do.
            estate.s3.put_object(Bucket="files", Key=f"live/{number}", Body=str(number).encode())
            estate.sql(f"insert into orders (file) values ('live/{number}')", "shop")
            estate.keys.set(f"live:{number}", number)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        said = estate.backup()
    finally:
        done.set()
        writer.join()
    parts = estate.manifest()
    rows = parts["postgresql/shop"]["counts"]
    assert rows["public.orders"] >= 2000
    assert rows['public.odd " name'] == 0
    for secret in (PASSWORD, SECRET, "Repository-1-password"):
        assert secret not in said

    # All of it changes, also what was there before.
    estate.sql("drop table orders", "shop")
    estate.keys.flushall()
    for item in estate.s3.list_objects_v2(Bucket="files")["Contents"]:
        estate.s3.delete_object(Bucket="files", Key=item["Key"])
    estate.app.run("sh", "-c", "echo second >/app/note; rm -r /app/.hidden; touch /app/later")
    started = estate.app.run("cat", "/proc/1/stat")

    estate.restore("all")
    assert estate.sql("select count(*) from orders", "shop") == [(rows["public.orders"],)]
    assert estate.sql("select at from orders where id = 1", "shop") == [("[1,2,3]",)]
    named = {row[0] for row in estate.sql("select file from orders where file like 'live/%'", "shop")}
    objects = {item["Key"] for item in estate.s3.list_objects_v2(Bucket="files")["Contents"]}
    assert named and named <= objects
    assert {f"a/{number} ü?.txt" for number in range(20)} <= objects
    kept = estate.s3.get_object(Bucket="files", Key="a/3 ü?.txt")
    assert (kept["Body"].read(), kept["ContentType"], kept["Metadata"]) == (b"x" * 1003, "text/x-odd", {"owner": "me"})
    assert estate.keys.dbsize() >= 500
    assert estate.keys.get("key:499") == "value"
    assert estate.file("note").read_text() == "first\n"
    assert (estate.file("note").stat().st_uid, estate.file("note").stat().st_gid) == (7, 8)
    assert estate.file(".hidden/x").exists() and not estate.file("later").exists()
    # What used it was stopped and runs again; the database has its owner, rights and settings.
    assert estate.app.run("cat", "/proc/1/stat") != started
    facts = "select pg_get_userbyid(datdba), has_database_privilege('public', datname, 'connect') from pg_database"
    assert estate.sql(f"{facts} where datname = 'shop'") == [("shopkeeper", False)]
    assert estate.sql("show timezone", "shop") == [("UTC",)]
    assert [row[0] for row in estate.sql("select datname from pg_database where datname like '%replaced%'")] == []


def test_redis_keeps_what_was_restored_over_a_restart(estate):
    estate.keys.set("before", "1")
    estate.backup()
    estate.keys.set("before", "2")
    estate.restore("redis")
    estate.keys.set("after", "1")
    docker("restart", estate.redis.name)
    estate.redis.wait("redis-cli", "-a", PASSWORD, "get", "after")
    assert (estate.keys.get("before"), estate.keys.get("after")) == ("1", "1")


def test_one_set_stays_on_the_host_and_all_are_at_the_destination(estate):
    estate.backup()
    (name,) = estate.sets
    listed = estate.run("list")
    assert f"the host: {name}" in listed
    assert listed.count("local: ") >= 1 and f"local: {name}" in listed
    assert all(os.stat(estate.directory / path).st_mode & 0o077 == 0 for path in ("backups", f"backups/{name}"))
    # An object that is the same is a link: it takes no room and no time.
    index = (estate.directory / "backups" / name / "s3/files.json").read_text()
    assert '"a/3 ' in index
    metrics = next(estate.folder.glob("*.prom")).read_text()
    assert f'borgstack_backup_last_run_success{{platform="{estate.project}"}} 1' in metrics


def test_one_database_comes_back_from_a_destination_alone_after_its_plan_was_shown(estate):
    estate.saved()
    listed = [line.split()[-1] for line in estate.run("list").splitlines() if line.startswith("local: ")]
    before = estate.sql("select count(*) from orders", "shop")
    estate.sql("delete from orders", "shop")
    shown = estate.run("restore", "postgresql/shop", "--check", "--origin", "local", "--set", listed[-1])
    assert "replace postgresql/shop" in shown and "stop meanwhile: app" in shown and "from local" in shown
    assert estate.sql("select count(*) from orders", "shop") == [(0,)]
    estate.restore("postgresql/shop", "--origin", "local", "--set", listed[-1])
    assert estate.sql("select count(*) from orders", "shop") == before


def test_nothing_is_overwritten_without_the_word_that_names_it(estate):
    estate.sql("create table newer (x int)", "shop")
    for word in ([], ["--confirm", "yes"], ["--confirm", estate.project]):
        said = estate.run("restore", "postgresql/shop", *word, status=1)
        assert "[1] configuration error" in said and "restore_confirm=postgresql/shop" in said
    assert estate.sql("select count(*) from newer", "shop") == [(0,)]
    assert "name one of: all, app" in estate.run("restore", "nothing", status=1)
    estate.sql("drop table newer", "shop")


def test_a_service_comes_back_without_the_redis_that_others_use_too(estate):
    estate.saved()
    shown = estate.run("restore", "app", "--check")
    assert "postgresql/shop" in shown and "seaweedfs/files" in shown and "volume/app_data" in shown
    assert "replace redis" not in shown


def test_one_table_comes_back_alone_unless_others_refer_to_rows_that_would_go(estate):
    made = "id int generated always as identity primary key, x int unique, y int generated always as (x * 2) stored"
    estate.sql(f"create table sold ({made})", "shop")
    estate.sql("create table parcels (id int references sold on delete cascade)", "shop")
    estate.sql("insert into sold (x) select generate_series(1, 5)", "shop")
    estate.sql("insert into parcels select generate_series(1, 3)", "shop")
    estate.backup()
    estate.sql("update sold set x = x + 100", "shop")
    estate.sql("insert into sold (x) values (6)", "shop")
    estate.sql("insert into parcels values (6)", "shop")
    orders = estate.sql("select count(*) from orders", "shop")
    wanted = "postgresql/shop:public.sold"
    shown = estate.run("restore", wanted, "--check")
    assert f"replace {wanted} (5 rows), and nothing else of postgresql/shop" in shown

    said = estate.restore(wanted, status=10)
    assert "1 rows of parcels would refer to rows of sold that are not there" in said
    assert estate.sql("select count(*), min(x) from sold", "shop") == [(6, 6)]

    estate.sql("delete from parcels where id = 6", "shop")
    estate.restore(wanted)
    assert estate.sql("select id, x, y from sold order by id", "shop") == [(n, n, 2 * n) for n in range(1, 6)]
    # Nothing cascaded, and what the table itself gives out goes on.
    assert estate.sql("select count(*) from parcels", "shop") == [(3,)]
    assert estate.sql("insert into sold (x) values (9) returning id", "shop") == [(7,)]
    assert estate.sql("select count(*) from orders", "shop") == orders
    said = estate.restore("postgresql/shop:public.none", status=1)
    assert "the set has no table 'public.none'" in said and "public.orders" in said
    estate.restore('postgresql/shop:public.odd " name')
    estate.sql("drop table parcels, sold", "shop")


def test_of_a_bucket_a_prefix_comes_back_alone_and_newer_objects_go_where_they_are_named(estate):
    def keys() -> set[str]:
        return {item["Key"] for item in estate.s3.list_objects_v2(Bucket="files").get("Contents", [])}

    def body(key: str) -> bytes:
        return estate.s3.get_object(Bucket="files", Key=key)["Body"].read()

    for name in ("in/1", "in/2", "out/1"):
        estate.s3.put_object(Bucket="files", Key=name, Body=b"old")
    estate.backup()
    for name in ("in/1", "in/new", "out/1", "out/new"):
        estate.s3.put_object(Bucket="files", Key=name, Body=b"newer")
    estate.s3.delete_object(Bucket="files", Key="in/2")
    wanted = "seaweedfs/files:in/"
    for origin in ("", "local"):
        shown = estate.run("restore", wanted, "--check", "--origin", origin)
        assert "keep 1 objects of seaweedfs/files that are not in the set: in/new" in shown, shown
    estate.restore(wanted)
    assert (body("in/1"), body("in/2"), body("out/1"), body("in/new")) == (b"old", b"old", b"newer", b"newer")
    assert "is no bucket that is restored" in estate.restore(wanted, "--remove", "seaweedfs/other", status=1)
    assert "remove 1 objects" in estate.restore(wanted, "--remove", "seaweedfs/files")
    assert "in/new" not in keys() and "out/new" in keys()
    estate.restore("seaweedfs/files", "--remove", "seaweedfs/files", "--origin", "local")
    assert body("out/1") == b"old" and not {"in/new", "out/new"} & keys()
