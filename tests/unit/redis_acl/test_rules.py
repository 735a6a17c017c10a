"""ACL users by what they are."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.redis_acl.model import CHANNELS, COMMAND_RULES, DATABASES, KEYS, SELECTORS

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl import rules
from ansible_collections.borgstack.platform.plugins.module_utils.redis_acl.rights import Rights

USERS = st.fixed_dictionaries(
    {
        "name": st.just("app"),
        "enabled": st.booleans(),
        "password": st.sampled_from(["Password-1", "Password-2"]),
        "keys": KEYS | st.lists(st.sampled_from("ab*"), max_size=3),
        "channels": CHANNELS | st.lists(st.sampled_from("ab*"), max_size=3),
        "commands": COMMAND_RULES,
        "databases": DATABASES,
        "selectors": SELECTORS,
        "sanitize_payload": st.booleans(),
    }
)
DECLARED = {"name": "app", "enabled": True, "password": "Password-1"}


def own_rights(**options) -> Rights:
    return rules.from_declaration({**DECLARED, **options}).rights


def selector(text: str) -> Rights:
    [meant] = rules.from_declaration({**DECLARED, "selectors": [text]}).selectors
    return meant


@settings(deadline=None)
@given(USERS)
def test_what_is_sent_reads_back_as_what_was_declared(declared):
    user = rules.from_declaration(declared)
    # As ACL LIST spells a user: "reset" and "resetkeys" are not kept.
    kept = [rule for rule in rules.to_rules(user) if rule not in ("reset", "resetkeys")]
    assert rules.from_server(" ".join(["user", "app", *kept])) == ("app", user)


@settings(deadline=None)
@given(USERS)
def test_what_is_told_is_declared_alike(declared):
    user = rules.from_declaration(declared)
    told = rules.to_declaration("app", user)
    assert rules.from_declaration(told, user) == user


@settings(deadline=None)
@given(USERS)
def test_order_of_keys_channels_databases_and_selectors_means_nothing(declared):
    unordered = ("keys", "channels", "databases", "selectors")
    turned = {**declared, **{option: declared[option] and declared[option][::-1] for option in unordered}}
    assert rules.from_declaration(turned) == rules.from_declaration(declared)


@settings(deadline=None)
@given(USERS)
def test_no_password_is_sent_in_clear(declared):
    assert declared["password"] not in " ".join(rules.to_rules(rules.from_declaration(declared)))


@pytest.mark.parametrize(
    ("keys", "meant"),
    [
        (["a", "~b"], {"~a", "~b"}),
        (["%R~a", "%W~a"], {"~a"}),
        (["%RW~a", "%wr~a"], {"~a"}),
        (["*", "a", "%R~b"], {"~*"}),
        (["%R~*", "a"], {"%R~*", "~a"}),
        (["%", "a~b", "%R"], {"~%", "~a~b", "~%R"}),
        (["~", "%R~"], {"~"}),
        (['a"b', "c)", "(d"], {'~a"b', "~c)", "~(d"}),
        # To Python a space, to a server a letter.
        (["a\u00a0b\x1c"], {"~a\u00a0b\x1c"}),
        (["allkeys"], {"~allkeys"}),
    ],
)
def test_keys(keys, meant):
    assert own_rights(keys=keys).keys == meant


def test_all_channels_hold_every_other():
    assert own_rights(channels=["a", "&*"]).channels == {"*"}
    assert own_rights(channels=["a", "&b", "&&c", "&"]).channels == {"a", "b", "&c", ""}


@pytest.mark.parametrize(("databases", "meant"), [(None, None), ([], set()), ([1, 0, 1], {0, 1}), ([2**31 - 1],) * 2])
def test_databases(databases, meant):
    assert own_rights(databases=databases).databases == (None if meant is None else frozenset(meant))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", Rights()),
        ("()", Rights()),
        ("~X* +get", Rights(frozenset(["~X*"]), commands=("-@all", "+get"))),
        ("(~x* +get)", Rights(frozenset(["~x*"]), commands=("-@all", "+get"))),
        ("( ~x*\n\t +GET )", Rights(frozenset(["~x*"]), commands=("-@all", "+get"))),
        ("+get %R~x %W~x &c -@all +set", Rights(frozenset(["~x"]), frozenset("c"), ("-@all", "+set"))),
        ("AllKeys allchannels ALLCOMMANDS", Rights(frozenset(["~*"]), frozenset("*"), ("+@all",))),
        ("~a resetkeys ~b &a resetchannels &b", Rights(frozenset(["~b"]), frozenset("b"))),
        ("allkeys resetkeys allchannels RESETCHANNELS nocommands", Rights()),
        ("db=1 DB=2,3", Rights(databases=frozenset([1, 2, 3]))),
        ("db=1 resetdbs", Rights(databases=frozenset())),
        ("db=1 alldbs", Rights()),
        ("~\u00a0 +get", Rights(frozenset(["~\u00a0"]), commands=("-@all", "+get"))),
    ],
)
def test_selectors(text, meant):
    assert selector(text) == meant


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"keys": [""]}, "'' cannot be a key pattern: it is empty"),
        ({"keys": ["a b"]}, "'a b' cannot be a key pattern"),
        ({"keys": ["a\0b"]}, "cannot be a key pattern"),
        ({"keys": ["%X~a"]}, "%X~ is no kind of access"),
        ({"channels": [""]}, "'' cannot be a channel pattern: it is empty"),
        ({"channels": ["a\n+@all"]}, "cannot be a channel pattern"),
        ({"commands": ["get"]}, "'get' is no rule about commands"),
        ({"commands": ["+"]}, "'+' is no rule about commands"),
        ({"commands": ["+get +set"]}, "is no rule about commands"),
        ({"commands": [">password"]}, "is no rule about commands"),
        ({"commands": ["nopass"]}, "is no rule about commands"),
        ({"databases": [-1]}, "numbered from 0 to 2147483647"),
        ({"databases": [0, 2**31]}, "numbered from 0 to 2147483647"),
        ({"selectors": ["db=2147483648"]}, "numbered from 0 to 2147483647"),
        ({"selectors": ["~a on"]}, "'on' in the selector '~a on' is no rule"),
        ({"selectors": ["~a +"]}, "'+' in the selector"),
        ({"selectors": ["#ab"]}, "'#ab' in the selector"),
        ({"selectors": ["db="]}, "'db=' in the selector"),
        ({"selectors": ["db=1,"]}, "'db=1,' in the selector"),
        ({"selectors": ["(~a"]}, "'(~a' in the selector"),
        ({"selectors": ["%Z~a"]}, "%Z~ is no kind of access"),
        ({"selectors": ["+a\0"]}, "cannot be a selector pattern"),
        ({"selectors": ["~a) +get"]}, "would not be read back"),
        ({"selectors": ['~a"b']}, "would not be read back"),
        ({"selectors": ["~a'b"]}, "would not be read back"),
    ],
)
def test_what_is_no_rule_is_refused(wrong, reason):
    with pytest.raises(PlatformError) as caught:
        rules.from_declaration({**DECLARED, **wrong})
    assert reason in caught.value.message and "at user app" in caught.value.message
    assert caught.value.remedy


CLOSED = "user app on sanitize-payload #ab ~* resetchannels +@all"


@pytest.mark.parametrize(
    "other",
    [
        "user app off #ab ~* resetchannels +@all",
        "user app on nopass #ab ~* resetchannels +@all",
        "user app on #ab #cd ~* resetchannels +@all",
        "user app on #ab ~* &* +@all",
        "user app on #ab ~* resetchannels +@all (~x +get)",
        "user app on #ab ~* resetchannels db=1 +@all",
        "user app on skip-sanitize-payload #ab ~* resetchannels +@all",
        "user app on #ab ~* resetchannels +@all something-new",
        "user app on #ab ~* resetchannels +@all (~x something-new +get)",
    ],
)
def test_two_users_that_are_not_alike(other):
    assert rules.from_server(other)[1] != rules.from_server(CLOSED)[1]


def test_words_that_are_known_are_not_beyond():
    line = "user app on nopass sanitize-payload #ab ~a resetchannels &b db=1 -@all +get (~x alldbs +get)"
    assert rules.from_server(line)[1].beyond == rules.from_server("user app off skip-sanitize-payload")[1].beyond == ()


def test_words_that_nobody_knows_are_kept():
    line = "user app on #ab ~a new resetchannels %Z~a -@all (~x newer +get) (~y newest +set)"
    user = rules.from_server(line)[1]
    assert user.beyond == ("new", "%Z~a", "newer", "newest")
    assert user.rights.keys == {"~a"} and len(user.selectors) == 2


def test_older_spellings_of_a_server():
    assert rules.from_server("user app on #ab allkeys allchannels allcommands") == (
        "app",
        rules.User(True, frozenset(["ab"]), rights=Rights(frozenset(["~*"]), frozenset("*"), ("+@all",))),
    )


@pytest.mark.parametrize("name", ["", "(a", "on", "#ab", "~a", "a|b", "\u00a0"])
def test_names_are_not_taken_for_rules(name):
    told, user = rules.from_server(f"user {name} off resetchannels -@all (~a resetchannels -@all +get)")
    assert told == name
    assert user == rules.User(selectors=frozenset([Rights(frozenset(["~a"]), commands=("-@all", "+get"))]))


def test_a_user_is_sent_whole():
    user = rules.from_declaration(
        {
            **DECLARED,
            "keys": ["a"],
            "channels": ["c"],
            "commands": ["+get"],
            "databases": [1, 0],
            "selectors": ["~b", ""],
        }
    )
    assert rules.to_rules(user) == [
        *("reset", f"#{rules.hash_of('Password-1')}", "on", "resetkeys", "~a", "resetchannels", "&c"),
        *("resetdbs", "db=0,1", "-@all", "+get"),
        *("(resetkeys resetchannels -@all)", "(resetkeys ~b resetchannels -@all)"),
    ]


def test_passwords_that_stay_are_not_sent():
    found = rules.User(passwords=frozenset(["ab"]), sanitize_payload=False, rights=Rights(databases=frozenset()))
    wanted = rules.from_declaration({"name": "app", "enabled": False}, found)
    assert rules.to_rules(wanted, found) == [
        *("clearselectors", "sanitize-payload", "alldbs", "off", "resetkeys", "resetchannels", "-@all")
    ]
    unchecked = rules.from_declaration({"name": "app", "enabled": True, "sanitize_payload": False}, rules.User())
    assert rules.to_rules(unchecked, rules.User()) == [
        *("clearselectors", "on", "skip-sanitize-payload", "resetkeys", "resetchannels", "-@all")
    ]


def test_a_declared_password_is_the_only_way_in():
    found = rules.User(passwords=frozenset(["ab", "cd"]), nopass=True)
    wanted = rules.from_declaration(DECLARED, found)
    assert (wanted.passwords, wanted.nopass) == ({rules.hash_of("Password-1")}, False)
    kept = rules.from_declaration({**DECLARED, "password": None}, found)
    assert (kept.passwords, kept.nopass) == ({"ab", "cd"}, True)


def test_a_user_is_told_as_it_is_declared():
    line = "user app on nopass #ab ~a resetchannels &b db=1 -@all +get (%R~x resetchannels &y resetdbs +@all)"
    assert rules.to_declaration(*rules.from_server(line)) == {
        "name": "app",
        "enabled": True,
        "keys": ["~a"],
        "channels": ["&b"],
        "commands": ["+get"],
        "databases": [1],
        "selectors": ["%R~x &y resetdbs +@all"],
        "sanitize_payload": True,
        "state": "present",
    }
