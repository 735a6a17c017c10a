"""All that lies on the server."""

from __future__ import annotations

import shlex
import typing as t

from conftest import PROJECT

BUCKETS = """
import sys
import boto3, botocore
client = boto3.client("s3", endpoint_url=sys.argv[1], aws_access_key_id="platform", aws_secret_access_key=sys.argv[2],
                      region_name="us-east-1", config=botocore.config.Config(s3={"addressing_style": "path"}))
for bucket in client.list_buckets()["Buckets"]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket["Name"]):
        print(bucket["Name"], *sorted(item["Key"] for item in page.get("Contents", [])))
"""


class Estate:
    """All that lies on the server, as lines by kind.

    Args:
        server: the server from inside.
        secrets: the platform's secrets.
        databases: whose schemas belong to it.
    """

    def __init__(self, server, secrets: dict[str, str], databases: t.Iterable[str] = ()):
        self._server = server
        self._secrets = secrets
        self._databases = databases

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

    def schemas(self) -> set[str]:
        """Return the lines of the databases' schemas, each with its database."""
        found = set()
        for database in self._databases:
            lines = self.ask("postgresql", f"pg_dump -U postgres --schema-only {database}")
            # Newer versions print a random word that later lines refer to.
            found |= {f"{database}: {line}" for line in lines if line and not line.startswith("\\")}
        return found

    def snapshot(self) -> dict[str, set[str]]:
        """Return everything as it is."""
        shell = self._server.check_output
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
            "file": set(
                shell("find /opt/borgstack -type f -not -path '*/deployed/*' -print0 | xargs -0 sha256sum").splitlines()
            ),
            "database": set(self.psql("postgres", "select datname, datacl from pg_database")),
            "role": set(self.psql("postgres", "select rolname, rolpassword from pg_authid")),
            "schema": self.schemas(),
            **{f"user of {name}": set(self.redis(name, "acl list")) for name in ("redis", "redis-cache")},
            **{f"key of {name}": set(self.redis(name, "keys '*marker*'")) for name in ("redis", "redis-cache")},
            "bucket": set(self.buckets()),
        }


def difference(before: dict[str, set[str]], after: dict[str, set[str]]) -> tuple[list[str], list[str]]:
    """Return what has gone and what has come, each line with its kind."""
    gone = sorted(f"{kind} {line}" for kind in before for line in before[kind] - after[kind])
    come = sorted(f"{kind} {line}" for kind in before for line in after[kind] - before[kind])
    return gone, come


class Markers:
    """Something in each datastore that has to survive.

    Args:
        estate: the server's datastores.
        s3: as the fixture of that name.
        secrets: the platform's secrets.
        name: what it is called.
        database: where its table is made.
        bucket: of a service; its identity is called like it.
    """

    def __init__(self, estate: Estate, s3, secrets: dict[str, str], name: str, database: str, bucket: str):
        self._estate, self._s3, self._name, self._database, self._bucket = estate, s3, name, database, bucket
        self._key = secrets[f"{bucket}_s3_secret_key"]
        estate.psql(database, f"create table if not exists {name} as select 1 as kept")
        estate.redis("redis", f"set {name} kept")
        s3(bucket, self._key, "put", bucket, name)

    def assert_kept(self) -> None:
        """Assert that all of them are there."""
        found = {
            "PostgreSQL": self._estate.psql(self._database, f"select kept from {self._name}"),
            "Redis": self._estate.redis("redis", f"get {self._name}"),
            "S3": self._s3(self._bucket, self._key, "get", self._bucket, self._name),
        }
        # This module is none that pytest rewrites: what was found has to be told.
        assert found == {"PostgreSQL": ["1"], "Redis": ["kept"], "S3": "kept"}, f"found of {self._name}: {found}"
