"""The commands: which fields they take, what they ask for, and what they do."""

from __future__ import annotations

import datetime
import typing as t

import bson
from standins.mongodb import documents, privileges, scram, store
from standins.mongodb.failures import Failure
from standins.mongodb.privileges import ANY_NORMAL, CLUSTER

GENERIC = frozenset(
    ["$db", "$readPreference", "$clusterTime", "lsid", "comment", "maxTimeMS", "writeConcern", "apiVersion"]
)
WIRE_VERSIONS = {4: 9, 5: 13, 6: 17, 7: 21, 8: 25}


class Command(t.NamedTuple):
    """A command: what runs it, its fields with their types (a required one's name ends with `!`), and its kind."""

    run: t.Callable[[t.Any, dict], dict]
    fields: dict[str, type | tuple]
    needs_login: bool = True
    writes: bool = False


def run(session, request: dict) -> dict:
    """Run a command in a session and return its answer.

    Args:
        session: a `Session`; see session.py.
        request: the command with its `$db`.

    Raises:
        Failure: the command is refused.
    """
    name = next(iter(request))
    command = COMMANDS.get(name)
    if command is None:
        raise Failure(59, f"no such command: '{name}'")
    _check_fields(name, command, request)
    if command.writes and not session.server.is_primary:
        raise Failure(10107, "not primary")
    if command.needs_login and session.is_guarded and not session.user and not session.is_first_user_welcome:
        raise Failure(13, f"Command {name} requires authentication")
    return {**command.run(session, request), "ok": 1.0}


def _check_fields(name: str, command: Command, request: dict) -> None:
    known = {field.rstrip("!"): kind for field, kind in command.fields.items()}
    for field, value in request.items():
        if field in GENERIC:
            continue
        if field not in known:
            raise Failure(40415, f"BSON field '{name}.{field}' is an unknown field.")
        if not isinstance(value, known[field]) or (known[field] is str and isinstance(value, bytes)):
            raise Failure(14, f"BSON field '{name}.{field}' is the wrong type '{type(value).__name__}'")
    for field in command.fields:
        if field.endswith("!") and field[:-1] not in request:
            raise Failure(40414, f"BSON field '{name}.{field[:-1]}' is missing but a required field")


def hello(session, request: dict) -> dict:
    """Say what this server is, and begin a login with it where the client is as quick as that."""
    server = session.server
    primary = {"hello": "isWritablePrimary"}.get(next(iter(request)), "ismaster")
    answer = {
        "helloOk": True,
        primary: server.is_primary,
        "maxBsonObjectSize": 16777216,
        "maxMessageSizeBytes": 48000000,
        "maxWriteBatchSize": 100000,
        "localTime": datetime.datetime.now(datetime.timezone.utc),
        "logicalSessionTimeoutMinutes": 30,
        "connectionId": session.number,
        "minWireVersion": 0,
        "maxWireVersion": WIRE_VERSIONS[server.version[0]],
        "readOnly": False,
        **server.set_description,
    }
    if "saslSupportedMechs" in request:
        database, _dot, name = request["saslSupportedMechs"].partition(".")
        found = server.store.find(database, name)
        answer["saslSupportedMechs"] = list(found["credentials"]) if found else []
    if "speculativeAuthenticate" in request:
        first = request["speculativeAuthenticate"]
        try:
            answer["speculativeAuthenticate"] = sasl_start(session, {**first, "$db": first["db"]})
        except Failure:
            session.conversation = None
    return answer


def sasl_start(session, request: dict) -> dict:
    """Begin a login."""

    def find(database: str, name: str) -> dict | None:
        user = session.server.store.find(database, name)
        return user and user["credentials"]

    session.conversation = scram.Conversation(request["mechanism"], request["$db"], find)
    session.skips_empty = request.get("options", {}).get("skipEmptyExchange", False)
    return _sasl_step(session, request)


def sasl_continue(session, request: dict) -> dict:
    """Go on with a login."""
    if session.conversation is None or request["conversationId"] != 1:
        raise Failure(17, "No SASL session state found")
    return _sasl_step(session, request)


def _sasl_step(session, request: dict) -> dict:
    try:
        payload, is_done = session.conversation.step(bytes(request["payload"]), session.skips_empty)
    except (KeyError, ValueError, IndexError):
        raise Failure(*scram.REFUSED) from None
    if is_done:
        session.user, session.conversation = session.conversation.user, None
    return {"conversationId": 1, "done": is_done, "payload": payload}


def logout(session, _request: dict) -> dict:
    """End a login."""
    session.user = None
    return {}


def nothing(_session, _request: dict) -> dict:
    """Answer that all is well."""
    return {}


def build_info(session, _request: dict) -> dict:
    """Say which version is played."""
    version = session.server.version
    return {"version": ".".join(map(str, version)), "versionArray": [*version, 0], "modules": []}


def connection_status(session, _request: dict) -> dict:
    """Say who is logged in."""
    users = [{"user": session.user[1], "db": session.user[0]}] if session.user else []
    return {"authInfo": {"authenticatedUsers": users, "authenticatedUserRoles": session.roles()}}


def get_cmd_line_opts(session, _request: dict) -> dict:
    """Say how the server was started."""
    session.need("getCmdLineOpts", CLUSTER, "not authorized on admin to execute command { getCmdLineOpts: 1 }")
    options = {"security": {"authorization": "enabled"}} if session.server.has_authorization else {}
    return {"argv": ["mongod"], "parsed": options}


def create_user(session, request: dict) -> dict:
    """Create a user."""
    database, name = request["$db"], request["createUser"]
    session.need("createUser", database, f"Not authorized to create users on db: {database}")
    _need_grant(session, request, database)
    if database == "local":
        raise Failure(2, "Cannot create users in the local database")
    if "\0" in name:
        raise Failure(2, "Username cannot contain NULL characters")
    if not name:
        raise Failure(2, "User document needs 'user' field to be non-empty")
    if "pwd" not in request and database != "$external":
        raise Failure(
            2,
            "Must provide a 'pwd' field for all user documents, except those with '$external' as the user's source db",
        )
    _check_password(request, database)
    session.server.store.create(database, name, request)
    return {}


def update_user(session, request: dict) -> dict:
    """Change a user."""
    database, name = request["$db"], request["updateUser"]
    for field, what in (("pwd", "password"), ("mechanisms", "mechanisms")):
        if field in request:
            refusal = f"Not authorized to change {what} of user: {name}@{database}"
            session.need("changePassword", database, refusal)
    if "customData" in request:
        refusal = f"Not authorized to change customData of user: {name}@{database}"
        session.need("changeCustomData", database, refusal)
    if "roles" in request:
        refusal = "In order to use updateUser to set roles array, must be authorized to revoke any role in the system"
        session.need("revokeRole", ANY_NORMAL, refusal)
        _need_grant(session, request, database)
    _check_password(request, database)
    session.server.store.update(database, name, request)
    return {}


def _check_password(request: dict, database: str) -> None:
    if "pwd" in request and database == "$external":
        raise Failure(2, "Cannot set the password for users defined on the '$external' database")
    if request.get("mechanisms") == []:
        raise Failure(2, "mechanisms field must not be empty")


def _need_grant(session, request: dict, database: str) -> None:
    for role in store.named(request["roles"], database):
        session.need("grantRole", role["db"], f"Not authorized to grant role: {role['role']}@{role['db']}")


def drop_user(session, request: dict) -> dict:
    """Remove a user."""
    database = request["$db"]
    session.need("dropUser", database, f"Not authorized to drop users from the {database} database")
    session.server.store.drop(database, request["dropUser"])
    return {}


def users_info(session, request: dict) -> dict:
    """Return users: all, those of a database, or some by name."""
    wanted, database, known = request["usersInfo"], request["$db"], session.server.store
    if isinstance(wanted, dict) and set(wanted) == {"forAllDBs"}:
        session.need("viewUser", CLUSTER, "Not authorized to view users from all databases")
        found = known.all()
    elif isinstance(wanted, int):
        session.need("viewUser", database, f"Not authorized to view users from the {database} database")
        found = [user for user in known.all() if user["db"] == database]
    else:
        items = wanted if isinstance(wanted, list) else [wanted]
        keys = [(database, item) if isinstance(item, str) else (item["db"], item["user"]) for item in items]
        for key in keys:
            if key != session.user:
                session.need("viewUser", key[0], f"Not authorized to view users from the {key[0]} database")
        found = [user for key in keys if (user := known.find(*key))]
    return {"users": [store.shown(user, bool(request.get("showCredentials"))) for user in found]}


def roles_info(session, request: dict) -> dict:
    """Return roles: those of a database, or some by name; there are no user-defined ones here."""
    wanted, database = request["rolesInfo"], request["$db"]
    if isinstance(wanted, int):
        session.need("viewRole", database, f"Not authorized to view roles from the {database} database")
        names = privileges.built_in(database) if request.get("showBuiltinRoles") else ()
        found = [(name, database) for name in names]
    else:
        items = store.named(wanted if isinstance(wanted, list) else [wanted], database)
        for item in items:
            if item not in session.roles():
                refusal = f"Not authorized to view roles from the {item['db']} database"
                session.need("viewRole", item["db"], refusal)
        found = [(item["role"], item["db"]) for item in items if item["role"] in privileges.built_in(item["db"])]
    return {
        "roles": [
            {"_id": f"{db}.{role}", "role": role, "db": db, "isBuiltin": True, "roles": [], "inheritedRoles": []}
            for role, db in found
        ]
    }


SASL = {"mechanism!": str, "payload!": (bytes, bson.Binary), "autoAuthorize": (int, bool), "options": dict}
PASSWORD = {"pwd": str, "customData": dict, "digestPassword": (bool, int), "mechanisms": list}
HELLO = {
    "helloOk": bool,
    "client": dict,
    "compression": list,
    "saslSupportedMechs": str,
    "speculativeAuthenticate": dict,
    "topologyVersion": dict,
    "maxAwaitTimeMS": int,
    "loadBalanced": bool,
    "backpressure": (bool, str, int),
}
SHOW = {"showCredentials": (bool, int), "showCustomData": (bool, int), "filter": dict}
COMMANDS = {
    "hello": Command(hello, {"hello": (int, float, bool), **HELLO}, needs_login=False),
    "isMaster": Command(hello, {"isMaster": (int, float, bool), **HELLO}, needs_login=False),
    "ismaster": Command(hello, {"ismaster": (int, float, bool), **HELLO}, needs_login=False),
    "saslStart": Command(sasl_start, {"saslStart": int, **SASL}, needs_login=False),
    "saslContinue": Command(
        sasl_continue,
        {"saslContinue": int, "conversationId!": int, "payload!": (bytes, bson.Binary)},
        needs_login=False,
    ),
    "logout": Command(logout, {"logout": int}, needs_login=False),
    "ping": Command(nothing, {"ping": (int, float)}, needs_login=False),
    "endSessions": Command(nothing, {"endSessions": list}, needs_login=False),
    "buildInfo": Command(build_info, {"buildInfo": int}, needs_login=False),
    "buildinfo": Command(build_info, {"buildinfo": int}, needs_login=False),
    "connectionStatus": Command(connection_status, {"connectionStatus": int, "showPrivileges": bool}, False),
    "getCmdLineOpts": Command(get_cmd_line_opts, {"getCmdLineOpts": int}),
    "createUser": Command(create_user, {"createUser": str, "roles!": list, **PASSWORD}, writes=True),
    "updateUser": Command(update_user, {"updateUser": str, "roles": list, **PASSWORD}, writes=True),
    "dropUser": Command(drop_user, {"dropUser": str}, writes=True),
    "usersInfo": Command(users_info, {"usersInfo": (int, str, dict, list), **SHOW}),
    "rolesInfo": Command(
        roles_info, {"rolesInfo": (int, str, dict, list), "showBuiltinRoles": (bool, int), "showPrivileges": bool}
    ),
    "find": Command(documents.find, documents.FIND),
    "insert": Command(documents.insert, documents.INSERT, writes=True),
    "update": Command(documents.update, documents.UPDATE, writes=True),
    "delete": Command(documents.delete, documents.DELETE, writes=True),
    "listCollections": Command(documents.list_collections, documents.LIST_COLLECTIONS),
}
