"""The entry point of the test image does what the published one's does: tests/images/postgresql/CONTRACT.md."""

from __future__ import annotations

import pytest
from integration.conftest import ROOT, VERSIONS, Container, docker
from yaml import safe_load

pytestmark = pytest.mark.integration
IMAGE = f"pgvector/pgvector:{VERSIONS['postgresql_version']}"
DECLARED = safe_load((ROOT / "roles/postgresql/vars/main.yml").read_text(encoding="utf-8"))["__postgresql_container"]


def role_options() -> list[str]:
    """Return what the role lets the container do, as options of `docker run`."""
    options = ["--init", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"]
    options += [f"--cap-add={name}" for name in DECLARED["cap_add"]]
    options += ["--read-only"] if DECLARED.get("read_only") else []
    return options + [f"--tmpfs={place}" for place in DECLARED.get("tmpfs", [])]


def refusal(*options: str) -> str:
    return docker("run", "--rm", *role_options(), *options, IMAGE, check=False)


def test_without_a_password_it_makes_nothing():
    assert "POSTGRES_PASSWORD" in refusal()


def test_a_password_and_a_file_of_it_contradict():
    both = ("--env=POSTGRES_PASSWORD=x", "--env=POSTGRES_PASSWORD_FILE=/etc/hostname")
    assert "POSTGRES_PASSWORD_FILE" in refusal(*both)


def test_a_mount_where_older_images_had_their_data_is_refused():
    assert "/var/lib/postgresql/data" in refusal("--env=POSTGRES_PASSWORD=x", "--volume=/var/lib/postgresql/data")


def test_an_empty_volume_becomes_a_server_that_asks_for_the_password():
    server = Container(IMAGE, options=(*role_options(), "--env=POSTGRES_PASSWORD=Proof-1"))
    try:
        # By TCP: while it is made it answers on its socket only.
        server.wait("pg_isready", "-h", "127.0.0.1", "-U", "postgres")
        assert server.run("stat", "-c", "%U %a", "/var/lib/postgresql/18/docker").split() == ["postgres", "700"]
        status = server.run("sh", "-c", "cat /proc/$(head -n 1 /var/lib/postgresql/18/docker/postmaster.pid)/status")
        assert "Uid:\t999\t999\t999\t999" in status and "CapEff:\t0000000000000000" in status
        ask = ["psql", "-XAtqw", "-h", server.address, "-U", "postgres", "-c", "select 1"]
        assert server.run("env", "PGPASSWORD=Proof-1", *ask).strip() == "1"
        assert "password authentication failed" in server.run("env", "PGPASSWORD=wrong", *ask, check=False)
        docker("stop", server.name)
        # Another one said so before, when the empty volume had become a server.
        assert "database system is shut down" in server.logs().rpartition("ready to accept connections")[2]
    finally:
        server.remove()
