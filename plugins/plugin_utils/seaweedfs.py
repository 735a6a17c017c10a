# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What services need of SeaweedFS, as its gateway spells it: pure functions."""

from __future__ import annotations

import typing as t


def s3_identities(needs: list[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return one identity for each need, as in SeaweedFS' `s3.json`.

    Args:
        needs: of kind `s3`; an identity with a `prefix` writes below that only.

    No identity writes to a bucket as such, only below it: from version 4 on the gateway tells its settings (versions,
    origins, expiry, policy) from what is in it by that. Version 3 does so only where there is a prefix.
    """
    return [_identity(need["bucket"]["name"], need["identity"]) for need in needs]


def _identity(bucket: str, identity: dict[str, str]) -> dict[str, t.Any]:
    writable = f"{bucket}/{identity.get('prefix', '')}*"
    return {
        "name": identity["access_key"],
        "credentials": [{"accessKey": identity["access_key"], "secretKey": identity["secret_key"]}],
        "actions": [f"Read:{bucket}", f"List:{bucket}", f"Write:{writable}", f"Tagging:{writable}"],
    }
