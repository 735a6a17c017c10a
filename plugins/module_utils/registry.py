# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a container registry says an image's tag points at: the Registry HTTP API, version 2."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import re
import ssl
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass

from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    INTEGRATION,
    NETWORK,
    PlatformError,
)

# Where images without a registry in their name are, and what answers for it.
DEFAULT_REGISTRY = "docker.io"
DEFAULT_REGISTRY_API = "registry-1.docker.io"

# An index first: its digest is right for every architecture.
MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
LONGEST_MANIFEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class Reference:
    """An image's name in its parts: `registry` is the host and port that answer for it."""

    registry: str
    repository: str
    tag: str


def parse(image: str) -> Reference:
    """Return the parts of an image's name, completed as Docker does.

    Raises:
        PlatformError: it has no tag, or is no image's name.
    """
    name, _colon, tag = image.rpartition(":")
    if not name or "/" in tag or not re.fullmatch(r"[\w][\w.-]{0,127}", tag) or "@" in image:
        raise PlatformError(CONFIGURATION, "it is not a name with a tag", "pin its version", where=f"image {image}")
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    else:
        registry, repository = DEFAULT_REGISTRY, name
    if registry == DEFAULT_REGISTRY:
        repository = repository if "/" in repository else f"library/{repository}"
        registry = DEFAULT_REGISTRY_API
    return Reference(registry, repository, tag)


class Registries:
    """Asks registries for digests.

    Args:
        timeout: seconds that one request may take.
        insecure: registries that speak plain HTTP; those on this machine may in any case, as for Docker.
        credentials: `username` and `password` by registry.
        ca_cert: a file with further certificate authorities, or an empty path.
    """

    def __init__(
        self,
        timeout: int,
        insecure: t.Sequence[str] = (),
        credentials: dict[str, dict[str, str]] | None = None,
        ca_cert: str = "",
    ):
        self._timeout = timeout
        self._insecure = insecure
        self._credentials = credentials or {}
        self._tls = ssl.create_default_context(cafile=ca_cert or None)

    def digest(self, image: str) -> str:
        """Return what the image's tag points at now: the digest of its index, or of its only manifest.

        Raises:
            PlatformError: the registry cannot be asked, refuses, or does not have it.
        """
        reference = parse(image)
        url = f"{self._scheme(reference.registry)}://{reference.registry}/v2/{reference.repository}/manifests"
        try:
            headers, body = self._ask(reference, f"{url}/{reference.tag}", "HEAD")
            digest = headers.get("Docker-Content-Digest", "")
            if not DIGEST.fullmatch(digest):
                # Not every mirror says it: then it is what the manifest itself hashes to.
                headers, body = self._ask(reference, f"{url}/{reference.tag}", "GET")
                digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        except urllib.error.HTTPError as error:
            raise _refused(image, reference, error.code) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise PlatformError(
                NETWORK,
                f"the registry {reference.registry} does not answer: {reason}",
                "check name resolution, routes and certificates of the controller, or platform_image_mirror",
                where=f"image {image}",
            ) from None
        return digest

    def _scheme(self, registry: str) -> str:
        host = registry.rsplit(":", 1)[0].strip("[]")
        try:
            local = ipaddress.ip_address(host).is_loopback
        except ValueError:
            local = host == "localhost"
        return "http" if local or registry in self._insecure else "https"

    def _ask(self, reference: Reference, url: str, method: str) -> tuple[t.Any, bytes]:
        """Ask once; where the registry wants a token or a login first, get it and ask again."""
        try:
            return self._send(url, method)
        except urllib.error.HTTPError as error:
            challenge = error.headers.get("WWW-Authenticate", "")
            if error.code != 401 or not challenge:
                raise
        authorization = self._authorization(reference, challenge)
        return self._send(url, method, authorization)

    def _authorization(self, reference: Reference, challenge: str) -> str:
        scheme, _space, rest = challenge.partition(" ")
        login = self._login(reference)
        if scheme.lower() == "basic":
            return login
        asked = dict(CHALLENGE.findall(rest))
        realm = urllib.parse.urlsplit(asked.get("realm", ""))
        # A password is not sent in the clear because a registry says so.
        if realm.scheme != "https" and self._scheme(reference.registry) != "http":
            raise ValueError("it wants a token from an address without TLS")
        query = {"service": asked.get("service", ""), "scope": f"repository:{reference.repository}:pull"}
        url = urllib.parse.urlunsplit((realm.scheme, realm.netloc, realm.path, urllib.parse.urlencode(query), ""))
        _headers, body = self._send(url, "GET", login)
        answer = json.loads(body)
        return f"Bearer {answer.get('token') or answer['access_token']}"

    def _login(self, reference: Reference) -> str:
        name = DEFAULT_REGISTRY if reference.registry == DEFAULT_REGISTRY_API else reference.registry
        login = self._credentials.get(name)
        if not login:
            return ""
        return "Basic " + base64.b64encode(f"{login['username']}:{login['password']}".encode()).decode()

    def _send(self, url: str, method: str, authorization: str = "") -> tuple[t.Any, bytes]:
        request = urllib.request.Request(url, method=method, headers={"Accept": ", ".join(MANIFEST_TYPES)})
        if authorization:
            # Not for whoever it is led on to.
            request.add_unredirected_header("Authorization", authorization)
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self._tls))
        with opener.open(request, timeout=self._timeout) as answer:
            return answer.headers, answer.read(LONGEST_MANIFEST)


def _refused(image: str, reference: Reference, status: int) -> PlatformError:
    where = f"image {image}"
    if status == 404:
        what = f"the registry {reference.registry} has no {reference.repository}:{reference.tag}"
        return PlatformError(CONFIGURATION, what, "correct the role's image and version", where=where)
    if status in (401, 403):
        what = f"the registry {reference.registry} does not let us see it (status {status})"
        return PlatformError(INTEGRATION, what, "correct the image's name or the credentials", where=where)
    remedy = "wait as its limits ask for, or use a mirror" if status == 429 else "try again later"
    return PlatformError(NETWORK, f"the registry {reference.registry} answered with status {status}", remedy, where)
