# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Object storage: every object as a file, copied before the databases and once more after them.

So whatever a database names is there: an object that came meanwhile is taken by the second pass, and one that was
deleted meanwhile stays in the set; of both it is noted that they were moving, since a row may be missing of them. A
file is a link to the former set's where the object is the same.
"""

from __future__ import annotations

import hashlib
import json
import os
import typing as t
from pathlib import Path

from borgstack_backup.commands import wait_for
from borgstack_backup.failure import DATA, NETWORK, SERVICE, Failure
from borgstack_backup.part import BLOCK, Part, file_name
from borgstack_backup.plan import Source

KEPT = ("ContentType", "ContentEncoding", "ContentDisposition", "ContentLanguage", "CacheControl", "Metadata")


class Objects:
    """One object storage.

    Args:
        source: which, and how its administrator logs in.
        address: where it answers.
        former: the set before, if there is one.
    """

    def __init__(self, source: Source, address: str, former: Path | None = None):
        try:
            import boto3
            import botocore.config
            import botocore.exceptions
        except ImportError:
            raise Failure(SERVICE, "Python has no boto3", "install python3-boto3", source.instance) from None
        self._source, self._former = source, former
        self._errors = botocore.exceptions
        self._client = boto3.client(
            "s3",
            endpoint_url=f"http://{address}:{source.port}",
            aws_access_key_id=source.user,
            aws_secret_access_key=source.password,
            region_name="us-east-1",
            config=_configuration(botocore.config.Config),
        )

    def save(self, root: Path) -> list[Part]:
        """Copy what is not below `root` yet; called twice, it takes what is new."""
        return [self._guarded(self._save_bucket, bucket, root) for bucket in self._guarded(self._buckets)]

    def restore(self, part: Part, root: Path, prefix: str = "", clean: bool = False) -> None:
        """Write a set's objects below a prefix into their bucket; those that are not in the set go if it is `clean`."""
        self._guarded(self._restore_bucket, part, root, prefix, clean)

    def keys(self, bucket: str) -> set[str]:
        """Return the keys of all objects of a bucket; of one that there is not, none."""
        return set(self._guarded(self._listed, bucket))

    def check(self, part: Part, root: Path) -> None:
        """Read all objects of a set that were restored, and refuse one that is missing or another one."""
        self._guarded(self._check_bucket, part, root)

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        wait_for(lambda: self._guarded(self._buckets), self._source.instance)

    def _guarded(self, step: t.Callable, *arguments: t.Any) -> t.Any:
        try:
            return step(*arguments)
        except self._errors.EndpointConnectionError as error:
            raise Failure(NETWORK, str(error), "run site.yml, then this again", self._source.instance) from None
        except (self._errors.BotoCoreError, self._errors.ClientError) as error:
            raise Failure(SERVICE, str(error), "see its log, then run again", self._source.instance) from None

    def _buckets(self) -> list[str]:
        return [bucket["Name"] for bucket in self._client.list_buckets()["Buckets"]]

    def _save_bucket(self, bucket: str, root: Path) -> Part:
        part = Part("s3", f"{self._source.instance}/{bucket}", f"s3/{file_name(bucket)}.json")
        part.source = {"instance": self._source.instance, "bucket": bucket}
        again = (root / part.file).exists()
        index, former = read_index(root / part.file), read_index(self._former / part.file if self._former else None)
        left = set(index)
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for item in page.get("Contents", []):
                seen = {"etag": item["ETag"], "size": item["Size"]}
                left.discard(item["Key"])
                known = index.get(item["Key"])
                if known and all(known[name] == seen[name] for name in seen):
                    continue
                entry = self._taken(bucket, item["Key"], seen, former.get(item["Key"]), root)
                if entry:
                    entry["modified"] = item["LastModified"].timestamp()
                    index[item["Key"]] = {**entry, "moving": "came"} if again else entry
        for key in left:
            index[key]["moving"] = "went"
        (root / part.file).parent.mkdir(parents=True, exist_ok=True)
        (root / part.file).write_text(json.dumps(index, sort_keys=True), encoding="utf-8")
        part.counts = {"objects": len(index)}
        moving = [entry["moving"] for entry in index.values() if "moving" in entry]
        part.facts = {name: moving.count(name) for name in ("came", "went")}
        part.bytes = sum(entry["size"] for entry in index.values())
        return part

    def _taken(self, bucket: str, key: str, seen: dict, former: dict | None, root: Path) -> dict | None:
        """Return an object's entry, once its file is there; nothing where the object is gone meanwhile."""
        name = hashlib.sha256(key.encode()).hexdigest()
        path = root / "s3" / file_name(bucket) / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(".part")
        if former and self._former and all(former[item] == seen[item] for item in seen):
            temporary.unlink(missing_ok=True)
            os.link(self._former / former["file"], temporary)
            entry = {name: former[name] for name in (*seen, "sha256", "kept")}
        else:
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key)
            except self._client.exceptions.NoSuchKey:
                return None
            entry = {**seen, "sha256": _copied(answer["Body"], temporary), "kept": {}}
            entry.update(etag=answer["ETag"], size=answer["ContentLength"])
            entry["kept"] = {item: answer[item] for item in KEPT if answer.get(item)}
            if temporary.stat().st_size != entry["size"]:
                raise Failure(DATA, "an object was cut off", "run again", f"{bucket}/{key}")
        temporary.replace(path)
        return {**entry, "file": str(path.relative_to(root))}

    def _restore_bucket(self, part: Part, root: Path, prefix: str, clean: bool) -> None:
        bucket, index = part.source["bucket"], read_index(root / part.file)
        if bucket not in self._buckets():
            self._client.create_bucket(Bucket=bucket)
        there = self._listed(bucket)
        for key, entry in index.items():
            if not key.startswith(prefix):
                continue
            if there.get(key) != entry["etag"] or "-" in entry["etag"]:
                extra = {"ExtraArgs": entry["kept"]} if entry["kept"] else {}
                self._client.upload_file(str(root / entry["file"]), bucket, key, **extra)
        for key in there:
            if clean and key.startswith(prefix) and key not in index:
                self._client.delete_object(Bucket=bucket, Key=key)

    def _listed(self, bucket: str) -> dict[str, str]:
        if bucket not in self._buckets():
            return {}
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {item["Key"]: item["ETag"] for page in pages for item in page.get("Contents", [])}

    def _check_bucket(self, part: Part, root: Path) -> None:
        bucket, index = part.source["bucket"], read_index(root / part.file)
        wrong = sorted(set(index) ^ set(self._listed(bucket)))
        for key, entry in index.items():
            if not wrong and _sum_of(self._client.get_object(Bucket=bucket, Key=key)["Body"]) != entry["sha256"]:
                wrong.append(key)
        if wrong:
            raise Failure(DATA, f"{len(wrong)} differ: {', '.join(wrong[:5])}", "drill another set", part.name)


def read_index(path: Path | None) -> dict[str, dict]:
    """Return the objects of a bucket by key."""
    return json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else {}


def _configuration(config: t.Any) -> t.Any:
    """Return how to speak to servers other than Amazon's; older libraries know nothing of the checksums."""
    settings = {"s3": {"addressing_style": "path"}, "retries": {"max_attempts": 5}}
    try:
        return config(request_checksum_calculation="when_required", response_checksum_validation="when_required",
                      **settings)  # fmt: skip
    except TypeError:
        return config(**settings)


def _copied(body: t.Any, path: Path) -> str:
    with path.open("wb") as file:
        return _sum_of(body, file.write)


def _sum_of(body: t.Any, write: t.Callable[[bytes], t.Any] = len) -> str:
    sum_ = hashlib.sha256()
    for block in iter(lambda: body.read(BLOCK), b""):
        sum_.update(block)
        write(block)
    return sum_.hexdigest()
