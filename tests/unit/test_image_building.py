"""Test images: what is built when, and what is said meanwhile."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

IMAGES = Path(__file__).resolve().parents[1] / "images"
sys.path.insert(0, str(IMAGES))
# Not by `import`: what is first-party would depend on whether a folder of that name lies in the checkout.
build, progress, schedule = (importlib.import_module(name) for name in ("build", "progress", "schedule"))
run_all = schedule.run_all


@given(st.integers(1, 4), st.lists(st.sets(st.integers(0, 11)), max_size=12))
def test_everything_is_done_once_and_after_what_it_needs(at_a_time, wanted):
    needs = {str(key): {str(before) for before in wants if before < key} for key, wants in enumerate(wanted)}
    done, lock = [], threading.Lock()

    def work(key):
        assert needs[key] <= set(done)
        with lock:
            done.append(key)

    run_all(needs, work, at_a_time)
    assert sorted(done) == sorted(needs)


def test_as_many_run_at_once_as_allowed():
    both = threading.Barrier(2, timeout=10)
    run_all({"a": set(), "b": set()}, lambda _key: both.wait(), at_a_time=2)


def test_after_a_failure_nothing_is_begun():
    begun = []

    def work(key):
        begun.append(key)
        if key == "a":
            raise build.BuildFailed("a: the build failed")

    with pytest.raises(build.BuildFailed, match="a: the build failed"):
        run_all({"a": set(), "b": {"a"}, "c": {"b"}}, work, at_a_time=1)
    assert begun == ["a"]


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="these need each other: a, b"):
        run_all({"a": {"b"}, "b": {"a"}}, lambda key: None)


def test_an_image_brings_all_that_it_is_based_on():
    known = {"node": build.Image("node", "n", "trixie"), "n8n": build.Image("n8n", "m", "node")}
    assert build.chosen(known, ["n8n"]) == {"trixie": set(), "node": {"trixie"}, "n8n": {"node"}}


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("Step 5/9 : RUN npm install", ("5/9", "RUN npm install")),
        ("#7 [build 3/5] RUN apt-get update", ("3/5", "RUN apt-get update")),
        ("#5 [2/3] COPY a b", ("2/3", "COPY a b")),
        ("added 12 packages", None),
    ],
)
def test_a_step_is_seen_in_what_either_builder_prints(line, step):
    found = build.STEP.match(line)
    assert (found and (found["number"], found["what"])) == step


def test_silence_is_broken(capsys):
    with progress.Progress(2, quiet=0.05) as shown:
        shown.step("slow", "step 1/2 RUN sleep")
        time.sleep(0.3)
        shown.ended("slow", "built")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "  0:00 [ 0/2] slow: step 1/2 RUN sleep"
    assert "still slow at step 1/2 RUN sleep" in lines[1]
    assert lines[-1].startswith("  0:00 [ 1/2] slow: built (")
