"""A user's browser and an application, as far as a login by the authorization code flow needs them."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import KeySet

FORM = re.compile(r'<form[^>]+action="([^"]+)"')


class Server:
    """A deployed Keycloak, reached as through the proxy: over HTTP, but told that the browser uses HTTPS.

    Args:
        deployment: the deployment.
        host: the host name that it is published at.
    """

    def __init__(self, deployment, host: str):
        self._deployment = deployment
        self.issuer = f"https://{host}/realms"
        self.headers = {
            "Host": host,
            "X-Forwarded-Host": host,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "192.0.2.7",
        }

    def ask(self, path: str, method: str = "GET", headers: dict | None = None, **keywords) -> requests.Response:
        """Send a request as the proxy would."""
        headers = {**self.headers, **(headers or {})}
        return self._deployment.ask("keycloak", 8080, path, method, headers=headers, **keywords)

    def token(self, realm: str, **form: str) -> requests.Response:
        """Ask for a token."""
        return self.ask(f"/realms/{realm}/protocol/openid-connect/token", "POST", data=form)

    def administrator(self, password: str) -> str:
        """Return an administrator's token, or an empty text."""
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": password}
        return self.token("master", **form).json().get("access_token", "")

    def administer(self, token: str, method: str, path: str, **keywords) -> requests.Response:
        """Do something in the interface for administrators, as the console does."""
        answer = self.ask(f"/admin/realms{path}", method, headers={"Authorization": f"Bearer {token}"}, **keywords)
        assert answer.ok, answer.text
        return answer

    def claims(self, realm: str, token: str, audience: str) -> dict:
        """Return what a token says, if the realm has signed it, for this audience, and it is not over."""
        keys = self.ask(f"/realms/{realm}/protocol/openid-connect/certs").json()
        # Published too: a key that nobody signs with.
        signing = [key for key in keys["keys"] if key["use"] == "sig"]
        claims = jwt.decode(token, KeySet.import_key_set({"keys": signing}), algorithms=["RS256"]).claims
        known = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": f"{self.issuer}/{realm}"},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
        )
        known.validate(claims)
        return claims


@dataclass
class Login:
    """A login by one browser at one application.

    Attributes:
        server: the server.
        realm: the realm.
        client: what the application calls itself.
        redirect_uri: where it wants the code.
    """

    server: Server
    realm: str
    client: str
    redirect_uri: str

    def __post_init__(self):
        self.verifier = secrets.token_urlsafe(48)
        self.cookies: dict[str, str] = {}

    def begin(self, pkce: bool = True) -> requests.Response:
        """Ask for the page that users log in at."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        question = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": "any",
            **({"code_challenge": challenge, "code_challenge_method": "S256"} if pkce else {}),
        }
        return self._visit("GET", f"/realms/{self.realm}/protocol/openid-connect/auth?{urlencode(question)}")

    def submit(self, page: requests.Response, username: str, password: str) -> requests.Response:
        """Fill in the page and send it."""
        action = urlsplit(html.unescape(FORM.search(page.text)[1]))
        body = {"username": username, "password": password, "credentialId": ""}
        return self._visit("POST", f"{action.path}?{action.query}", data=body)

    def code(self, username: str, password: str) -> str:
        """Log in and return the code that the application is given."""
        answer = self.submit(self.begin(), username, password)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].startswith(self.redirect_uri)
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    def exchange(self, code: str, **more: str) -> requests.Response:
        """Have the application ask for tokens with the code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.client,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.server.token(self.realm, **{**form, **more})

    def _visit(self, method: str, path: str, **keywords) -> requests.Response:
        # By hand: the cookies are for HTTPS alone.
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.server.ask(path, method, headers={"Cookie": sent}, **keywords)
        self.cookies.update(answer.cookies.get_dict())
        return answer
