# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From the services' declarations to one Compose project: pure functions."""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import development, external, published
from ansible_collections.borgstack.platform.plugins.plugin_utils.declaration import Declaration

DECLARED_LABEL = "platform.borgstack.declared"
# How networks are called that have a way out, but the common one.
OUT = "-external"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

# What a container's definition holds beside the keys of Compose.
NOT_COMPOSE = ("secret_environment", "development_ports", "data_format")

# What every container gets unless its role says otherwise.
CONTAINER_DEFAULTS: dict[str, t.Any] = {
    "restart": "unless-stopped",
    "init": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "networks": ["internal"],
    # Far more than any of them starts; what multiplies without end stops here, and not at the host's own limit.
    "pids_limit": 4096,
}


def compose_project(
    declarations: dict[str, Declaration],
    name: str,
    image_prefix: str = "",
    pull_policy: str = "missing",
    cpus: float | None = None,
    digests: dict[str, str] | None = None,
    development_profile: bool = False,
) -> dict:
    """Return the Compose project that runs all declarations.

    Args:
        declarations: by instance name.
        name: the project's name; Docker prefixes volumes and networks with it.
        image_prefix: a registry mirror that all images come from, such as `mirror.example:5000`.
        pull_policy: Compose's pull policy of every container.
        cpus: how many the host has, if that is known; Docker refuses a limit above it.
        digests: what images are pinned to beside their tags, by declared image.
        development_profile: whether containers' `development_ports` are published on the host's loopback address.
    """
    ports = development.development_ports(declarations) if development_profile else {}
    containers = {
        container: (declaration, definition)
        for declaration in declarations.values()
        for container, definition in declaration.get("containers", {}).items()
    }
    files = [file for declaration in declarations.values() for file in declaration.get("files", [])]
    services = {}
    for container, (declaration, definition) in containers.items():
        service = {**CONTAINER_DEFAULTS, **{key: definition[key] for key in definition if key not in NOT_COMPOSE}}
        service["image"] = _pinned(definition["image"], image_prefix, digests or {})
        service["pull_policy"] = pull_policy
        _limit_cpus(service, cpus)
        _lead_to_externals(service, container, declaration, declarations)
        _publish(service, container, published.compose_ports(declaration, container))
        if container in ports:
            _publish_for_development(service, ports[container])
        if definition.get("secret_environment"):
            service["env_file"] = [secret_environment_path(container)]
        wanted = service.pop("depends_on", []) or _providers(declaration, declarations)
        # A dependency on another host cannot be waited for by Compose.
        dependencies = [other for other in wanted if other in containers]
        if dependencies:
            service["depends_on"] = {other: {"condition": "service_healthy"} for other in dependencies}
        service["labels"] = {
            **definition.get("labels", {}),
            DECLARED_LABEL: _fingerprint(service, files, definition),
        }
        services[container] = service
    return {
        "name": name,
        "services": services,
        "networks": _networks(services),
        "volumes": {volume: {} for volume in sorted(_named_volumes(services))},
    }


def compose_literal(project: t.Any) -> t.Any:
    """Return a project, or a part of it, as Compose has to read it to get every text to the letter.

    Compose puts variables of its own environment where a text has a `$`. Fingerprints are made before this.
    """
    if isinstance(project, dict):
        return {key: compose_literal(value) for key, value in project.items()}
    if isinstance(project, list):
        return [compose_literal(value) for value in project]
    return project.replace("$", "$$") if isinstance(project, str) else project


def images_of(declarations: dict[str, Declaration]) -> list[str]:
    """Return the images of all containers as they are declared, each once."""
    definitions = [one for declared in declarations.values() for one in declared.get("containers", {}).values()]
    return sorted({definition["image"] for definition in definitions})


def _providers(declaration: Declaration, declarations: dict[str, Declaration]) -> list[str]:
    """Return the containers of the datastores that a service needs, each once."""
    needed = [declarations.get(need["instance"], {}) for need in declaration.get("needs", [])]
    return list(dict.fromkeys(one["provides"]["container"] for one in needed if "provides" in one))


def _pinned(image: str, prefix: str, digests: dict[str, str]) -> str:
    """Return where an image is pulled from; one that names a digest itself keeps it."""
    digest = digests.get(image, "")
    if digest and not DIGEST.fullmatch(digest):
        raise PlatformError(
            CONFIGURATION,
            f"platform_image_digests says {digest!r} for it, which is no digest such as sha256:4f5e…",
            "run script/lock, which writes the file anew",
            where=f"image {image}",
        )
    return (f"{prefix}/" if prefix else "") + image + (f"@{digest}" if digest and "@" not in image else "")


def _lead_to_externals(
    service: dict, container: str, declaration: Declaration, declarations: dict[str, Declaration]
) -> None:
    """Give a container a way out to the servers that its service needs and that are not of the platform."""
    needed = external.needed_externals(declaration, declarations)
    mounts = [mount for name in needed for mount in external.authority_mount(name, declarations[name])]
    if mounts:
        service["volumes"] = [*service.get("volumes", []), *mounts]
    if needed and not any(_leads_out(network) for network in service["networks"]):
        service["networks"] = [*service["networks"], f"{container}{OUT}"]


def _publish(service: dict, container: str, ports: list[str]) -> None:
    if ports:
        service["ports"] = ports
        if not any(_leads_out(network) for network in service["networks"]):
            service["networks"] = [*service["networks"], f"{container}{published.NETWORK}"]


def _publish_for_development(service: dict, ports: list[tuple[int, int]]) -> None:
    service["ports"] = [*service.get("ports", []), *development.published(ports)]
    if "external" not in service["networks"]:
        service["networks"] = [*service["networks"], development.NETWORK]


def _limit_cpus(service: dict, available: float | None) -> None:
    wanted = float(service.pop("cpus", 0) or 0)
    if wanted:
        service["cpus"] = min(wanted, float(available or wanted))


def _fingerprint(service: dict, files: list[dict], definition: dict) -> str:
    """Hash all that a running container was made from.

    What is reloaded in place does not count, nor do files that only other containers are given.
    """
    mounted = [str(mount).split(":", maxsplit=1)[0] for mount in service.get("volumes", [])]
    files = {
        file["path"]: file.get("secret_content", file.get("content"))
        for file in files
        if not file.get("pending") and any(_lies_in(f"./{file['path']}", place) for place in mounted)
    }
    made_from = json.dumps([service, definition.get("secret_environment", {}), files], sort_keys=True)
    return hashlib.sha256(made_from.encode()).hexdigest()[:32]


def _lies_in(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place.rstrip('/')}/")


def _networks(services: dict[str, dict]) -> dict[str, dict]:
    """Only `external`, and what is called like it, has a way out; what is on no such network has none, and no way in.

    A network such as `app-external` is for a container with a way out that is kept apart from the others on `external`.
    """
    names = sorted({network for service in services.values() for network in service["networks"]})
    return {name: _network_options(name) for name in names}


def _network_options(name: str) -> dict:
    if name == development.NETWORK or name.endswith(published.NETWORK):
        return published.NETWORK_OPTIONS
    return {} if _leads_out(name) else {"internal": True}


def _leads_out(network: str) -> bool:
    return network == "external" or network.endswith(OUT)


def _named_volumes(services: dict[str, dict]) -> set[str]:
    mounts = [str(mount) for service in services.values() for mount in service.get("volumes", [])]
    return {mount.split(":")[0] for mount in mounts if mount[0] not in "./~"}


def secret_environment_path(container: str) -> str:
    """Return where a container's secret environment lies, relative to the project's directory."""
    return f"secrets/{container}.env"


def environment_file(variables: dict[str, t.Any]) -> str:
    """Return variables as a file that Compose reads back to the letter, whatever characters a value holds."""
    lines = []
    for name, value in sorted(variables.items()):
        escaped = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\n", "\\n")
        lines.append(f'{name}="{escaped}"\n')
    return "".join(lines)


def configuration_path(instance: str) -> str:
    """Return where what an instance is configured with is kept, relative to the project's directory."""
    return f"configured/{instance}.json"


def provisioning_path(instance: str) -> str:
    """Return where it is noted what was provisioned for an instance, relative to the project's directory."""
    return f"provisioned/{instance}"


def _noted(instance: str, declaration: Declaration) -> t.Iterator[tuple[str, str, str]]:
    """Yield path, hook and content of the notes by which a run knows what is not in effect yet."""
    if "configuration" in declaration:
        yield (
            configuration_path(instance),
            "configure",
            json.dumps(declaration["configuration"], sort_keys=True, ensure_ascii=False),
        )
    if declaration.get("needs"):
        needs = json.dumps(declaration["needs"], sort_keys=True)
        yield provisioning_path(instance), "provision", hashlib.sha256(needs.encode()).hexdigest()


def project_files(declarations: dict[str, Declaration]) -> list[dict]:
    """Return every file of the project but the Compose file: configuration, and secret environments.

    A file's `pending` names who has to take up a change of it: `INSTANCE/HOOK`.
    """
    files = []
    for instance, declaration in declarations.items():
        for file in declaration.get("files", []):
            files.append({**file, "pending": f"{instance}/{file['pending']}"} if file.get("pending") else file)
        for name, value in declaration.get("immutable_secrets", {}).items():
            digest = hashlib.sha256(f"{name}:{value}".encode()).hexdigest()
            files.append({"path": f"immutable/{name}", "secret_content": digest, "immutable": True})
        for path, hook, content in _noted(instance, declaration):
            files.append({"path": path, "secret_content": content, "pending": f"{instance}/{hook}"})
        for container, definition in declaration.get("containers", {}).items():
            if definition.get("secret_environment"):
                content = environment_file(definition["secret_environment"])
                files.append({"path": secret_environment_path(container), "secret_content": content})
    return files


def files_and_secrets(declarations: dict[str, Declaration]) -> dict:
    """Return the project's files as options of the module `project_files`, which takes texts with secrets apart."""
    return _with_secrets_apart(project_files(declarations))


def proven_files(declarations: dict[str, Declaration], withheld: list[str], stale: list[str]) -> dict:
    """Return those withheld files, as options of the module, whose service runs well with what they stand for.

    Args:
        declarations: the declarations by instance name.
        withheld: the paths of the immutable files that are not on the host yet.
        stale: the containers that do not run, are not healthy, or were made from something else.
    """
    well = {name: one for name, one in declarations.items() if not set(one.get("containers", {})) & set(stale)}
    return _with_secrets_apart([file for file in project_files(well) if file["path"] in withheld])


def _with_secrets_apart(files: list[dict]) -> dict:
    return {
        "files": [{key: value for key, value in file.items() if key != "secret_content"} for file in files],
        "secrets": {file["path"]: file["secret_content"] for file in files if "secret_content" in file},
    }


def memory_limit_mb(declarations: dict[str, Declaration]) -> int:
    """Return the sum of all containers' memory limits in megabytes."""
    return sum(
        int(definition["mem_limit"][:-1])
        for declaration in declarations.values()
        for definition in declaration.get("containers", {}).values()
    )
