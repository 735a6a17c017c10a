"""What an inventory wants of single containers."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.compose import compose_project, project_files
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import checked
from ansible_collections.borgstack.platform.plugins.plugin_utils.overrides import overridden

APP = {
    "image": "app:1",
    "environment": {"A": "1", "B": "2"},
    "secret_environment": {"S": "role"},
    "volumes": ["app_data:/data"],
    "healthcheck": {"test": ["CMD", "true"]},
    "mem_limit": "512m",
}
DECLARATIONS = {
    "app": {"service": "app", "tier": "application", "containers": {"app": APP, "app-worker": APP}},
    "wires": {"service": "wires", "tier": "integration"},
}
SECRET = "Marker-7-secret"


def test_nothing_wanted_changes_nothing_and_one_container_is_changed_alone():
    before = copy.deepcopy(DECLARATIONS)
    assert overridden(DECLARATIONS, {}) == DECLARATIONS == before
    wanted = {"environment": {"B": "pa$word", "C": True}, "volumes": ["/srv/x:/x:ro"], "labels": {"l": 1}, "cpus": 1.5}
    changed = overridden(DECLARATIONS, {"app": wanted})
    app = changed["app"]["containers"]["app"]
    assert app["environment"] == {"A": "1", "B": "pa$word", "C": "true"} and app["labels"] == {"l": "1"}
    assert app["volumes"] == ["app_data:/data", "/srv/x:/x:ro"] and app["cpus"] == 1.5
    assert changed["app"]["containers"]["app-worker"] == APP and before == DECLARATIONS


def test_a_secret_goes_to_its_own_file_and_takes_the_plain_ones_place():
    changed = overridden(DECLARATIONS, {"app": {"secret_environment": {"A": SECRET}}})
    project = compose_project(changed, "borgstack")
    assert SECRET not in str(project) and project["services"]["app"]["environment"] == {"B": "2"}
    files = {file["path"]: file["secret_content"] for file in project_files(changed) if "secret_content" in file}
    assert f'A="{SECRET}"' in files["secrets/app.env"]
    plain = overridden(DECLARATIONS, {"app": {"environment": {"S": "plain"}}})["app"]["containers"]["app"]
    assert plain["environment"]["S"] == "plain" and plain["secret_environment"] == {}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"ap": {}}, "no container ap (did you mean app?)"),
        ({"app": {"secret_enviroment": {"A": SECRET}}}, "no key secret_enviroment (did you mean secret_environment?)"),
        ({"app": {"privileged": True}}, "no key privileged"),
        ({"app": []}, "no dictionary"),
        ({"app": {"secret_environment": {"A": [SECRET]}}}, "A of secret_environment is no text"),
        ({"app": {"secret_environment": SECRET}}, "no dictionary"),
        ({"app": {"volumes": "/a:/b"}}, "volumes has"),
        ({"app": {"volumes": ["/a"]}}, "volumes has"),
        ({"app": {"mem_limit": "1g"}}, "mem_limit is"),
        ({"app": {"labels": {"com.docker.compose.project": "x"}}}, "the platform's own"),
    ],
)
def test_what_cannot_be_meant_is_refused_without_its_value(wanted, words):
    with pytest.raises(PlatformError) as refused:
        overridden(DECLARATIONS, wanted)
    assert words in refused.value.message and SECRET not in refused.value.message


def test_a_role_that_misspells_a_containers_key_is_refused():
    declared = copy.deepcopy(DECLARATIONS["app"])
    declared["containers"]["app"]["secret_enviroment"] = {"A": SECRET}
    with pytest.raises(PlatformError) as refused:
        checked("app", declared)
    assert "did you mean secret_environment?" in refused.value.message and SECRET not in refused.value.message
