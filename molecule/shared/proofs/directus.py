"""Directus as its users see it; the service that is broken, switched off and purged in the proofs."""

from __future__ import annotations

import requests
from conftest import DOMAIN, eventually

SERVICE = "directus"
SITE = f"https://{SERVICE}.{DOMAIN}"


class Directus:
    """Directus, from a browser.

    Args:
        web: a browser on the internet.
        secrets: the platform's secrets.
    """

    def __init__(self, web: requests.Session, secrets: dict[str, str]):
        self._web = web
        self._login = {"email": f"admin@{DOMAIN}", "password": secrets["directus_admin_password"]}

    def is_served(self) -> bool:
        """Tell whether the site answers; a host that Caddy does not know gets no certificate."""
        try:
            return self._web.get(f"{SITE}/server/ping", timeout=20).text == "pong"
        except requests.RequestException:
            return False

    def login(self) -> dict[str, str]:
        """Log in as the administrator, as soon as that succeeds: a server that is busy answers 503."""
        return eventually(self._headers)

    def _headers(self) -> dict[str, str]:
        answer = self._web.post(f"{SITE}/auth/login", json=self._login)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.json()['data']['access_token']}"}

    def upload(self, content: bytes) -> str:
        """Upload a file and return its id."""
        files = {"file": ("a.txt", content, "text/plain")}
        answer = self._web.post(f"{SITE}/files", headers=self.login(), files=files)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]["id"]

    def download(self, identity: str) -> bytes:
        """Return a file's content."""
        return self._web.get(f"{SITE}/assets/{identity}", headers=self.login()).content
