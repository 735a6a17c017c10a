"""Files of a project: what is planned is what is written."""

from __future__ import annotations

import errno
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils import directories, files
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.plan import apply_steps

PATHS = ["compose.yaml", "a/one.conf", "a/two.conf", "b/c/three.conf"]
DECLARED = st.dictionaries(st.sampled_from(PATHS), st.tuples(st.booleans(), st.text(max_size=20)), max_size=4)


def items(declared: dict) -> list[dict]:
    return [
        {"path": path, "secret_content" if secret else "content": text} for path, (secret, text) in declared.items()
    ]


def read(declared: list[dict]) -> list[files.File]:
    secrets = {item["path"]: item["secret_content"] for item in declared if "secret_content" in item}
    return files.declared(declared, secrets)


def converge(root, declared: list[dict]) -> list[str]:
    wanted = read(declared)
    found, managed = files.inspect(str(root), wanted)
    steps = files.plan(wanted, found, managed)
    apply_steps(steps, files.Writer(str(root), managed).apply)
    return [step.words for step in steps]


@given(st.lists(DECLARED, min_size=1, max_size=3))
def test_after_any_history_the_last_declaration_holds_and_the_next_plan_is_empty(tmp_path_factory, history):
    root = tmp_path_factory.mktemp("root")
    for declared in history:
        converge(root, items(declared))
    assert converge(root, items(history[-1])) == []
    present = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - {files.MANIFEST}
    assert present == set(history[-1])
    for path, (secret, text) in history[-1].items():
        with open(root / path, encoding="utf-8", newline="") as file:
            assert file.read() == text
        assert os.stat(root / path).st_mode & 0o777 == (0o600 if secret else 0o644)


def test_a_file_that_somebody_else_put_there_stays(tmp_path):
    (tmp_path / "compose.override.yaml").write_text("mine", encoding="utf-8")
    converge(tmp_path, [{"path": "compose.yaml", "content": "ours"}])
    converge(tmp_path, [])
    assert [path.name for path in tmp_path.iterdir() if path.name != files.MANIFEST] == ["compose.override.yaml"]


def test_permissions_are_repaired(tmp_path):
    declared = [{"path": "secret", "secret_content": "x"}]
    converge(tmp_path, declared)
    os.chmod(tmp_path / "secret", 0o644)
    assert converge(tmp_path, declared) == ["set permissions of file secret"]


def test_a_secret_is_in_no_diff():
    step = files.plan([files.File("s", "new-secret", secret=True)], {"s": files.Found("old-secret", 0o600)}, set())[0]
    assert "secret" not in str([step.before, step.after, step.words]).replace(files.MASK, "").replace("file s", "")


def test_a_change_stays_pending_until_its_marker_is_removed(tmp_path):
    declared = [{"path": "caddy/Caddyfile", "content": "a", "pending": "caddy"}]
    converge(tmp_path, declared)
    wanted = read(declared)
    assert files.pending(str(tmp_path), wanted, []) == ["caddy"]
    (tmp_path / "caddy/Caddyfile.pending").unlink()
    assert files.pending(str(tmp_path), wanted, []) == []


def test_the_marker_keeps_what_is_in_effect_however_often_the_file_changes(tmp_path):
    marker = tmp_path / "configured.pending"
    for content, in_effect in (("one", ""), ("two", "")):
        converge(tmp_path, [{"path": "configured", "secret_content": content, "pending": "app"}])
        assert marker.read_text() == in_effect
    marker.unlink()
    for content in ("three", "four"):
        converge(tmp_path, [{"path": "configured", "secret_content": content, "pending": "app"}])
        assert marker.read_text() == "two"
    assert stat.S_IMODE(marker.stat().st_mode) == 0o600


def test_what_must_never_change_is_written_once_and_kept(tmp_path):
    declared = [{"path": "immutable/key", "secret_content": "one", "immutable": True}]
    assert converge(tmp_path, declared) == ["create file immutable/key"]
    assert converge(tmp_path, declared) == []
    with pytest.raises(PlatformError, match="key is another one than the data") as refusal:
        converge(tmp_path, [{"path": "a", "content": "b"}, {**declared[0], "secret_content": "two"}])
    assert (refusal.value.category, (tmp_path / "a").exists()) == (10, False)
    assert converge(tmp_path, []) == []
    assert (tmp_path / "immutable/key").read_text() == "one"


@pytest.mark.parametrize(
    "declared",
    [
        [{"path": "/etc/passwd", "content": ""}],
        [{"path": "../x", "content": ""}],
        [{"path": "a/../../x", "content": ""}],
        [{"path": "x", "content": ""}, {"path": "./x", "content": ""}],
        [{"path": "x"}],
        [{"path": "x", "content": "", "secret_content": ""}],
    ],
)
def test_what_is_refused(declared):
    with pytest.raises(PlatformError):
        read(declared)


def test_a_secret_without_a_file_is_refused():
    with pytest.raises(PlatformError, match="it is among the secrets only"):
        files.declared([{"path": "a", "content": ""}], {"b": "text"})


def test_all_that_must_not_change_is_named_at_once(tmp_path):
    declared = [{"path": f"immutable/{name}", "secret_content": name, "immutable": True} for name in ("a", "b", "c")]
    converge(tmp_path, declared)
    with pytest.raises(PlatformError, match="a, b are others than the data") as refusal:
        converge(
            tmp_path,
            [{**one, "secret_content": one["secret_content"].replace("b", "x").replace("a", "y")} for one in declared],
        )
    assert refusal.value.where == "files immutable/a, immutable/b"


def plan_of_directories(root, paths: list[str], private: list[str]):
    places = directories.of_files(paths, private)
    return directories.plan(places, directories.inspect(str(root), places))


def test_directories_are_roots_and_changed_by_nobody_else(tmp_path):
    paths, private = ["caddy/sites/a", "compose.yaml", "secrets/a.env"], ["secrets", "backups"]
    writer = files.Writer(str(tmp_path), set())
    apply_steps(plan_of_directories(tmp_path, paths, private), writer.apply)
    (tmp_path / "caddy/sites").mkdir(parents=True)
    for path, mode, owner in (
        (".", 0o777, 0),
        ("caddy", 0o775, 0),
        ("caddy/sites", 0o755, 1000),
        ("secrets", 0o755, 0),
    ):
        os.chmod(tmp_path / path, mode)
        os.chown(tmp_path / path, owner, owner)
    repaired = plan_of_directories(tmp_path, paths, private)
    assert [step.words for step in repaired] == [
        f"set owner and permissions of directory {path}" for path in (".", "caddy", "caddy/sites", "secrets")
    ]
    assert repaired[2].before == {"mode": "0755", "owner": "1000:1000"}
    apply_steps(repaired, writer.apply)
    modes = {path: stat.S_IMODE((tmp_path / path).stat().st_mode) for path in (".", "caddy", "secrets", "backups")}
    assert modes == {".": 0o755, "caddy": 0o755, "secrets": 0o700, "backups": 0o700}
    assert (tmp_path / "caddy/sites").stat().st_uid == 0 and plan_of_directories(tmp_path, paths, private) == []


def test_permissions_that_an_operator_took_away_are_not_given_back(tmp_path):
    os.chmod(tmp_path, 0o700)
    assert plan_of_directories(tmp_path, ["compose.yaml"], []) == []


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "make room on the file system of "),
        (errno.EROFS, "mount the file system of "),
        (errno.EIO, "correct "),
    ],
)
def test_what_the_system_refuses_has_a_category_and_a_remedy(tmp_path, monkeypatch, number, remedy):
    def refuse(*_arguments):
        raise OSError(number, os.strerror(number), str(tmp_path / "b"))

    monkeypatch.setattr(files.os, "replace", refuse)
    with pytest.raises(PlatformError, match=os.strerror(number)) as refusal:
        converge(tmp_path, [{"path": "b", "content": "b"}])
    assert (refusal.value.category, refusal.value.where) == (2, "file b")
    assert refusal.value.remedy.startswith(remedy)
    assert str(tmp_path / "b") in refusal.value.remedy
