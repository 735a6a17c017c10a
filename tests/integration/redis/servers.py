"""Redis and Valkey in containers, and their modules run in this process: many runs in little time."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import typing as t

import redis
from ansible.module_utils import basic
from integration.conftest import VERSIONS, Container, Outcome, docker
from integration.processes import unshared

ADMIN = unshared("Administrator-1")


class Product(t.NamedTuple):
    """A server to test against."""

    name: str
    image: str
    user: str

    @property
    def limits_databases(self) -> bool:
        """Whether it knows rights on single databases."""
        return self.name == "valkey"

    @property
    def keeps_rules(self) -> bool:
        """Whether it tells the rules about commands as they were given, not others of the same effect."""
        return self.name != "redis-7.0"

    def with_acl_file(self, options: str = "") -> str:
        """Return the shell command that starts it with an ACL file."""
        return (
            f"[ -s /data/users.acl ] || echo 'user default on >{ADMIN} ~* &* +@all' >/data/users.acl; "
            f"chown {self.user} /data/users.acl; "
            f"exec docker-entrypoint.sh {self.user}-server --aclfile /data/users.acl {options}"
        )

    def with_configuration(self, options: str = "") -> str:
        """Return the shell command that starts it with a configuration file, and none for users."""
        return (
            f"[ -s /data/own.conf ] || echo 'requirepass {ADMIN}' >/data/own.conf; "
            f"chown {self.user} /data/own.conf; exec docker-entrypoint.sh {self.user}-server /data/own.conf {options}"
        )


PRODUCTS = [
    Product("redis-7.0", f"redis:{VERSIONS['redis_7_version']}", "redis"),
    Product("redis", f"redis:{VERSIONS['redis_version']}", "redis"),
    Product("valkey", f"valkey/valkey:{VERSIONS['valkey_version']}", "valkey"),
]


class Server(Container):
    """A running server whose default user has the password `ADMIN`, unless another user is named to wait as."""

    def __init__(self, product: Product, command: str, *options: str):
        self.product = product
        super().__init__(product.image, "sh", "-c", command, options=options)
        try:
            self.ready()
        except BaseException:
            self.remove()
            raise

    def ready(self) -> None:
        """Wait until it answers."""
        self.wait(f"{self.product.user}-cli", "-a", ADMIN, "--no-auth-warning", "ping")
        self.host = self.address

    def ask(self, *words: str) -> str:
        """Send a command; return the answer or the refusal in words."""
        with self.client() as client:
            try:
                return str(client.execute_command(*words))
            except redis.exceptions.RedisError as error:
                return f"{type(error).__name__}: {error}"

    def restart(self) -> None:
        """Restart it; its address may be another one then."""
        docker("restart", self.name)
        self.ready()

    @property
    def login(self) -> dict:
        """How a module logs in."""
        return {"login_host": self.host, "login_password": ADMIN}

    def client(self, user: str = "default", password: str = ADMIN) -> redis.Redis:
        """Return a client that logs in as a user."""
        return redis.Redis(
            host=self.host,
            username=user,
            password=password,
            decode_responses=True,
            encoding_errors="surrogateescape",
            retry=None,
        )

    def acl(self) -> list[str]:
        """Return all users as the server tells them."""
        with self.client() as client:
            return sorted(client.execute_command("ACL", "LIST"))

    def everything(self) -> tuple[list[str], str]:
        """Return all users and the files that hold them."""
        return self.acl(), self.run("sh", "-c", "cat /data/users.acl /data/own.conf 2>/dev/null", check=False)

    def forget(self) -> None:
        """Delete all users but the default one."""
        with self.client() as client:
            others = [name for name in client.execute_command("ACL", "USERS") if name != "default"]
            if others:
                client.execute_command("ACL", "DELUSER", *others)


@contextlib.contextmanager
def started(product: Product, command: str, *options: str) -> t.Iterator[Server]:
    """Start a server for the time of a test."""
    server = Server(product, command, *options)
    try:
        yield server
    finally:
        server.remove()


def run(name: str, arguments: dict, check: bool = False) -> Outcome:
    """Run a module in this process and return what it would have printed."""
    settings = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_remote_tmp": "/tmp"}
    module = importlib.import_module(f"ansible_collections.borgstack.platform.plugins.modules.{name}")
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": {**arguments, **settings}}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        module.main()
    return Outcome(json.loads(printed.getvalue().strip().splitlines()[-1]))


def converge(server: Server, users: list[dict], **options) -> list[str]:
    """Prove a declaration: check mode predicts what is done and writes nothing, doing it again changes nothing."""
    arguments = {**server.login, "users": users, **options}
    before = server.acl()
    predicted = run("redis_users", arguments, check=True)
    assert not predicted.get("failed") and server.acl() == before, predicted
    done = run("redis_users", arguments)
    assert not done.get("failed"), done
    again = run("redis_users", arguments)
    assert (predicted["plan"], predicted["diff"]) == (done["plan"], done["diff"])
    assert (predicted["changed"], done["changed"]) == (bool(done["plan"]), bool(done["plan"]))
    assert (again["changed"], again["plan"]) == (False, []), again
    return done["plan"]
