"""What the program on the host decides without a server."""

from __future__ import annotations

import errno

import pytest
from borgstack_backup import choice, redis, sets, status
from borgstack_backup.failure import Failure, of_system
from borgstack_backup.mongodb import MongoDB
from borgstack_backup.part import Part, file_name, suspicious
from borgstack_backup.plan import Plan, Source

PLAN = Plan.of(
    {
        "platform": "p", "directory": "/p", "sets": "/p/s", "work": "/p/w", "state": "/p/t", "volumes": [],
        "sources": [{"kind": "postgresql", "instance": "pg", "container": "pg"},
                    {"kind": "redis", "instance": "redis", "container": "redis"}],
        "services": {"pg": {"containers": ["pg"], "parts": []},
                     "app": {"containers": ["app", "worker"], "parts": ["pg/app", "redis"]},
                     "other": {"containers": ["other"], "parts": ["pg/other", "redis"]}},
        "destinations": [], "canaries": [], "settings": {"metrics": "", "hooks": {}},
    }
)  # fmt: skip
PARTS = [
    Part("roles", "pg/roles", "r"),
    Part("postgresql", "pg/app", "a", source={"instance": "pg"}),
    Part("postgresql", "pg/other", "o", source={"instance": "pg"}),
    Part("redis", "redis", "d", source={"instance": "redis"}),
    Part("configuration", "configuration", "c"),
]


@pytest.mark.parametrize(
    ("wanted", "parts", "stopped"),
    [
        ("all", ["pg/app", "pg/other", "redis"], ["app", "other", "worker"]),
        ("pg", ["pg/app", "pg/other"], ["app", "other", "worker"]),
        ("pg/other", ["pg/other"], ["other"]),
        ("redis", ["redis"], ["app", "other", "worker"]),
        ("app", ["pg/app"], ["app", "worker"]),
    ],
)
def test_a_name_chooses_parts_and_who_is_stopped(wanted, parts, stopped):
    chosen = choice.choose(PLAN, PARTS, wanted)
    assert ([part.name for part in chosen.parts], chosen.stopped) == (parts, stopped)


def test_an_unknown_name_is_answered_with_those_that_there_are():
    with pytest.raises(Failure, match="nothing called 'apps'") as refused:
        choice.choose(PLAN, PARTS, "apps")
    assert "all, app, other, pg/app" in refused.value.remedy


@pytest.mark.parametrize(
    ("now", "before", "why"),
    [
        (Part("postgresql", "a", "a", 400_000), Part("postgresql", "a", "a", 1_000_000), "had 1000000 last time"),
        (Part("postgresql", "a", "a", 600_000), Part("postgresql", "a", "a", 1_000_000), ""),
        (Part("postgresql", "a", "a", 1_000), Part("postgresql", "a", "a", 100_000), ""),
        (Part("s3", "a", "a", 0, counts={"o": 0}), Part("s3", "a", "a", 9, counts={"o": 3}), "it is empty"),
        (Part("redis", "a", "a", 9, counts={}), Part("redis", "a", "a", 9_000_000, counts={"db0": 5}), ""),
        (Part("volume", "a", "a", 1), None, ""),
    ],
)
def test_what_shrank_much_is_suspicious(now, before, why):
    found = suspicious(now, before, 50)
    assert (why in found) if why else found == ""


@pytest.mark.parametrize("name", ["a/b", "..", ".", "a*b?[c]", "ü ", "", "-x"])
def test_any_name_is_one_of_a_file_and_no_pattern(name):
    found = file_name(name)
    assert found and not set(found) & set("/*?[]{}\\ .") and file_name(f"{name}x") != found


def test_a_full_disk_is_a_data_error_and_anything_else_one_of_the_host():
    assert of_system(OSError(errno.ENOSPC, "full", "/x")).category == 10
    assert of_system(OSError(errno.EACCES, "no", "/x")).category == 2


def test_a_set_has_its_name_when_it_is_whole_and_the_former_one_goes_then(tmp_path):
    for name in ("20260101T000000Z", "20260102T000000Z"):
        made = tmp_path / "work" / name
        made.mkdir(parents=True)
        sets.finish(made, tmp_path / "sets", {"parts": []})
    assert [path.name for path in sets.finished(tmp_path / "sets")] == ["20260102T000000Z"]
    (tmp_path / "sets/20260103T000000Z").mkdir()
    (tmp_path / "sets/somebody-elses").mkdir()
    assert sets.newest(tmp_path / "sets").name == "20260102T000000Z"


def test_a_file_of_redis_without_its_end_is_refused(tmp_path):
    path = tmp_path / "dump.rdb"
    path.write_bytes(b"REDIS0012" + b"x" * 50 + b"\xff" + b"checksum")
    redis.prove(path, "redis")
    for content in (b"", b"REDIS0012", path.read_bytes()[:-4]):
        path.write_bytes(content)
        with pytest.raises(Failure, match="cut off"):
            redis.prove(path, "redis")


def test_what_is_put_in_place_of_a_log_is_its_base_and_the_former_stays_aside(tmp_path):
    saved = tmp_path / "saved"
    saved.write_bytes(b"new")
    (tmp_path / "data/log").mkdir(parents=True)
    (tmp_path / "data/log/old").touch()
    layout = {"appendonly": "yes", "appenddirname": "log", "appendfilename": "a.aof", "dbfilename": "dump.rdb"}
    redis.place(saved, tmp_path / "data", layout)
    assert (tmp_path / "data/log/a.aof.1.base.rdb").read_bytes() == b"new"
    assert (tmp_path / "data/log/a.aof.manifest").read_text() == "file a.aof.1.base.rdb seq 1 type b\n"
    assert (tmp_path / "data/log.replaced/old").exists()
    redis.forget_former(tmp_path / "data", layout)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["log"]


def test_metrics_tell_when_and_not_what_was_said():
    known = {
        "last_run": {"ok": False, "finished": 9, "seconds": 3.5},
        "last_success": {"finished": 5, "bytes": 7},
        "destinations": {"local": {"last_success": 5}},
    }
    text = status.metrics(known, "p")
    assert 'borgstack_backup_last_success_timestamp_seconds{platform="p"} 5\n' in text
    assert 'borgstack_backup_last_run_success{platform="p"} 0\n' in text
    assert '_destination_last_success_timestamp_seconds{platform="p",destination="local"} 5\n' in text


def test_nobody_being_there_to_be_told_is_no_failure_of_the_backup():
    from dataclasses import replace

    plan = replace(PLAN, settings={"hooks": {"ping": "http://127.0.0.1:9/x", "webhook": "http://127.0.0.1:9/x"}})
    assert status.tell(plan, {"ok": True}) == ["ping: URLError"]
    assert status.tell(plan, {"ok": False}) == ["webhook: URLError"]


def test_mongodb_is_asked_without_a_secret_among_the_arguments():
    server = MongoDB(Source("mongodb", "mongodb", "mongodb", 27017, "admin", "Secret-1"), None)
    command = server.command("mongodump")
    assert command[:2] == ["mongodump", "--port=27017"] and "--archive" in command
    assert "Secret-1" not in " ".join(command)
