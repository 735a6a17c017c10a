"""The role's start script under the role's own capabilities, on images whose entry points differ."""

from __future__ import annotations

import hashlib
import uuid

import pytest
import yaml
from integration.conftest import ROOT, Container, docker
from integration.redis.servers import PRODUCTS

pytestmark = pytest.mark.integration
ROLE = ROOT / "roles/redis"
DECLARED = yaml.safe_load((ROLE / "vars/main.yml").read_text(encoding="utf-8"))["__redis_container"]
PASSWORDS = {"PLATFORM_ADMIN_HASH": "Administrator-1", "PLATFORM_HEALTH_HASH": "Health-1"}
CONFIGURATION = "bind * -::*\ndir /data\naclfile /data/users.acl\n"
OWNED_BY_OTHERS = ["find", "/data", "!", "-user", "redis"]


def role_options() -> list[str]:
    """Return what the role lets the container do, as options of `docker run`."""
    options = ["--init", "--cap-drop=ALL", "--security-opt=no-new-privileges:true"]
    options += [f"--cap-add={name}" for name in DECLARED["cap_add"]]
    options += ["--read-only"] if DECLARED.get("read_only") else []
    options += [f"--env=SKIP_FIX_PERMS={value}" for value in [DECLARED["environment"].get("SKIP_FIX_PERMS")] if value]
    options += [f"--env={name}={hashlib.sha256(word.encode()).hexdigest()}" for name, word in PASSWORDS.items()]
    return options


class Platform:
    """One instance of the role on a volume that outlives its container."""

    def __init__(self, image: str, folder):
        self.image = image
        self.folder = folder
        self.volume = f"borgstack-it-{uuid.uuid4().hex[:8]}"
        self.container: Container | None = None
        (folder / "start.sh").write_text((ROLE / "files/start.sh").read_text(encoding="utf-8"), encoding="utf-8")
        self.configure("appendonly yes")

    def configure(self, *lines: str) -> None:
        """Set what its configuration says besides."""
        (self.folder / "redis.conf").write_text(CONFIGURATION + "\n".join(lines) + "\n", encoding="utf-8")

    def prepare(self, commands: str) -> None:
        """Run commands as root on its volume, as an older installation or a restore would have left it."""
        docker("run", "--rm", f"--volume={self.volume}:/data", "--entrypoint=sh", self.image, "-ec", commands)

    def start(self) -> Container:
        """Start it anew, as the role does; return it when it answers the health check's user."""
        self.stop()
        mounts = [f"--volume={self.volume}:/data", f"--volume={self.folder}:/usr/local/etc/platform:ro"]
        self.container = Container(self.image, *DECLARED["command"], options=(*role_options(), *mounts))
        question = f"REDISCLI_AUTH={PASSWORDS['PLATFORM_HEALTH_HASH']} redis-cli --user health ping | grep -q PONG"
        self.container.wait("sh", "-c", question, seconds=60)
        return self.container

    def ask(self, *words: str) -> str:
        """Send a command as the administrator."""
        assert self.container
        password = PASSWORDS["PLATFORM_ADMIN_HASH"]
        return self.container.run("env", f"REDISCLI_AUTH={password}", "redis-cli", "--user", "platform", *words)

    def stop(self) -> None:
        """Stop it as Compose does."""
        if self.container:
            docker("stop", self.container.name)
            self.container.remove()
            self.container = None

    def remove(self) -> None:
        """Remove it and its volume."""
        self.stop()
        docker("volume", "rm", self.volume)


@pytest.fixture(params=[product for product in PRODUCTS if product.user == "redis"], ids=lambda product: product.name)
def platform(request, tmp_path):
    """An instance of the role that has never been started."""
    tmp_path.chmod(0o755)
    instance = Platform(request.param.image, tmp_path)
    yield instance
    instance.remove()


def test_a_new_installation_starts_and_ends_up_without_any_right(platform):
    container = platform.start()
    status = container.run("sh", "-c", "cat /proc/$(pidof redis-server)/status")
    rights = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert rights["Uid"].split()[0] == container.run("id", "-u", "redis").strip()
    assert [rights[key].strip("0") for key in ("CapInh", "CapPrm", "CapEff", "CapAmb")] == ["", "", "", ""]
    assert rights["NoNewPrivs"] == "1"
    assert container.run("stat", "-c", "%U %a", "/data/users.acl").split() == ["redis", "600"]
    docker("stop", container.name)
    # Not killed: it says good-bye.
    assert "bye bye" in container.logs()


def test_users_and_data_outlive_a_restart(platform):
    platform.start()
    platform.ask("acl", "setuser", "app", "on", ">word", "~app:*", "+@all")
    platform.ask("acl", "save")
    platform.ask("set", "app:one", "1")
    container = platform.start()
    assert "app:*" in platform.ask("acl", "list")
    assert platform.ask("get", "app:one").strip() == "1"
    assert container.run(*OWNED_BY_OTHERS) == ""


def test_transactions_and_all_that_follows_them_outlive_a_restart_in_their_own_database(platform):
    platform.start()
    platform.ask("set", "before", "0")
    # What a script writes is kept as a transaction.
    both = "redis.call('set', KEYS[1], '1') redis.call('set', KEYS[2], '1')"
    platform.ask("-n", "1", "eval", both, "2", "first", "second")
    platform.ask("set", "after", "0")
    platform.ask("-n", "1", "set", "last", "1")
    platform.start()
    assert sorted(platform.ask("keys", "*").split()) == ["after", "before"]
    assert sorted(platform.ask("-n", "1", "keys", "*").split()) == ["first", "last", "second"]


def test_nobody_gets_in_as_the_default_user(platform):
    container = platform.start()
    for words in (["set", "a", "b"], ["auth", "default", ""], ["auth", ""], ["hello", "3", "auth", "default", ""]):
        answer = container.run("redis-cli", *words)
        assert any(refusal in answer for refusal in ("NOAUTH", "WRONGPASS", "without any password")), answer
    assert platform.ask("keys", "*").strip() == ""


def test_a_volume_with_files_of_root_goes_on_working(platform):
    platform.start()
    platform.ask("acl", "setuser", "app", "on", ">word", "~app:*", "+@all")
    platform.ask("acl", "save")
    platform.ask("set", "app:one", "1")
    platform.stop()
    platform.prepare("chown -R root:root /data; chmod 0600 /data/users.acl; ln -s /etc/passwd /data/link")
    container = platform.start()
    assert platform.ask("get", "app:one").strip() == "1" and "app:*" in platform.ask("acl", "list")
    assert container.run(*OWNED_BY_OTHERS) == ""
    assert container.run("stat", "-c", "%U", "/etc/passwd").strip() == "root"


def test_a_restored_dump_beside_the_users_is_read_and_can_be_replaced(platform):
    platform.configure("appendonly no", "save 900 1")
    platform.start()
    platform.ask("set", "app:one", "1")
    platform.ask("save")
    platform.stop()
    platform.prepare("cp /data/dump.rdb /tmp/x; rm /data/dump.rdb; cp /tmp/x /data/dump.rdb; chmod 0600 /data/dump.rdb")
    platform.start()
    assert platform.ask("get", "app:one").strip() == "1"
    assert platform.ask("save").strip() == "OK"
