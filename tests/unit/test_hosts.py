"""An instance of another host: what it is here, and what its own host hears."""

from __future__ import annotations

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import external, hosts, purge, report
from ansible_collections.borgstack.platform.plugins.plugin_utils.backup import backup_sources
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import checked, contradictions
from ansible_collections.borgstack.platform.plugins.plugin_utils.deployed import leaving

CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
PUBLISHED = [{"container": "db", "port": 5433, "container_port": 5432, "bind": ["127.0.0.1", "10.0.0.2"], "to": []}]
PROVIDES = {"kind": "postgresql", "container": "db", "port": 5432, "user": "postgres"}
NEED = {"kind": "postgresql", "instance": "db", "tls": True, "role": {"name": "shop"}, "database": {"name": "shop"}}
SHOP = {"service": "consumer", "tier": "application", "needs": [NEED]}


def there(**changed) -> dict:
    """Return the instance as another host than its own declares it."""
    outside = hosts.elsewhere("data", "10.0.0.2", PROVIDES, PUBLISHED, CA)
    own = {"service": "postgresql", "tier": "datastore", "hooks": ["configure", "provision", "deprovision"], **changed}
    return checked("db", external.declared("db", own, external.provided("db", PROVIDES, outside, "/opt/x"), outside))


def test_elsewhere_it_is_reached_encrypted_and_nothing_is_made_in_it():
    declared = there()
    assert declared["hooks"] == [] and "containers" not in declared
    provides = declared["provides"]
    assert (provides["host"], provides["port"], provides["elsewhere"]) == ("10.0.0.2", 5433, "data")
    assert provides["tls"] == {"mode": "verify-full", "authority": "/opt/x/authorities/db.pem"}
    assert provides["password"] == ""
    assert not contradictions({"db": declared, "shop": SHOP})
    assert "on data" in "\n".join(report.report_table({"db": declared}, [], "vault.yml"))
    assert backup_sources({"db": declared, "shop": SHOP})["services"]["shop"]["parts"] == []


@pytest.mark.parametrize(
    ("provides", "published"),
    [({**PROVIDES, "kind": "redis"}, PUBLISHED), (PROVIDES, []), (PROVIDES, [{**PUBLISHED[0], "bind": ["127.0.0.1"]}])],
)
def test_what_no_other_host_reaches_is_refused_where_it_is_needed(provides, published):
    outside = hosts.elsewhere("data", "10.0.0.2", provides, published, CA)
    with pytest.raises(PlatformError, match="runs on data, where no other host reaches it"):
        hosts.refuse_unreached("db", "data", outside, {})


def test_an_instance_that_its_host_knows_nothing_of_is_refused_once_that_was_asked():
    outside = hosts.elsewhere("data", "10.0.0.2", PROVIDES, PUBLISHED, CA)
    hosts.refuse_unreached("db", "data", outside, {})
    hosts.refuse_unreached("db", "data", outside, {"data": {"db": {"containers": {}}}})
    with pytest.raises(PlatformError, match="whose inventory does not have it"):
        hosts.refuse_unreached("db", "data", outside, {"data": {}})


def test_a_host_hears_what_others_need_of_it_and_of_nobody_else():
    other = {**NEED, "instance": "own"}
    app = {"db": there(), "own": {"service": "postgresql"}, "shop": {**SHOP, "needs": [NEED, other]}}
    needed = hosts.needs_of_peers("data", {"app": app, "idle": {"db": there()}})
    assert needed == {"app": {"shop": {"service": "consumer", "tier": "integration", "needs": [NEED]}}}
    assert hosts.hosts_that_need("db", needed) == ["app"] and hosts.hosts_that_need("other", needed) == []
    assert hosts.needs_of_peers("third", {"app": app}) == {}


def test_what_several_hosts_need_alike_is_made_once():
    peer = {"db": there(), "shop": SHOP}
    needed = hosts.needs_of_peers("data", {"one": peer, "two": peer})
    assert [*hosts.with_peers({}, needed)] == ["shop@one"]
    assert [*hosts.with_peers({"shop": SHOP}, needed)] == ["shop"]
    assert hosts.hosts_that_need("db", needed) == ["one", "two"]


def test_only_an_address_and_a_host_that_there_is_will_do():
    assert hosts.checked_host("db", None, "app", ["app"]) == "app"
    assert hosts.checked_host("db", "data", "app", ["app", "data"]) == "data"
    with pytest.raises(PlatformError, match="did you mean data"):
        hosts.checked_host("db", "dta", "app", ["app", "data"])
    assert hosts.address_of("data", "10.0.0.2") == "10.0.0.2"
    for wrong in ("data.example.com", "fd00::2", ""):
        with pytest.raises(PlatformError) as refused:
            hosts.address_of("data", wrong)
        assert "platform_host_address" in refused.value.remedy


def test_a_purge_leaves_to_its_own_host_what_is_there():
    note = {"service": "consumer", "containers": [], "volumes": [], "files": [], "needs": [NEED]}
    plan = purge.purge_plan({"db": there()}, {"shop": note}, "shop", "demo")
    assert plan["datastores"] == {} and plan["stays"] == ["what it has in db, for this host: data removes that"]
    assert [*leaving({"shop@app": note, "shopping@app": note}, {}, "shop")] == ["shop@app"]
