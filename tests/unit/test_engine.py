"""What Docker and Compose answer, told in words that help."""

from __future__ import annotations

import json

import pytest

from ansible_collections.borgstack.platform.plugins.plugin_utils.engine import answers, engine_failure, missing_images

SETTINGS = {
    "source": "registry",
    "archive": "/opt/images",
    "what": "not all of app became healthy",
    "remedy": "read the log",
}
RUN = (
    "Unable to find image 'caddy:gone' locally\ndocker: Error response from daemon: No such image: caddy:gone.\n\n"
    "Run 'docker run --help' for more information"
)
COMPOSE = "\n".join(
    json.dumps(event)
    for event in (
        {"id": "Container x-redis-1", "status": "Creating"},
        {"id": "redis", "text": "Error", "status": "Error response from daemon: No such image: redis:gone"},
        {"error": True, "message": "Error response from daemon: No such image: redis:gone"},
    )
)


def test_only_what_was_said_is_left_each_once():
    assert answers(RUN) == ["No such image: caddy:gone"]
    assert answers(COMPOSE) == ["No such image: redis:gone"]
    assert answers('{"level":"error","msg":"it broke"}\nplain\n\nplain.') == ["it broke", "plain"]


@pytest.mark.parametrize(
    ("answer", "image"),
    [
        (RUN, "caddy:gone"),
        (COMPOSE, "redis:gone"),
        ("pull access denied for no/such, repository does not exist or may require 'docker login'", "no/such"),
        ("manifest for redis:gone not found: manifest unknown: manifest unknown", "redis:gone"),
        (
            'failed to resolve reference "docker.io/library/x:1": docker.io/library/x:1: not found',
            "docker.io/library/x:1",
        ),
        ("manifest unknown", "app:1"),
    ],
)
def test_a_missing_image_is_named_with_what_to_do(answer, image):
    told = engine_failure(answer, ["app:1"], SETTINGS, "here")
    assert told.startswith("[2] prerequisite error at here") and image in told and "docker pull" in told
    assert "--help" not in told and "{" not in told
    archived = engine_failure(answer, ["app:1"], {**SETTINGS, "source": "archive"})
    assert f"docker save --output IMAGES.tar {image}" in archived and "/opt/images" in archived


@pytest.mark.parametrize(
    ("answer", "category"),
    [
        ('Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host', "[3] network error"),
        ("toomanyrequests: You have reached your pull rate limit", "[3] network error"),
        ("Bind for 0.0.0.0:80 failed: port is already allocated", "[2] prerequisite error"),
        ("General error: container x-app-1 is unhealthy", "[4] service startup error"),
        ("", "[4] service startup error"),
    ],
)
def test_other_reasons_have_their_category(answer, category):
    assert engine_failure(answer, ["app:1"], SETTINGS).startswith(category)


def test_all_missing_images_are_named_at_once():
    told = missing_images(["b:1", "a:1", "b:1"], {"source": "archive", "archive": "/opt/images"})
    assert "these images" in told and "a:1, b:1" in told and "docker save --output IMAGES.tar a:1 b:1" in told
