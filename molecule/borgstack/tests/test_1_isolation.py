"""Nobody reaches what is not theirs: from outside, between services, and in files."""

from __future__ import annotations

import contextlib
import json
import resource
import selectors
import shlex
import socket
import subprocess
import time

import pytest
from conftest import PROJECT, answers


def _open_ports(address: str, ports: range, at_once: int = 4000, seconds: float = 1) -> set[int]:
    """Try every port, thousands at a time; what does not answer within a second is closed."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, at_once + 1000), hard))
    found = set()
    for start in range(ports.start, ports.stop, at_once):
        with selectors.DefaultSelector() as selector, contextlib.ExitStack() as sockets:
            for port in range(start, min(start + at_once, ports.stop)):
                attempt = sockets.enter_context(socket.socket())
                attempt.setblocking(False)
                attempt.connect_ex((address, port))
                selector.register(attempt, selectors.EVENT_WRITE, port)
            deadline = time.monotonic() + seconds
            while (left := deadline - time.monotonic()) > 0:
                for key, _ in selector.select(left):
                    if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                        found.add(key.data)
                    selector.unregister(key.fileobj)
    return found


@pytest.fixture(scope="module")
def holders(name, secrets):
    """Find the files that hold a secret, as root or as another user."""

    def search(user: str, *places: str) -> list[str]:
        # By standard input: on a command line the question itself would be the leak.
        command = ["docker", "exec", "--interactive", "--user", user, name, "grep", "-rlaFf", "/dev/stdin", *places]
        found = subprocess.run(command, check=False, text=True, input="\n".join(secrets.values()), capture_output=True)
        return found.stdout.splitlines()

    return search


def test_every_file_of_ours_with_a_secret_is_readable_by_root_only(server, holders):
    found = holders("root", "/opt", "/etc", "/root", "/home", "/tmp", "/var/log", "/var/tmp")
    # Docker keeps a file for the moment that a health check takes to start: what is gone by now has no mode any more.
    lines = server.run(f"stat --format '%U %a %n' {shlex.join(found)}").stdout.splitlines()
    modes = {path: f"{owner} {mode}" for owner, mode, path in (line.split(" ", 2) for line in lines)}
    assert {f"/opt/{PROJECT}/secrets/n8n.env", f"/opt/{PROJECT}/seaweedfs/s3.json"} <= set(modes)
    assert modes == dict.fromkeys(modes, "root 600")


def test_another_user_finds_no_secret_anywhere(holders):
    assert holders("nobody", "/opt", "/etc", "/root", "/home", "/tmp", "/var", "/run", "/usr/local") == []


def test_only_ssh_and_what_is_published_answers_from_outside(address, published):
    assert {22, 80, 443} <= published
    assert _open_ports(address, range(1, 65536)) == published


@pytest.fixture
def rogue(server, container):
    name = "rogue"
    image = json.loads(server.check_output(f"docker inspect {container('redis')}"))[0]["Config"]["Image"]
    server.check_output(f"docker run -d --name {name} -p 0.0.0.0:5432:6379 {image} redis-server --protected-mode no")
    yield name
    server.check_output(f"docker rm -f {name}")


def test_port_published_by_a_rogue_container_stays_closed(server, rogue, address):
    ask = "exec 3<>/dev/tcp/127.0.0.1/5432; echo PING >&3; head -c 5 <&3"
    inside = server.run("for try in 1 2 3 4 5; do timeout 2 bash -c %s && break; sleep 1; done", ask)
    assert "PONG" in inside.stdout, "the rogue container does not answer at all, so this proves nothing"
    assert not answers(address, 5432)
    server.check_output("ufw reload")
    assert not answers(address, 5432)
    assert answers(address, 443)


def test_every_container_is_healthy_and_confined(server, services):
    names = server.check_output(f"docker ps -q --filter label=com.docker.compose.project={PROJECT}").split()
    for item in json.loads(server.check_output(f"docker inspect {' '.join(names)}")):
        host = item["HostConfig"]
        assert item["State"]["Health"]["Status"] == "healthy", item["Name"]
        assert host["RestartPolicy"]["Name"] == "unless-stopped", item["Name"]
        assert host["CapDrop"] == ["ALL"] and "no-new-privileges:true" in host["SecurityOpt"], item["Name"]
        assert host["Memory"] > 0 and not host["Privileged"], item["Name"]
    assert len(names) == len(services) > 13


def test_a_database_role_connects_to_its_own_database_only(server, secrets, container):
    def connect(database: str):
        query = "select current_user"
        return server.run(
            f"docker exec -e PGPASSWORD={secrets['n8n_database_password']} {container('postgresql')} "
            f"psql -h 127.0.0.1 -U n8n_user -d {database} -tAc '{query}'"
        )

    assert connect("n8n_db").stdout.strip() == "n8n_user"
    refused = connect("directus_db")
    assert refused.rc != 0 and "permission denied for database" in refused.stderr


def test_a_redis_user_reaches_its_own_keys_only(server, secrets, container):
    def ask(user: str, secret: str, instance: str, *words: str) -> str:
        client = f"docker exec -e REDISCLI_AUTH={secrets[secret]} {container(instance)} redis-cli --user {user}"
        return server.check_output(f"{client} {' '.join(words)}")

    assert ask("n8n", "n8n_redis_password", "redis", "set", "n8n:proof", "1") == "OK"
    assert "NOPERM" in ask("n8n", "n8n_redis_password", "redis", "get", "directus:anything")
    assert "NOPERM" in ask("directus", "directus_redis_password", "redis-cache", "get", "n8n:anything")
    assert "NOPERM" in ask("directus", "directus_redis_password", "redis-cache", "flushall")
    assert "NOAUTH" in server.check_output(
        f"docker exec {container('redis')} env -u REDISCLI_AUTH redis-cli get n8n:proof"
    )


def test_queues_never_lose_a_job_to_eviction(server, secrets, container):
    for instance, policy in {"redis": "noeviction", "redis-cache": "allkeys-lru"}.items():
        password = secrets[f"{instance.replace('-', '_')}_admin_password"]
        client = f"docker exec -e REDISCLI_AUTH={password} {container(instance)} redis-cli --user platform"
        answer = server.check_output(f"{client} config get maxmemory-policy")
        assert answer.split()[-1] == policy


def test_s3_keys_open_their_own_bucket_only(s3, secrets):
    assert s3("n8n", secrets["n8n_s3_secret_key"], "put", "n8n", "proof") == "kept"
    assert s3("directus", secrets["directus_s3_secret_key"], "get", "n8n", "proof") == "AccessDenied"
    assert s3("n8n", secrets["n8n_s3_secret_key"], "put", "directus", "proof") == "AccessDenied"
    assert s3("anybody", "anything-at-all", "get", "n8n", "proof") == "InvalidAccessKeyId"


def test_no_secret_is_on_a_command_line(server, secrets):
    names = server.check_output(f"docker ps -q --filter label=com.docker.compose.project={PROJECT}").split()
    lines = [server.check_output("ps -eww -o args")]
    for item in json.loads(server.check_output(f"docker inspect {' '.join(names)}")):
        config = item["Config"]
        lines.append(
            json.dumps(
                [
                    item["Path"],
                    item["Args"],
                    config["Cmd"],
                    config["Entrypoint"],
                    config["Healthcheck"],
                    config["Labels"],
                ]
            )
        )
    shown = [name for name, value in secrets.items() if any(value in line for line in lines)]
    assert shown == []
