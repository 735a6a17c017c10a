# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The connection to a Keycloak server as an administrator, and its answers in words that an operator can act on."""

from __future__ import annotations

import time
import typing as t
from urllib.parse import quote, urlencode

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.errors import (
    CONFIGURATION,
    DATA,
    INTEGRATION,
    SERVICE_STARTUP,
    PlatformError,
)
from ansible_collections.borgstack.platform.plugins.module_utils.http_json import Answer, Endpoint

LOGIN: dict = {
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
}
OPTIONS: dict = {
    **provisioning.CONNECTION,
    **LOGIN,
    "url": {"type": "str", "required": True},
    "fallback_logins": {"type": "list", "elements": "dict", "default": [], "options": LOGIN, "no_log": False},
}

# Where administrators of the whole server are, and the client that each realm has for logins without a browser.
MASTER = "master"
CLIENT = "admin-cli"
# Making a realm makes its keys.
ANSWER_TIMEOUT = 120
# The password is right, and the user has to do something before a login: said only after the password was looked at.
UNFINISHED = "account is not fully set up"

# By HTTP status: category, what it means, what to do. Others are what the server found wrong with the request.
MEANINGS = {
    401: (INTEGRATION, "Keycloak does not accept the session any more", "run again"),
    403: (INTEGRATION, "the user may not do this", "log in as a user of the realm master with the role admin"),
    404: (DATA, "it does not exist any more", "run again, when nobody else changes the server"),
    409: (DATA, "it exists by now; somebody else may have made it at the same time", "run again"),
}


class Server:
    """A Keycloak server, reached over one connection that is kept.

    Args:
        options: the module's connection options.

    Attributes:
        name: what it is called in failures.
        user: who is logged in.

    Raises:
        PlatformError: the URL cannot be meant.
    """

    def __init__(self, options: dict):
        logins = [options, *options["fallback_logins"]]
        self._logins = [{key: login[key] for key in LOGIN} for login in logins]
        self._endpoint = Endpoint("Keycloak", options["url"], options["connect_timeout"], ANSWER_TIMEOUT)
        self.name = self._endpoint.name
        self.user = ""
        self._login: dict = {}
        self._refused_logins: list[dict] = []
        self._token = ""
        self._fresh_until = 0.0

    def log_in(self) -> None:
        """Log in with the first login that is let in.

        Raises:
            PlatformError: none is, or Keycloak cannot be asked.
        """
        tried: list[dict] = []
        for login in self._logins:
            if login in tried:
                continue
            tried.append(login)
            if self._enter(login):
                return
            self._refused_logins.append(login)
        raise PlatformError(
            INTEGRATION,
            f"Keycloak refuses the password of {' and of '.join(dict.fromkeys(login['username'] for login in tried))}",
            "correct username and password; a password that was changed in Keycloak itself is changed back there",
            where=self.name,
        )

    def lets_in(self, realm: str, username: str, password: str) -> bool:
        """Tell whether a password is a user's. One that is not counts as a failed login.

        Raises:
            PlatformError: Keycloak cannot be asked, or does not tell.
        """
        login = {"username": username, "password": password}
        if realm == MASTER and login == self._login:
            return True
        # Not tried twice: a few failures in a row lock a user out.
        if realm == MASTER and login in self._refused_logins:
            return False
        answer = self._asked_for_token(realm, username, password)
        if answer.status == 200 or UNFINISHED in _told(answer).lower():
            return True
        if _is_wrong_password(answer):
            return False
        raise self._refused(answer)

    def now_has(self, realm: str, username: str, password: str) -> None:
        """Be told of a user's new password: who is logged in may have to log in again with it."""
        if realm == MASTER and username == self.user:
            self._login = {"username": username, "password": password}

    def renew(self) -> None:
        """Have the next request log in again: what a user may do is told in its token."""
        self._fresh_until = 0.0

    def call(self, method: str, path: t.Iterable[str], body: t.Any = None, **query: str) -> t.Any:
        """Send a request to the interface for administrators and return what is answered.

        Args:
            method: the HTTP method.
            path: the parts of the path below `/admin`; each may hold any character.
            body: what is sent as JSON.
            query: what is appended to the path.

        Raises:
            PlatformError: the server cannot be reached or refuses.
        """
        place = "/admin/" + "/".join(quote(part, safe="") for part in path)
        place = f"{place}?{urlencode(query)}" if query else place
        if time.monotonic() > self._fresh_until and not self._enter(self._login):
            raise PlatformError(*MEANINGS[401], where=self.name)
        answer = self._endpoint.exchange(method, place, body, {"Authorization": f"Bearer {self._token}"})
        if answer.status not in (200, 201, 204):
            raise self._refused(answer)
        return answer.document

    def close(self) -> None:
        """Close the connection."""
        self._endpoint.close()

    def _enter(self, login: dict) -> bool:
        answer = self._asked_for_token(MASTER, login["username"], login["password"])
        document = answer.document
        if answer.status == 200 and isinstance(document, dict) and "access_token" in document:
            self._login, self.user, self._token = login, login["username"], document["access_token"]
            # A token lives for a minute unless told otherwise; half of that is a new one's time.
            self._fresh_until = time.monotonic() + document.get("expires_in", 0) / 2
            return True
        if _is_wrong_password(answer):
            return False
        raise self._refused(answer)

    def _asked_for_token(self, realm: str, username: str, password: str) -> Answer:
        place = f"/realms/{quote(realm, safe='')}/protocol/openid-connect/token"
        form = {"grant_type": "password", "client_id": CLIENT, "username": username, "password": password}
        return self._endpoint.exchange("POST", place, form=form)

    def _refused(self, answer: Answer) -> PlatformError:
        status, told = answer.status, _told(answer)
        said = f": {told}" if told else ""
        if status == 200 or 300 <= status < 400:
            return PlatformError(
                CONFIGURATION, f"what answers there is not Keycloak (HTTP {status})", "correct url", where=self.name
            )
        category, what, remedy = MEANINGS.get(status) or (
            (SERVICE_STARTUP, "Keycloak failed", "look into its log, and run again")
            if status >= 500
            else (CONFIGURATION, "Keycloak refuses the request", "correct the declaration")
        )
        # What is wrong with one request is told with the object that it was about.
        where = "" if category in (CONFIGURATION, DATA) else self.name
        return PlatformError(category, f"{what} (HTTP {status}{said})", remedy, where=where)


def _is_wrong_password(answer: Answer) -> bool:
    # By its version Keycloak answers a wrong password with 400 or 401.
    document = answer.document
    is_refusal = answer.status in (400, 401) and isinstance(document, dict) and document.get("error") == "invalid_grant"
    return is_refusal and UNFINISHED not in _told(answer).lower()


def _told(answer: Answer) -> str:
    """Return what Keycloak says of a refusal; each part of it has its own way."""
    document = answer.document
    if not isinstance(document, dict):
        return ""
    for key in ("errorMessage", "error_description", "error"):
        if document.get(key):
            return " ".join(str(document[key]).split())[:300]
    return ""
