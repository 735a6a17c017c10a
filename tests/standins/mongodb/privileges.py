"""MongoDB's built-in roles: what they are called, and what they allow of what is served here."""

from __future__ import annotations

IN_EVERY_DATABASE = ("read", "readWrite", "dbAdmin", "dbOwner", "enableSharding", "userAdmin")
IN_ADMIN = (
    "__queryableBackup",
    "__system",
    "backup",
    "clusterAdmin",
    "clusterManager",
    "clusterMonitor",
    "dbAdminAnyDatabase",
    "directShardOperations",
    "hostManager",
    "readAnyDatabase",
    "readWriteAnyDatabase",
    "restore",
    "root",
    "userAdminAnyDatabase",
)
USER_ADMIN = frozenset(
    [
        "changeCustomData",
        "changePassword",
        "createUser",
        "createRole",
        "dropUser",
        "dropRole",
        "grantRole",
        "revokeRole",
        "setAuthenticationRestriction",
        "viewUser",
        "viewRole",
    ]
)
MONITOR = frozenset({"getCmdLineOpts", "getParameter"})
READ = frozenset({"find", "listCollections"})
WRITE = READ | {"insert", "update", "remove", "createIndex"}
DATA = {
    "read": READ,
    "readWrite": WRITE,
    "dbAdmin": frozenset({"listCollections", "createIndex"}),
    "dbOwner": WRITE,
    "readAnyDatabase": READ,
    "readWriteAnyDatabase": WRITE,
    "root": WRITE,
}

# The resources beside databases, which are called by their names.
CLUSTER, ANY_NORMAL = "$cluster", "$any"
NOT_NORMAL = ("local", "config")


def built_in(database: str) -> tuple[str, ...]:
    """Return the built-in roles of a database."""
    return IN_EVERY_DATABASE + IN_ADMIN if database == "admin" else IN_EVERY_DATABASE


def allows(roles: list[dict], action: str, resource: str) -> bool:
    """Return whether one of the roles allows an action on a database, the cluster, or any normal resource."""
    return any(
        action in _actions(role["role"], role["db"], resource) | _data_actions(role["role"], role["db"], resource)
        for role in roles
    )


def _data_actions(role: str, database: str, resource: str) -> frozenset[str]:
    is_everywhere = database == "admin" and (role == "root" or role.endswith("AnyDatabase"))
    return DATA.get(role, frozenset()) if is_everywhere or resource == database else frozenset()


def _actions(role: str, database: str, resource: str) -> frozenset[str]:
    if database == "admin":
        if role in ("root", "__system"):
            return USER_ADMIN | MONITOR
        if role == "userAdminAnyDatabase":
            return frozenset({"viewUser"}) if resource == CLUSTER else USER_ADMIN
        if role == "restore" and resource not in (CLUSTER, *NOT_NORMAL):
            return USER_ADMIN
        if role in ("clusterMonitor", "clusterAdmin") and resource == CLUSTER:
            return MONITOR
    return USER_ADMIN if role in ("userAdmin", "dbOwner") and resource == database else frozenset()
