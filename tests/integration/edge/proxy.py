"""A real Caddy in a container, with the role's own templates as its configuration."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import subprocess
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import jinja2
import yaml
from integration.conftest import ROOT, VERSIONS, Container, docker

from ansible_collections.borgstack.platform.plugins.filter.bcrypt_hash import bcrypt_hash
from ansible_collections.borgstack.platform.plugins.plugin_utils import render
from ansible_collections.borgstack.platform.plugins.plugin_utils.edge import edge_settings
from ansible_collections.borgstack.platform.plugins.plugin_utils.sites import check_site, edge_sites

ROLE = ROOT / "roles/caddy"
IMAGE = f"caddy:{VERSIONS['caddy_version']}"
VARIABLES = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))
DEFAULTS = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))
SETTINGS = {**DEFAULTS, "caddy_certificates": "internal", "caddy_email": "admin@example.com"}
RATE_LIMIT = {"events": DEFAULTS["caddy_rate_limit_events"], "window": DEFAULTS["caddy_rate_limit_window"]}


def rendered(sites: list[dict], **settings: t.Any) -> dict[str, str]:
    """Return the files of the role for these sites, by name, as Ansible renders them."""
    for site in sites:
        check_site(site, "test")
    variables = {**SETTINGS, **settings, "__caddy_salt_key": "k" * 48}
    limit = RATE_LIMIT if variables["caddy_rate_limit"] else None
    variables["__caddy_sites"] = edge_sites(sites, variables["caddy_headers"], limit)
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.StrictUndefined)
    environment.filters["borgstack.platform.bcrypt_hash"] = bcrypt_hash
    given = {
        name: variables[text.strip("{} ")] if isinstance(text, str) else text
        for name, text in VARIABLES["__caddy_settings"].items()
    }
    template = (ROLE / "templates/Caddyfile.j2").read_text(encoding="utf-8")
    return {
        "Caddyfile": render.rendered(template, edge_settings(given)),
        "accounts.caddyfile": environment.from_string(VARIABLES["__caddy_accounts"]).render(variables),
    }


@dataclass(frozen=True)
class Answer:
    """What came back: headers by name in lower case, as a list of values."""

    status: int
    headers: dict[str, list[str]]
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        """Return the only value of a header, or none."""
        values = self.headers.get(name.lower(), [])
        assert len(values) <= 1, f"{name} comes {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def echo(self) -> dict:
        """What the upstream saw."""
        return json.loads(self.body)


class Proxy:
    """One Caddy as the role runs it; `load` gives it other sites without a restart."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.write([])
        confinement = ("--read-only", "--cap-drop=ALL", "--cap-add=NET_BIND_SERVICE", "--memory=256m")
        self.container = Container(
            IMAGE,
            options=(
                *confinement,
                "--security-opt=no-new-privileges:true",
                "--add-host=upstream:host-gateway",
                f"--volume={folder}:/etc/caddy:ro",
                "--volume=/data",
                "--volume=/config",
            ),
        )
        self.container.wait("wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz")
        self.address = self.container.address
        authority = self.container.run("cat", "/data/caddy/pki/authorities/local/root.crt")
        self.tls = ssl.create_default_context(cadata=authority)

    def write(self, sites: list[dict], **settings: t.Any) -> None:
        """Put the configuration in place."""
        for name, content in rendered(sites, **settings).items():
            (self._folder / name).write_text(content, encoding="utf-8")

    def reload(self) -> subprocess.CompletedProcess:
        """Let Caddy take it up, as the role's reload does."""
        command = ["caddy", "reload", "--adapter", "caddyfile", "--config", "/etc/caddy/Caddyfile"]
        return subprocess.run(
            ["docker", "exec", self.container.name, *command], check=False, text=True, capture_output=True
        )

    def load(self, sites: list[dict], **settings: t.Any) -> None:
        """Put the configuration in place, let Caddy take it up, and wait for the sites' certificates."""
        self.write(sites, **settings)
        taken = self.reload()
        assert taken.returncode == 0, taken.stderr
        deadline = time.monotonic() + 60
        for site in sites:
            while True:
                try:
                    self.connect(site["host"]).close()
                    break
                except ssl.SSLError:
                    assert time.monotonic() < deadline, self.container.logs()[-2000:]
                    time.sleep(0.1)

    def connect(self, host: str, timeout: float = 20, protocols: list[str] | None = None) -> ssl.SSLSocket:
        """Open a TLS connection to one site, its certificate verified; may offer protocols, as ALPN names them."""
        plain = socket.create_connection((self.address, 443), timeout=timeout)
        self.tls.set_alpn_protocols(protocols or [])
        return self.tls.wrap_socket(plain, server_hostname=host)

    def ask(
        self,
        host: str,
        path: str = "/",
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: t.Any = None,
        plain: bool = False,
    ) -> Answer:
        """Send one request, its path to the letter, and return the answer."""
        started = time.monotonic()
        connection = http.client.HTTPConnection(self.address, 80, timeout=30)
        if not plain:
            connection.sock = self.connect(host)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": host, **(headers or {})}.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        if body is not None:
            # Refused before all of it was sent: the answer is there to be read.
            with contextlib.suppress(OSError):
                connection.send(body)
        response = connection.getresponse()
        content = response.read()
        found: dict[str, list[str]] = {}
        for name, value in response.getheaders():
            found.setdefault(name.lower(), []).append(value)
        connection.close()
        return Answer(response.status, found, content, time.monotonic() - started)

    def remove(self) -> None:
        """Remove it with its data."""
        self.container.remove()


def question(configuration: dict[str, str], image: str = IMAGE) -> subprocess.CompletedProcess:
    """Ask an image whether it takes a configuration, as the role does before anything is put in place."""
    command = [
        "--pull=never" if word.startswith("--pull=") else image if word == "{{ platform_image }}" else word
        for word in VARIABLES["__caddy_ask"]
    ]
    text = configuration["accounts.caddyfile"] + "\n" + configuration["Caddyfile"]
    return subprocess.run(
        [*command, "validate", "--adapter", "caddyfile", "--config", "-"],
        check=False,
        input=text,
        text=True,
        capture_output=True,
    )


__all__ = ["Answer", "Proxy", "docker", "question", "rendered"]
