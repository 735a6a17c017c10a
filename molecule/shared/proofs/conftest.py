"""What the proofs of a deployed platform share."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
import requests
import testinfra
import yaml
from extended import Extended
from patience import unhurried
from plays import OPERATOR, ROOT, Run, run_playbook
from requests.adapters import HTTPAdapter
from verification import Verification

from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_ages import NOTES

__all__ = ["DOMAIN", "OPERATOR", "PROJECT", "ROOT", "Run", "answers", "eventually", "healthy", "unhurried", "vaulted"]
DOMAIN = "demo.example.com"
PROJECT = os.environ.get("BORGSTACK_TEST_PROJECT", "borgstack")
SSH = 22
# What `script/test --deep` adds: batteries of other scenarios, linked, and repetitions.
DEEP = "test_7_deep"


def pytest_collection_modifyitems(config, items) -> None:
    """Leave out what is deep, unless asked for; Molecule names each file, and pytest ignores no file that is named."""
    if not os.environ.get("BORGSTACK_TEST_DEEP"):
        deep = [item for item in items if item.path.parent.name == DEEP]
        config.hook.pytest_deselected(items=deep)
        items[:] = [item for item in items if item not in deep]


@pytest.fixture(scope="session")
def inventory() -> str:
    """The inventory that the scenario deployed with."""
    return os.environ["MOLECULE_INVENTORY_FILE"]


@pytest.fixture(scope="session")
def address(inventory) -> str:
    """The server's address as seen from outside."""
    hosts = yaml.safe_load(Path(inventory).read_text(encoding="utf-8"))["platform"]["hosts"]
    return next(iter(hosts.values()))["ansible_host"]


@pytest.fixture(scope="session")
def play(inventory):
    """Run a playbook as an operator would: `play("--check", domain="…")`."""
    settings = f"@{ROOT / 'molecule/shared/vars/settings.yml'}"

    def run(*arguments: str, playbook: str = "site.yml", cwd: Path = ROOT, env: dict | None = None, **variables) -> Run:
        return run_playbook(playbook, inventory, "-e", settings, *arguments, variables=variables, cwd=cwd, env=env)

    return run


@pytest.fixture(scope="session")
def verify(play, tmp_path_factory) -> Verification:
    """Verify; gives the run and what it reported: `(run, {(component, check): row})`, failures only."""
    return Verification(play, tmp_path_factory.mktemp("verify") / "report.json")


@pytest.fixture(scope="session")
def extended(play, inventory) -> Extended:
    """Run a playbook with a service of one's own beside, which is deployed."""
    made = Extended(play, inventory)
    run = made()
    assert run.returncode == 0, run.output
    return made


def vaulted() -> dict[str, str]:
    """Return the platform's generated secrets by name, as they are now."""
    vault = Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "vault.yml"
    viewed = subprocess.run(["ansible-vault", "view", str(vault)], check=True, capture_output=True, text=True)
    return {name: value for name, value in yaml.safe_load(viewed.stdout).items() if name != NOTES}


@pytest.fixture(scope="session")
def secrets() -> dict[str, str]:
    """The platform's generated secrets by name, as they are at first."""
    return vaulted()


@pytest.fixture(scope="session")
def name(inventory) -> str:
    """The server's name, which is its container's."""
    return next(iter(yaml.safe_load(Path(inventory).read_text(encoding="utf-8"))["platform"]["hosts"]))


@pytest.fixture(scope="session")
def server(name):
    """The server from inside, as root; not by SSH and sudo, which would write our questions to its journal."""
    return testinfra.get_host(f"docker://{name}")


@pytest.fixture
def services(server) -> dict[str, dict]:
    """What is declared to Docker Compose now, by container."""
    return declared(server)


@pytest.fixture
def published(services) -> set[int]:
    """The ports that are to answer from outside."""
    mappings = [str(port).partition("/")[0] for service in services.values() for port in service.get("ports", [])]
    return {SSH} | {int(mapping.split(":")[-2]) for mapping in mappings}


class _Resolved(HTTPAdapter):
    """Connects to the server whatever host name a URL has, and verifies the certificate for that name."""

    def __init__(self, address: str, authority: str):
        self._address = address
        self._context = ssl.create_default_context(cadata=authority)
        super().__init__()

    def send(self, request, **keywords):
        request.headers["Host"] = request.url.split("/")[2]
        return super().send(request, **keywords)

    def get_connection_with_tls_context(self, request, verify, proxies=None, cert=None):
        host = request.url.split("/")[2]
        return self.poolmanager.connection_from_host(
            self._address,
            443,
            "https",
            pool_kwargs={"ssl_context": self._context, "server_hostname": host, "assert_hostname": host},
        )


@pytest.fixture(scope="session")
def web(server, address) -> requests.Session:
    """A browser on the internet: speaks HTTPS to the server and trusts its authority, nothing else."""
    authority = server.check_output(f"docker exec {PROJECT}-caddy-1 cat /data/caddy/pki/authorities/local/root.crt")
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", _Resolved(address, authority))
    return session


@pytest.fixture(scope="session")
def container():
    """Return a container's name by its service."""
    return lambda service: f"{PROJECT}-{service}-1"


@pytest.fixture(scope="session")
def query(server, container):
    """Ask PostgreSQL as its superuser: `query("n8n_db", "select …")`."""

    def ask(database: str, statement: str) -> str:
        return server.check_output(
            f"docker exec {container('postgresql')} psql -U postgres -d {database} -tAc %s", statement
        ).strip()

    return ask


S3 = """
import sys
import boto3, botocore
endpoint, key, secret, verb, bucket, name = sys.argv[1:]
client = boto3.client("s3", endpoint_url=endpoint, aws_access_key_id=key, aws_secret_access_key=secret,
                      region_name="us-east-1", config=botocore.config.Config(s3={"addressing_style": "path"}))
try:
    if verb == "make":
        client.create_bucket(Bucket=bucket)
    if verb in ("make", "put"):
        client.put_object(Bucket=bucket, Key=name, Body=b"kept")
    print(client.get_object(Bucket=bucket, Key=name)["Body"].read().decode())
except botocore.exceptions.ClientError as error:
    print(error.response["Error"]["Code"])
"""


@pytest.fixture(scope="session")
def s3(server, container):
    """Put or get an object as one identity; `s3(key, secret, "get", bucket, name)` gives its text or an error code."""

    def ask(key: str, secret: str, verb: str, bucket: str, name: str) -> str:
        gateway = json.loads(server.check_output(f"docker inspect {container('seaweedfs')}"))[0]
        endpoint = f"http://{gateway['NetworkSettings']['Networks'][f'{PROJECT}_internal']['IPAddress']}:8333"
        return server.check_output(
            "python3 -c %s %s %s %s %s %s %s", S3, endpoint, key, secret, verb, bucket, name
        ).strip()

    return ask


@pytest.fixture
def serving(server, web):
    """Return a function that waits until every container that is declared is healthy and sites answer with success."""

    def wait(*urls: str) -> None:
        eventually(lambda: healthy(server) and all(web.get(url, timeout=20).ok for url in urls), 180)

    return wait


def declared(server) -> dict[str, dict]:
    """Return what is declared to Docker Compose now, by container."""
    return yaml.safe_load(server.check_output(f"cat /opt/{PROJECT}/compose.yaml"))["services"]


def healthy(server) -> bool:
    """Tell whether every container that is declared runs and is healthy."""
    label = f"label=com.docker.compose.project={PROJECT}"
    listed = server.run(f"docker ps --filter {label} --format '{{{{.Status}}}}'").stdout.splitlines()
    well = [line for line in listed if line.endswith("(healthy)")]
    return len(well) == len(listed) == len(declared(server))


def answers(address: str, port: int, seconds: float = 2) -> bool:
    """Tell whether a TCP port accepts connections from here."""
    try:
        with socket.create_connection((address, port), timeout=seconds):
            return True
    except OSError:
        return False


def eventually(condition, seconds: int = 120):
    """Return what `condition()` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            result = condition()
        except (requests.RequestException, AssertionError, RuntimeError):
            result = None
        if result:
            return result
        time.sleep(1)
    raise AssertionError(f"not within {seconds} s: {condition}")
