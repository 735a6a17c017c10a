"""A service that is switched off and on again, and all that lies on the server."""

from __future__ import annotations

import shlex
from pathlib import Path

import requests
import yaml
from conftest import DOMAIN, PROJECT

SERVICE = "directus"
SITE = f"https://{SERVICE}.{DOMAIN}"
ADMIN = f"admin@{DOMAIN}"
BUCKETS = """
import sys
import boto3, botocore
client = boto3.client("s3", endpoint_url=sys.argv[1], aws_access_key_id="platform", aws_secret_access_key=sys.argv[2],
                      region_name="us-east-1", config=botocore.config.Config(s3={"addressing_style": "path"}))
for bucket in client.list_buckets()["Buckets"]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
        print(bucket["Name"], *sorted(item["Key"] for item in page.get("Contents", [])))
"""


def switched_off(inventory: str) -> dict:
    """Return the variables that switch the service off, and what would need it."""
    declared = yaml.safe_load((Path(inventory).parent / "group_vars/all/main.yml").read_text(encoding="utf-8"))
    others = [name for name in declared["platform_applications"] if name != SERVICE]
    return {"platform_applications": others, "platform_integrations": []}


def is_served(web: requests.Session) -> bool:
    """Tell whether the service's site answers; a host that Caddy does not know gets no certificate."""
    try:
        return web.get(f"{SITE}/server/ping", timeout=20).text == "pong"
    except requests.RequestException:
        return False


class Estate:
    """All that lies on the server, as lines by kind.

    Args:
        server: the server from inside.
        secrets: the platform's secrets.
    """

    def __init__(self, server, secrets: dict[str, str]):
        self._server = server
        self._secrets = secrets

    def ask(self, service: str, command: str, *arguments: str, environment: str = "") -> list[str]:
        """Run a command in a container and return the lines that it prints."""
        where = f"docker exec {environment} {PROJECT}-{service}-1"
        return self._server.check_output(f"{where} {command}", *arguments).splitlines()

    def psql(self, database: str, statement: str) -> list[str]:
        """Ask PostgreSQL as its superuser."""
        return self.ask("postgresql", f"psql -U postgres -d {database} -tAc %s", statement)

    def redis(self, instance: str, words: str) -> list[str]:
        """Ask a Redis instance as the platform."""
        password = self._secrets[f"{instance.replace('-', '_')}_admin_password"]
        login = shlex.quote(f"REDISCLI_AUTH={password}")
        return self.ask(instance, f"redis-cli --user platform {words}", environment=f"-e {login}")

    def buckets(self) -> list[str]:
        """Return a line a bucket: its name and its objects."""
        network = f'{{{{(index .NetworkSettings.Networks "{PROJECT}_internal").IPAddress}}}}'
        address = self._server.check_output(f"docker inspect --format '{network}' {PROJECT}-seaweedfs-1").strip()
        secret = self._secrets["seaweedfs_admin_secret_key"]
        return self._server.check_output("python3 -c %s %s %s", BUCKETS, f"http://{address}:8333", secret).splitlines()

    def snapshot(self) -> dict[str, set[str]]:
        """Return everything as it is."""
        shell = self._server.check_output
        schema = self.ask("postgresql", "pg_dump -U postgres --schema-only n8n_db")
        return {
            # Id and start: nothing was recreated or restarted.
            "container": set(
                shell(
                    "docker ps --all --no-trunc --quiet | xargs docker inspect --format "
                    "'{{.Name}} {{.Id}} {{.State.StartedAt}}'"
                ).splitlines()
            ),
            "volume": set(shell("docker volume ls --quiet").splitlines()),
            "network": set(shell("docker network ls --quiet --no-trunc").splitlines()),
            "image": set(shell("docker image ls --quiet --no-trunc").splitlines()),
            "file": set(shell("find /opt/borgstack -type f -print0 | xargs -0 sha256sum").splitlines()),
            "database": set(self.psql("postgres", "select datname, datacl from pg_database")),
            "role": set(self.psql("postgres", "select rolname, rolpassword from pg_authid")),
            # Newer versions print a random word that later lines refer to.
            "schema": {line for line in schema if not line.startswith("\\")},
            **{f"user of {name}": set(self.redis(name, "acl list")) for name in ("redis", "redis-cache")},
            **{f"key of {name}": set(self.redis(name, "keys '*marker*'")) for name in ("redis", "redis-cache")},
            "bucket": set(self.buckets()),
        }


def difference(before: dict[str, set[str]], after: dict[str, set[str]]) -> tuple[list[str], list[str]]:
    """Return what has gone and what has come, each line with its kind."""
    gone = sorted(f"{kind} {line}" for kind in before for line in before[kind] - after[kind])
    come = sorted(f"{kind} {line}" for kind in before for line in after[kind] - before[kind])
    return gone, come
