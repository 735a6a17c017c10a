"""A small platform in containers: PostgreSQL, Redis and SeaweedFS as the project's, a volume, and the real program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import boto3
import redis
from integration.conftest import ROOT, VERSIONS, Container, docker, rows_of
from integration.s3.servers import IDENTITIES, SECRET

PASSWORD = "Superuser-1-password"
PROGRAM = ROOT / "roles/backup/files"
KEEP = {"last": 20, "daily": 7, "weekly": 4, "monthly": 12, "yearly": 5}


def living() -> list[tuple[int, int]]:
    """Processes that have not ended, each with its parent."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found.append((int(path.parent.name), int(parent)))
    return found


class Estate:
    """The platform, the plan of its backups and one destination on this machine."""

    def __init__(self, folder: Path):
        self.project = f"backup{uuid.uuid4().hex[:8]}"
        self.folder = folder
        self.directory = folder / "platform"
        for path in ("backup/work", "backup/state", "run"):
            (self.directory / path).mkdir(parents=True)
        (self.directory / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
        (self.directory / "backup/state/vault.yml").write_text("$ANSIBLE_VAULT;1.1;AES256\n", encoding="utf-8")
        identities = self.directory / "s3"
        identities.mkdir()
        (identities / "s3.json").write_text(json.dumps(IDENTITIES), encoding="utf-8")
        self._containers: list[Container] = []
        self.postgresql = self._started(
            "postgresql",
            f"pgvector/pgvector:{VERSIONS['postgresql_version']}",
            *("postgres", "-c", "fsync=off"),
            options=("--env", f"POSTGRES_PASSWORD={PASSWORD}"),
        )
        self.redis = self._started(
            "redis",
            f"redis:{VERSIONS['redis_version']}",
            *("redis-server", "--requirepass", PASSWORD, "--appendonly", "yes", "--dir", "/data"),
            options=("--volume", f"{self.project}_redis_data:/data"),
        )
        self.store = self._started(
            "seaweedfs",
            f"chrislusf/seaweedfs:{VERSIONS['seaweedfs_version']}",
            *("server", "-ip.bind=0.0.0.0", "-ip=127.0.0.1", "-master.volumePreallocate=false", "-filer", "-s3"),
            *("-master.volumeSizeLimitMB=64", "-s3.config=/etc/seaweedfs/s3.json"),
            options=("--volume", f"{identities}:/etc/seaweedfs:ro"),
        )
        self.app = self._started(
            "app",
            f"redis:{VERSIONS['redis_version']}",
            *("sleep", "infinity"),
            options=("--volume", f"{self.project}_app_data:/app", "--init", "--env", "APP_KEY=of-today"),
        )
        self.postgresql.wait("pg_isready", "-h", "127.0.0.1", "-U", "postgres")
        self.redis.wait("redis-cli", "-a", PASSWORD, "ping")
        self.store.wait("wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8333/healthz")
        self.canaries: list[dict] = []
        self.plan: dict = {}
        self.write_plan()

    def _started(self, service: str, image: str, *arguments: str, options: tuple[str, ...] = ()) -> Container:
        labels = (f"com.docker.compose.project={self.project}", f"com.docker.compose.service={service}")
        marked = [argument for label in labels for argument in ("--label", label)]
        container = Container(image, *arguments, options=(*marked, *options))
        self._containers.append(container)
        return container

    def remove(self) -> None:
        """Remove all of it."""
        for container in self._containers:
            container.remove()
        for volume in ("redis_data", "app_data"):
            docker("volume", "rm", "--force", f"{self.project}_{volume}")

    def write_plan(self, *destinations: dict, **settings: object) -> None:
        """Write the plan, with one local destination unless others are named."""
        local = {"name": "local", "repository": str(self.folder / "repository"), "password": "Repository-1-password"}
        backup = self.directory / "backup"
        login = {"container": "postgresql", "port": 5432, "user": "postgres", "password": PASSWORD}
        self.plan = {
            "platform": self.project,
            "directory": str(self.directory),
            "sets": str(self.directory / "backups"),
            "work": str(backup / "work"),
            "state": str(backup / "state"),
            "sources": [
                {"kind": "postgresql", "instance": "postgresql", **login},
                {"kind": "redis", "instance": "redis", **login, "container": "redis", "port": 6379, "user": "default"},
                {"kind": "s3", "instance": "seaweedfs", "container": "seaweedfs", "port": 8333, "user": "admin",
                 "password": SECRET},
            ],
            "volumes": ["app_data"],
            "services": {
                "app": {
                    "containers": ["app"],
                    "parts": ["postgresql/shop", "redis", "seaweedfs/files", "volume/app_data"],
                },
            },
            "destinations": list(destinations) or [local],
            "canaries": self.canaries,
            "settings": {
                "version": "test", "restic": "restic", "keep": KEEP, "smaller_percent": 50, "verify_in_runs": 1,
                "connect_seconds": 20, "wait_seconds": 2, "lock_folder": str(self.directory / "run"),
                "metrics": str(self.folder), "hooks": {}, "drill_memory_mb": 512, "drill_disk_percent": 50,
                "settled_seconds": 0, "quiesce": False, **settings,
            },
        }  # fmt: skip
        path = backup / "plan.json"
        path.write_text(json.dumps(self.plan), encoding="utf-8")
        path.chmod(0o600)

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start the program."""
        return subprocess.Popen(
            [sys.executable, "-m", "borgstack_backup", str(self.directory / "backup/plan.json"), *arguments],
            env={**os.environ, "PYTHONPATH": str(PROGRAM), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run the program to its end, which has to be of a status, and return what it said."""
        process = self.start(*arguments)
        said = process.communicate(timeout=300)[0]
        assert process.returncode == status, said
        return said

    def backup(self, status: int = 0) -> str:
        """Make a backup."""
        return self.run("run", status=status)

    def saved(self) -> None:
        """Have something to restore."""
        if not self.sets:
            self.backup()

    def restore(self, wanted: str, *arguments: str, status: int = 0) -> str:
        """Restore something, with the word that it takes."""
        word = self.project if wanted == "all" else wanted
        return self.run("restore", wanted, "--confirm", word, *arguments, status=status)

    @property
    def sets(self) -> list[str]:
        """The finished sets on the host."""
        return sorted(path.name for path in (self.directory / "backups").glob("*"))

    @property
    def status(self) -> dict:
        """What the program knows of its runs."""
        return json.loads((self.directory / "backup/state/status.json").read_text(encoding="utf-8"))

    def manifest(self) -> dict[str, dict]:
        """The newest set's parts by name."""
        path = self.directory / "backups" / self.sets[-1] / "manifest.json"
        return {part["name"]: part for part in json.loads(path.read_text(encoding="utf-8"))["parts"]}

    def sql(self, statement: str, database: str = "postgres") -> list[tuple]:
        """Run a statement."""
        return rows_of(statement, host=self.postgresql.address, user="postgres", password=PASSWORD, dbname=database)

    @property
    def keys(self) -> redis.Redis:
        """A client of Redis."""
        return redis.Redis(host=self.redis.address, password=PASSWORD, decode_responses=True)

    @property
    def s3(self):
        """A client of the object storage."""
        return boto3.client(
            "s3",
            endpoint_url=f"http://{self.store.address}:8333",
            aws_access_key_id="admin",
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def file(self, name: str) -> Path:
        """A file of the volume, as the host sees it."""
        form = '{{range .Mounts}}{{if eq .Destination "/app"}}{{.Source}}{{end}}{{end}}'
        return Path(docker("inspect", "--format", form, self.app.name).strip()) / name

    def fill(self) -> None:
        """Put something everywhere."""
        self.sql("create role shopkeeper login")
        self.sql("create database shop owner shopkeeper")
        self.sql("revoke connect on database shop from public")
        self.sql("alter database shop set timezone to 'UTC'")
        self.sql("create extension vector", "shop")
        self.sql("create table orders (id serial primary key, file text, at vector(3))", "shop")
        self.sql("insert into orders (file, at) select 'o' || g, '[1,2,3]' from generate_series(1, 2000) g", "shop")
        self.sql('create table "odd "" name" (x int)', "shop")
        self.keys.mset({f"key:{number}": "value" for number in range(500)})
        self.s3.create_bucket(Bucket="files")
        for number in range(20):
            self.s3.put_object(
                Bucket="files", Key=f"a/{number} ü?.txt", Body=b"x" * (1000 + number), ContentType="text/x-odd",
                Metadata={"owner": "me"},
            )  # fmt: skip
        self.app.run(
            "sh", "-c", "echo first >/app/note; mkdir /app/.hidden; touch /app/.hidden/x; chown -R 7:8 /app/note"
        )
