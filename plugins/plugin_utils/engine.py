# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What Docker and Compose answer when they cannot run a container, in this collection's words: pure functions."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    NETWORK,
    PREREQUISITE,
    SERVICE_STARTUP,
    PlatformError,
)

# What `docker run` ends with when Docker itself could not run the container; all else is the container's own status.
DOCKER_FAILED = 125

# Docker's daemon speaks English only. Groups name the image.
ABSENT = re.compile(
    r"no such image:? \"?([^\s\"]+)|pull access denied for ([^\s,]+)|manifest for (\S+) not found"
    r"|failed to resolve reference \"([^\"]+)\".*not found|repository (\S+) not found|manifest unknown",
    re.IGNORECASE,
)
REGISTRY = re.compile(
    r"dial tcp|no such host|i/o timeout|tls handshake|x509:|connection refused|toomanyrequests|unauthorized"
    r"|failed to (?:do request|authorize)|request canceled",
    re.IGNORECASE,
)
PORT = re.compile(r"port is already allocated|address already in use|failed to bind (?:host )?port", re.IGNORECASE)
NOISE = re.compile(r"^(?:docker: |General error: |Error when processing [^:]+: |Error response from daemon: )+")
# What every failed command of Docker ends with; it says nothing.
HELP = "Run 'docker"


def answers(text: str) -> list[str]:
    """Return what was said, each once: without progress, JSON and phrases that only say that something was said."""
    found: dict[str, None] = {}
    for line in text.splitlines():
        words = NOISE.sub("", _said(line.strip())).strip().rstrip(".")
        if words and not words.startswith((HELP, "Unable to find image")):
            found[words] = None
    return list(found)


def _said(line: str) -> str:
    """Return what an event of Compose says of a failure; of progress, nothing."""
    if not line.startswith("{"):
        return line
    try:
        event = json.loads(line)
    except ValueError:
        return line
    if event.get("error") or event.get("level") == "error":
        return str(event.get("message") or event.get("msg") or "")
    return str(event.get("status") or "") if event.get("text") == "Error" else ""


def engine_failure(answer: str, images: list[str], settings: dict[str, t.Any], where: str = "") -> str:
    """Return the message of a failure to run containers, in the form that all of this collection's failures have.

    Args:
        answer: what Docker or Compose printed.
        images: of the containers that were to run.
        settings: `source` of images, `archive`: their folder; `what` could not be done and the `remedy`, where the
            answer is about neither images nor ports.
        where: the host.
    """
    said = answers(answer)
    words = "; ".join(said[-3:]) or "it gave no reason"
    absent = next((match for line in said if (match := ABSENT.search(line))), None)
    if absent:
        named = next((group.rstrip(".") for group in absent.groups() if group), "")
        return missing_images([named] if named else images, settings, where)
    if any(REGISTRY.search(line) for line in said):
        remedy = (
            f"try `docker pull {images[0] if images else 'IMAGE'}` on the host; let it reach the registry, or get "
            "images elsewhere with platform_image_source (mirror or archive)"
        )
        return PlatformError(NETWORK, f"an image could not be pulled: {words}", remedy, where).message
    if any(PORT.search(line) for line in said):
        remedy = "see who holds the port with `ss -tulpn` on the host, end that, then run again"
        return PlatformError(PREREQUISITE, f"a port is taken: {words}", remedy, where).message
    return PlatformError(SERVICE_STARTUP, f"{settings['what']}: {words}", settings["remedy"], where).message


def missing_images(images: list[str], settings: dict[str, t.Any], where: str = "") -> str:
    """Return the message of a failure because of images that are not there.

    Args:
        images: their names.
        settings: `source` of images, `archive`: their folder.
        where: the host.
    """
    wanted = sorted(set(images))
    names, several = ", ".join(wanted), len(wanted) > 1
    if settings["source"] == "archive":
        what = f"{'these images are' if several else 'this image is'} neither in Docker nor in an archive: {names}"
        remedy = (
            f"where {'they are' if several else 'it is'}, run `docker save --output IMAGES.tar {' '.join(wanted)}`, "
            f"put the file into {settings['archive']} on the host, then run again"
        )
    else:
        what = (
            f"{'these images are' if several else 'this image is'} not in Docker, and the registry has no such: {names}"
        )
        remedy = (
            "correct the name or the version in the inventory, or log the host in where the registry asks for it "
            "(`docker login`); `docker pull NAME` on the host says more"
        )
    return PlatformError(PREREQUISITE, what, remedy, where).message
