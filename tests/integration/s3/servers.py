"""SeaweedFS in a container, with its administrator and an application."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from integration.conftest import VERSIONS, Container
from integration.processes import unshared

from ansible_collections.borgstack.platform.plugins.plugin_utils.seaweedfs import s3_identities

SECRET = unshared("administrator-secret-key")
IDENTITIES = {
    "identities": [
        {
            "name": "admin",
            "credentials": [{"accessKey": "admin", "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        *s3_identities(
            [{"bucket": {"name": "app"}, "identity": {"access_key": "app", "secret_key": "app-secret-key"}}],
        ),
    ]
}


class SeaweedFS(Container):
    """A running server."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="borgstack-seaweedfs-"))
        folder.chmod(0o755)
        (folder / "s3.json").write_text(json.dumps(IDENTITIES), encoding="utf-8")
        super().__init__(
            f"chrislusf/seaweedfs:{VERSIONS['seaweedfs_version']}",
            "server",
            "-ip.bind=0.0.0.0",
            "-ip=127.0.0.1",
            "-master.volumePreallocate=false",
            "-filer",
            "-s3",
            "-s3.config=/etc/seaweedfs/s3.json",
            options=("--volume", f"{folder}:/etc/seaweedfs:ro"),
        )
        self.wait("wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8333/healthz")
        self.login = {"endpoint_url": f"http://{self.address}:8333", "access_key": "admin", "secret_key": SECRET}
