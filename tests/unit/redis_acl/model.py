"""A small server that applies ACL SETUSER and tells ACL LIST as Redis does, and strategies for what it can hold."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import commands, rules, users

CATEGORIES = {"@read": {"get", "client|list"}, "@dangerous": {"client|kill", "config|set"}}
COMMANDS = ["get", "set", "select", "client", "client|list", "client|kill", "config", "config|set"]
VOCABULARY = frozenset([*CATEGORIES, *COMMANDS])
MEMBERS = {
    "@all": {command for command in COMMANDS if command not in ("client", "config")},
    **CATEGORIES,
    **{
        one: {two for two in COMMANDS if two == one or two.startswith(f"{one}|")} - {"client", "config"}
        for one in COMMANDS
    },
}


class Selector:
    """Rules about keys, channels, databases and commands as the server holds them."""

    def __init__(self):
        self.keys, self.channels, self.databases, self.commands = [], [], None, []

    def apply(self, rule: str) -> None:
        if rule in ("resetkeys", "allkeys"):
            self.keys = ["~*"] if rule == "allkeys" else []
        elif rule in ("resetchannels", "allchannels"):
            self.channels = ["&*"] if rule == "allchannels" else []
        elif rule in ("resetdbs", "alldbs"):
            self.databases = None if rule == "alldbs" else []
        elif rule.startswith("db="):
            self.databases = sorted({*(self.databases or []), *map(int, rule[3:].split(","))})
        elif rule[0] in "~%":
            assert self.keys != ["~*"], "a pattern after the one for all keys"
            self.keys.append(rule)
        elif rule[0] == "&":
            assert self.channels != ["&*"], "a pattern after the one for all channels"
            self.channels.append(rule)
        else:
            assert rule in commands.ALIASES or re.fullmatch(r"[-+]@?[a-z|0-9]+", rule), rule
            self.commands.append(commands.ALIASES.get(rule, rule))

    def in_other_words(self) -> list[str]:
        """Return other rules of the same effect, as Redis 7.0 does."""
        base, allowed = "-@all", set()
        for rule in self.commands:
            sign, subject = rule[0], rule[1:]
            held = MEMBERS.get(subject)
            if subject == "@all":
                base = rule
            if held is None:
                allowed |= {subject}
                continue
            firsts = {one for one in allowed if one not in MEMBERS and one.partition("|")[0] in held}
            allowed = allowed - firsts | held if sign == "+" else allowed - firsts - held
        if base == "-@all":
            return [base, *(f"+{one}" for one in sorted(allowed, reverse=True))]
        return [
            base,
            *(f"-{one}" for one in sorted(MEMBERS["@all"] - allowed)),
            *(f"+{one}" for one in allowed - MEMBERS["@all"]),
        ]

    def told(self, keeps_rules: bool) -> list[str]:
        channels = self.channels if self.channels == ["&*"] else ["resetchannels", *self.channels]
        limit = [] if self.databases is None else [f"db={','.join(map(str, self.databases))}"]
        rules_told = ["-@all", *self.commands]
        if not keeps_rules:
            rules_told = self.in_other_words()
        return [*self.keys, *channels, *(["resetdbs"] if limit == ["db="] else limit), *rules_told]


class User(Selector):
    """A user as the server holds it."""

    def __init__(self):
        super().__init__()
        self.flags, self.passwords, self.selectors = {"off"}, [], []

    def apply(self, rule: str) -> None:
        opposites = {"on": "off", "off": "on", "sanitize-payload": "skip-sanitize-payload"}
        if rule == "reset":
            self.__init__()
        elif rule == "clearselectors":
            self.selectors = []
        elif rule in ("on", "off", "sanitize-payload", "skip-sanitize-payload"):
            self.flags = (self.flags - {opposites.get(rule), "sanitize-payload"}) | {rule}
        elif rule == "nopass":
            self.flags, self.passwords = self.flags | {"nopass"}, []
        elif rule[0] == "#":
            self.flags -= {"nopass"}
            self.passwords.append(rule)
        elif rule[0] == "(":
            selector = Selector()
            # A server can be set to allow all channels unless told otherwise.
            selector.apply("allchannels")
            for inner in rule[1:-1].split(" "):
                selector.apply(inner)
            self.selectors.append(selector)
        else:
            super().apply(rule)

    def line(self, name: str, keeps_rules: bool) -> str:
        own = [*sorted(self.flags), *self.passwords, *self.told(keeps_rules)]
        others = [f"({' '.join(selector.told(keeps_rules))})" for selector in self.selectors]
        return " ".join(["user", name, *own, *others])


class Server:
    """A server in memory; the older kind tells other rules of the same effect."""

    def __init__(self, keeps_rules: bool = True):
        self.keeps_rules = keeps_rules
        self.users = {"default": User()}
        self.set("default", "on", "nopass", "allkeys", "allchannels", "+@all")

    def set(self, name: str, *words: str) -> None:
        user = self.users.setdefault(name, User())
        for word in words:
            user.apply(word)

    def apply(self, step) -> None:
        verb, name, *words = step.operation[1:]
        if verb == "DELUSER":
            del self.users[name]
        else:
            self.set(name, *words)

    def actual(self) -> users.Actual:
        lines = [user.line(name, self.keeps_rules) for name, user in self.users.items()]
        members = None if self.keeps_rules else MEMBERS
        return users.Actual(dict(map(rules.from_server, lines)), "admin", VOCABULARY, members)


# Letters, what rules begin with, and what is a space to Python and not to a server.
PATTERN = st.text("ab*é~&%#+@|[\\(\x85\u00a0", max_size=4)
NAMES = st.sampled_from(["app", "other", "default", "(x", "#y"])
RULE = st.tuples(st.sampled_from("+-"), st.sampled_from(["@all", *sorted(VOCABULARY)])).map("".join)
COMMAND_RULES = st.lists(RULE | st.just("+select|0"), max_size=5)
DATABASES = st.none() | st.lists(st.integers(0, 16), max_size=3)
KEYS = st.lists(
    st.tuples(st.sampled_from(["~", "%R~", "%W~", "%RW~", "%wr~"]), PATTERN | st.sampled_from("*a")).map("".join),
    max_size=4,
)
CHANNELS = st.lists(st.tuples(st.just("&"), PATTERN | st.just("*")).map("".join), max_size=3)
SELECTORS = st.lists(
    st.tuples(
        KEYS, CHANNELS, COMMAND_RULES, st.sampled_from([[], ["db=1,0"], ["resetdbs"], ["allkeys"], ["allchannels"]])
    ).map(lambda parts: " ".join(word for part in parts for word in part)),
    max_size=3,
)
RIGHTS = {
    "enabled": st.booleans(),
    "keys": KEYS,
    "channels": CHANNELS,
    "commands": COMMAND_RULES,
    "databases": DATABASES,
    "selectors": SELECTORS,
    "sanitize_payload": st.booleans(),
}
DECLARED = st.fixed_dictionaries(
    {"name": NAMES, "password": st.sampled_from(["Password-1", "Password-2"]), "state": st.just("present"), **RIGHTS}
)
GONE = st.fixed_dictionaries({"name": NAMES.filter(lambda name: name != "default"), "state": st.just("absent")})
LISTS = st.lists(DECLARED | GONE, max_size=4, unique_by=lambda item: item["name"])
# What anybody could have made by hand, beyond what can be declared.
BY_HAND = st.lists(st.sampled_from([["nopass"], ["#ab", "#cd"], ["#ab"], ["allkeys"], ["(+get)"]]), max_size=3)
