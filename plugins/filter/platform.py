# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Filters of the internal role `platform`; the logic is in plugin_utils."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import (
    checks,
    compose,
    databases,
    declaration,
    deployed,
    development,
    edge,
    endpoints,
    engine,
    ground,
    hidden,
    image_changes,
    overrides,
    published,
    purge,
    redis,
    render,
    report,
    seaweedfs,
    settings,
    sites,
    state,
    workflows,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import explained, settled


def contradictions(declarations: dict) -> list[str]:
    """Return in words what of all declarations does not fit together."""
    return declaration.contradictions(settled(declarations))


def needs_of(declarations: dict, kind: str, instance: str) -> list[dict]:
    """Return what all declarations need of one datastore."""
    return [
        need
        for declared in declarations.values()
        for need in declared.get("needs", [])
        if need["kind"] == kind and need["instance"] == instance
    ]


def sites_of(declarations: dict) -> list[dict]:
    """Return all published sites, in the order of their host names."""
    found = [site for declared in declarations.values() for site in declared.get("sites", [])]
    return sorted(found, key=lambda site: site["host"])


def purge_plan(declarations: dict, noted: dict, wanted: str, project: str) -> dict:
    """Return what belongs to instances that leave alone."""
    return purge.purge_plan(settled(declarations), settled(noted), wanted, project)


def notes_to_write(
    declarations: dict, found: dict, project: dict, stale: list[str], started: list[str], now: str
) -> dict:
    """Return the notes of what is deployed that are not on the host yet."""
    return deployed.notes_to_write(settled(declarations), settled(found), settled(project), stale, started, now)


def refused_image_changes(
    found: dict, declarations: dict, project: dict, selected: list[str], policy: str
) -> list[str]:
    """Return the messages of images that a run may not put in the place of those that data was last used by."""
    changes = image_changes.image_changes(settled(found), settled(declarations), settled(project), list(selected))
    return image_changes.refused_image_changes(changes, policy)


def setting_errors(values: dict, roles_path: str, role: str = "platform") -> list[str]:
    """Return in words what of a role's settings cannot be meant; the validator copies whatever is a template still."""
    return settings.setting_errors(settled(values), roles_path, role)


def with_hook(declarations: dict, hook: str) -> list[str]:
    """Return the instances whose role has something to do at a hook."""
    return [name for name, declared in declarations.items() if hook in declared.get("hooks", [])]


def service_roles(roles_path: str) -> list[str]:
    """Return the names of the roles below a folder that declare a service."""
    return sorted(path.parts[-3] for path in Path(roles_path).glob("*/vars/main.yml") if _declares(path))


def _declares(variables: Path) -> bool:
    return f"\n{variables.parts[-3]}_declaration:" in variables.read_text(encoding="utf-8")


def platform_error(what: str, category: int, remedy: str, where: str = "") -> str:
    """Return the message of a failure in the form that all of this collection's failures have."""
    return PlatformError(category, what, remedy, where).message


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict:
        """Return the filters by name."""
        return explained(
            {
                "contradictions": contradictions,
                "needs_of": needs_of,
                "databases_of": databases.databases_of,
                "migrations_of": databases.migrations_of,
                "roles_of": databases.roles_of,
                "redis_users_of": redis.redis_users_of,
                "purge_plan": purge_plan,
                "notes_to_write": notes_to_write,
                "purge_report": purge.purge_report,
                "key_patterns": purge.key_patterns,
                "sites_of": sites_of,
                "published_rules": published.firewall_rules,
                "with_hook": with_hook,
                "connections": endpoints.connections,
                "environment_file": compose.environment_file,
                "edge_sites": sites.edge_sites,
                "edge_settings": edge.edge_settings,
                "s3_identities": seaweedfs.s3_identities,
                "rendered": render.rendered,
                "development_table": development.table,
                "images_of": compose.images_of,
                "service_roles": service_roles,
                "platform_error": platform_error,
                "hidden_failure": hidden.hidden_failure,
                "overridden": overrides.overridden,
                "setting_names": settings.setting_names,
                "setting_errors": setting_errors,
                "misspelt": settings.misspelt,
                "unknown_tags": settings.unknown_tags,
                "error_in": hidden.error_in,
                "engine_failure": engine.engine_failure,
                "missing_images": engine.missing_images,
                "checks_of": checks.checks_of,
                "to_configure": checks.to_configure,
                "compose_project": compose.compose_project,
                "compose_literal": compose.compose_literal,
                "configuration_path": compose.configuration_path,
                "provisioning_path": compose.provisioning_path,
                "to_provision": checks.to_provision,
                "project_files": compose.files_and_secrets,
                "proven_files": compose.proven_files,
                "project_state": state.project_state,
                "moved_ground": ground.moved_ground,
                "refused_image_changes": refused_image_changes,
                "volume_notes": ground.volume_notes,
                "downgrade": ground.downgrade,
                "collection_version": ground.collection_version,
                "memory_limit_mb": compose.memory_limit_mb,
                "report_table": report.report_table,
                "n8n_workflows": workflows.n8n_workflows,
            }
        )
