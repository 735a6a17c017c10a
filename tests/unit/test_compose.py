"""From declarations to a Compose project."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import (
    DECLARED_LABEL,
    compose_literal,
    compose_project,
    environment_file,
    images_of,
    memory_limit_mb,
    project_files,
    proven_files,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.development import (
    check_ports,
    development_ports,
    table,
)

DECLARATIONS = {
    "app": {
        "service": "app",
        "tier": "application",
        "containers": {
            "app": {
                "image": "example/app:1.2.3",
                "environment": {"HOST": "database"},
                "secret_environment": {"PASSWORD": "one"},
                "volumes": ["app_data:/data", "./app:/etc/app:ro"],
                "networks": ["internal", "external"],
                "healthcheck": {"test": ["CMD", "true"]},
                "depends_on": ["database", "elsewhere"],
                "mem_limit": "512m",
            }
        },
        "files": [
            {"path": "app/restarts.conf", "content": "a"},
            {"path": "app/reloads.conf", "content": "a", "pending": "app"},
        ],
    },
    "database": {
        "service": "database",
        "tier": "datastore",
        "containers": {
            "database": {"image": "database:1", "healthcheck": {"test": ["CMD", "true"]}, "mem_limit": "256m"}
        },
    },
}


def fingerprint(declarations: dict, container: str = "app") -> str:
    return compose_project(declarations, "borgstack")["services"][container]["labels"][DECLARED_LABEL]


def changed(**at) -> dict:
    declarations = copy.deepcopy(DECLARATIONS)
    declarations["app"]["containers"]["app"].update(at)
    return declarations


def test_every_container_is_confined_unless_its_role_says_otherwise():
    service = compose_project(DECLARATIONS, "borgstack")["services"]["database"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["networks"] == ["internal"]
    assert service["restart"] == "unless-stopped"


def test_only_the_external_network_has_a_way_out():
    networks = compose_project(DECLARATIONS, "borgstack")["networks"]
    assert networks == {"external": {}, "internal": {"internal": True}}


def test_a_network_called_like_the_external_one_has_a_way_out_of_its_own():
    networks = compose_project(changed(networks=["app-external"]), "borgstack")["networks"]
    assert networks == {"app-external": {}, "internal": {"internal": True}}


def test_named_volumes_are_declared_and_bind_mounts_are_not():
    assert compose_project(DECLARATIONS, "borgstack")["volumes"] == {"app_data": {}}


def test_dependencies_on_other_hosts_are_left_to_the_application():
    service = compose_project(DECLARATIONS, "borgstack")["services"]["app"]
    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_no_secret_stands_in_the_project():
    assert "one" not in str(compose_project(DECLARATIONS, "borgstack"))
    secret = [file for file in project_files(DECLARATIONS) if "secret_content" in file]
    assert secret == [{"path": "secrets/app.env", "secret_content": 'PASSWORD="one"\n'}]


@pytest.mark.parametrize(
    "declarations",
    [
        changed(image="example/app:1.2.4"),
        changed(environment={"HOST": "other"}),
        changed(secret_environment={"PASSWORD": "two"}),
        {**DECLARATIONS, "app": {**DECLARATIONS["app"], "files": [{"path": "app/restarts.conf", "content": "b"}]}},
    ],
    ids=["image", "environment", "secret", "configuration file"],
)
def test_what_a_container_is_made_from_changes_its_fingerprint(declarations):
    assert fingerprint(declarations) != fingerprint(DECLARATIONS)
    assert fingerprint(declarations, "database") == fingerprint(DECLARATIONS, "database")


def test_a_file_concerns_the_containers_that_are_given_it():
    declarations = copy.deepcopy(DECLARATIONS)
    containers = declarations["app"]["containers"]
    containers["worker"] = {**containers["app"], "volumes": ["app_data:/data", "./app/other.conf:/etc/other.conf:ro"]}
    containers["sidecar"] = {**containers["app"], "volumes": ["./app/restarts.conf:/etc/restarts.conf:ro"]}
    containers["namesake"] = {**containers["app"], "volumes": ["./app/restarts:/etc/app:ro", "./ap:/ap", "app:/app"]}
    otherwise = copy.deepcopy(declarations)
    otherwise["app"]["files"][0]["content"] = "b"
    differ = {name for name in containers if fingerprint(otherwise, name) != fingerprint(declarations, name)}
    assert differ == {"app", "sidecar"}


def test_a_file_that_is_reloaded_does_not_recreate_its_container():
    declarations = copy.deepcopy(DECLARATIONS)
    declarations["app"]["files"][1]["content"] = "b"
    assert fingerprint(declarations) == fingerprint(DECLARATIONS)


@pytest.mark.parametrize(
    ("prefix", "image"), [("", "example/app:1.2.3"), ("mirror.lan:5000", "mirror.lan:5000/example/app:1.2.3")]
)
def test_images_come_from_one_place(prefix, image):
    service = compose_project(DECLARATIONS, "borgstack", prefix, "never")["services"]["app"]
    assert (service["image"], service["pull_policy"]) == (image, "never")


@pytest.mark.parametrize(("wanted", "host", "limit"), [(2, 8, 2), (3.5, 2, 2), (2, None, 2), (0, 8, None)])
def test_a_processor_limit_fits_the_host(wanted, host, limit):
    service = compose_project(changed(cpus=wanted), "borgstack", cpus=host)["services"]["app"]
    assert service.get("cpus") == limit


def test_what_an_application_is_configured_with_is_kept_secret_until_it_is_in_effect():
    declarations = {"app": {"configuration": {"owner": "ä", "password": "p"}}}
    assert project_files(declarations) == [
        {
            "path": "configured/app.json",
            "secret_content": '{"owner": "ä", "password": "p"}',
            "pending": "app/configure",
        }
    ]


def test_what_was_provisioned_is_noted_without_its_secrets():
    declarations = {"app": {"needs": [{"kind": "redis", "instance": "redis", "user": {"password": "secret"}}]}}
    (note,) = project_files(declarations)
    assert (note["path"], note["pending"]) == ("provisioned/app", "app/provision")
    assert "secret" not in note["secret_content"]
    declarations["app"]["needs"][0]["user"]["password"] = "another"
    assert project_files(declarations)[0]["secret_content"] != note["secret_content"]


def test_a_dollar_stays_one_and_makes_no_container_anew():
    declared = copy.deepcopy(DECLARATIONS)
    definition = declared["app"]["containers"]["app"]
    definition.update(environment={"T": "pa$word${HOME}$$z"}, command=["echo", "$x"], labels={"l": "$l"})
    project = compose_project(declared, "borgstack")
    app = compose_literal(project)["services"]["app"]
    assert app["environment"] == {"T": "pa$$word$${HOME}$$$$z"} and app["command"] == ["echo", "$$x"]
    assert app["labels"] == {"l": "$$l", DECLARED_LABEL: fingerprint(declared)}


def test_memory_limits_are_summed():
    assert memory_limit_mb(DECLARATIONS) == 768


def test_environment_files_escape_what_compose_would_interpret():
    assert environment_file({"B": 'a"b$c\\d', "A": "line\nline"}) == 'A="line\\nline"\nB="a\\"b\\$c\\\\d"\n'


class TestDigests:
    digest = "sha256:" + "4f" * 32

    @pytest.mark.parametrize(("prefix", "start"), [("", ""), ("mirror.lan:5000", "mirror.lan:5000/")])
    def test_a_locked_image_is_pulled_by_digest_and_the_others_by_tag(self, prefix, start):
        digests = {"example/app:1.2.3": self.digest}
        services = compose_project(DECLARATIONS, "borgstack", prefix, digests=digests)["services"]
        assert services["app"]["image"] == f"{start}example/app:1.2.3@{self.digest}"
        assert services["database"]["image"] == f"{start}database:1"

    def test_an_image_that_names_its_digest_keeps_it(self):
        image = f"example/app:1.2.3@{self.digest}"
        project = compose_project(changed(image=image), "borgstack", digests={image: "sha256:" + "00" * 32})
        assert project["services"]["app"]["image"] == image

    def test_a_moved_digest_recreates_the_container(self):
        prints = {
            compose_project(DECLARATIONS, "borgstack", digests={"example/app:1.2.3": digest})["services"]["app"][
                "labels"
            ][DECLARED_LABEL]
            for digest in (self.digest, "sha256:" + "00" * 32)
        }
        assert len(prints) == 2

    @pytest.mark.parametrize("digest", ["4f", "sha256:4f", "sha256:" + "XY" * 32])
    def test_what_is_no_digest_is_refused(self, digest):
        with pytest.raises(PlatformError, match="no digest such as"):
            compose_project(DECLARATIONS, "borgstack", digests={"example/app:1.2.3": digest})

    def test_each_image_is_asked_for_once(self):
        twice = {**DECLARATIONS, "other": DECLARATIONS["app"]}
        assert images_of(twice) == ["database:1", "example/app:1.2.3"]


class TestDevelopmentProfile:
    def project(self, declarations: dict) -> dict:
        return compose_project(declarations, "borgstack", development_profile=True)

    @staticmethod
    def listening(**ports) -> dict:
        declarations = copy.deepcopy(DECLARATIONS)
        for container, listed in ports.items():
            declarations[container]["containers"][container]["development_ports"] = listed
        return declarations

    def test_switched_off_it_leaves_no_trace(self):
        declarations = self.listening(app=[3000], database=[5432])
        assert compose_project(declarations, "borgstack") == compose_project(DECLARATIONS, "borgstack")

    def test_switched_on_it_adds_ports_of_the_loopback_address_and_nothing_else(self):
        project, before = self.project(self.listening(app=[3000])), compose_project(DECLARATIONS, "borgstack")
        assert project["services"]["app"].pop("ports") == ["127.0.0.1:3000:3000"]
        assert project["services"]["app"].pop("labels") != before["services"]["app"].pop("labels")
        assert project == before

    def test_what_has_no_way_out_gets_a_network_to_be_published_by_that_gives_it_none(self):
        project = self.project(self.listening(database=[5432]))
        assert project["services"]["database"]["networks"] == ["internal", "development"]
        options = project["networks"]["development"]
        assert options["driver_opts"]["com.docker.network.bridge.enable_ip_masquerade"] == "false"
        assert project["services"]["app"]["networks"] == ["internal", "external"]

    def test_of_two_on_one_port_the_second_is_moved_and_that_is_told(self):
        declarations = self.listening(app=[3000], database=[3000])
        assert development_ports(declarations) == {"app": [(3000, 3000)], "database": [(13000, 3000)]}
        assert table(declarations) == [
            "127.0.0.1:3000 is app:3000",
            "127.0.0.1:13000 is database:3000, moved from 3000",
        ]

    def test_a_named_port_of_the_host_is_given_whatever_the_others_want(self):
        declarations = self.listening(app=[3000], database=["3000:5432"])
        assert development_ports(declarations) == {"app": [(13000, 3000)], "database": [(3000, 5432)]}

    def test_what_is_published_to_everybody_keeps_its_port(self):
        declarations = self.listening(app=[80])
        declarations["database"]["published"] = [{"container": "database", "port": 80}]
        assert development_ports(declarations) == {"app": [(10080, 80)]}

    def test_two_that_name_the_same_port_are_refused(self):
        with pytest.raises(PlatformError, match="port 3000 of the host is held by app"):
            development_ports(self.listening(app=["3000:1"], database=["3000:2"]))

    @pytest.mark.parametrize("ports", ["3000", [0], [70000], ["a:1"], ["1:2:3"], ["127.0.0.1:80:80"], [None]])
    def test_what_is_no_port_is_refused(self, ports):
        with pytest.raises(PlatformError, match="development_ports is"):
            check_ports(ports, "container app")


def test_a_key_is_noted_once_its_service_runs_well_with_it():
    declarations = {
        name: {"containers": {name: {}, f"{name}-worker": {}}, "immutable_secrets": {f"{name}_key": name}}
        for name in ("well", "ill", "known")
    }
    withheld = ["immutable/well_key", "immutable/ill_key"]
    proven = proven_files(declarations, withheld, stale=["ill-worker"])
    assert proven["files"] == [{"path": "immutable/well_key", "immutable": True}]
    assert list(proven["secrets"]) == ["immutable/well_key"]
    assert proven_files(declarations, [], stale=[]) == {"files": [], "secrets": {}}


def test_a_container_waits_for_the_datastores_that_its_service_needs_unless_it_names_others():
    declarations = changed(depends_on=[])
    containers = declarations["app"]["containers"]
    containers["worker"] = {**containers["app"], "depends_on": ["app"]}
    declarations["app"]["needs"] = [{"kind": "sql", "instance": "database"}]
    declarations["database"]["provides"] = {"kind": "sql", "container": "database", "port": 5432}
    services = compose_project(declarations, "borgstack")["services"]
    assert set(services["app"]["depends_on"]) == {"database"}
    assert set(services["worker"]["depends_on"]) == {"app"}
