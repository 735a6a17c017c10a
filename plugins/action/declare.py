# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Asks services' roles what they are made of; its options and what it returns are documented beside the modules."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.playbook.role import Role
from ansible.playbook.role.include import RoleInclude
from ansible.plugins.action import ActionBase

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import declaration, external, instances
from ansible_collections.borgstack.platform.plugins.plugin_utils.endpoints import (
    Endpoint,
    endpoint,
    endpoints_of,
    with_unknown,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import settled
from ansible_collections.borgstack.platform.plugins.plugin_utils.schema import ASKED
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_uses import listening, uses
from ansible_collections.borgstack.platform.plugins.plugin_utils.settings import spec_of

Variables = dict[str, t.Any]

# What an instance says of itself where it is somebody else's server.
EXTERNAL = "external"


class ActionModule(ActionBase):
    """Runs on the controller alone. A role's variables say all of it, so none of its tasks has to be run."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> dict[str, t.Any]:
        """Ask all of them.

        Returns:
            The facts `platform_declarations`, by instance name, and `platform_secret_uses`, by the secret's; never
            shown, since the former has secrets.
        """
        result = super().run(tmp, task_vars)
        self._heard: dict[str, set[str]] = {}
        try:
            listed = self._task.args["roles"]
            named = instances.roles_of(self._task.args.get("instances", {}))
            roles = dict.fromkeys([*listed, *named])
            services = [Service(role, role in listed, named.get(role, {}), self) for role in roles]
            declarations = self._asked(services, task_vars or {})
        except PlatformError as error:
            raise AnsibleActionFail(error.message) from None
        facts = {"platform_declarations": declarations, "platform_secret_uses": uses(declarations, self._heard)}
        return {**result, "ansible_facts": facts, "_ansible_no_log": True}

    def _asked(self, services: list[Service], task_vars: Variables) -> dict[str, dict]:
        """Ask tier by tier; those that are asked later hear what the former ones need."""
        declarations: dict[str, dict] = self._task.args.get("declarations", {})
        asked = [(service, self._instances(service, task_vars)) for service in services]
        endpoints = endpoints_of(declarations)
        for service, variables_by_name in asked:
            endpoints |= self._endpoints(service, variables_by_name)
        for tiers in ASKED:
            heard = {"platform_declarations": declarations, "platform_endpoints": endpoints}
            said = {
                name: self._said(service, name, {**variables, **heard})
                for service, variables_by_name in asked
                if service.tier in tiers
                for name, variables in variables_by_name.items()
            }
            declarations = {**declarations, **said}
        return declarations

    def _instances(self, service: Service, task_vars: Variables) -> dict[str, Variables]:
        """Return each instance's variables by its name."""
        common, listed = service.variables(task_vars), {}
        if service.listed:
            items = self._rendered(common, f"{service.name}_instances")
            listed = instances.listed_instances(service.name, items)
        found = {}
        for name, settings in {**listed, **service.named}.items():
            own = {**common, "platform_instance_name": name}
            merged = {**listed.get(name, {}), **settings}
            outside = external.checked(name, settled(merged.pop(EXTERNAL, None)), service.provides.get("kind", ""))
            found[name] = own | self._settings(service, name, merged, own) | {EXTERNAL: outside}
        return found

    def _endpoints(self, service: Service, variables_by_name: dict[str, Variables]) -> dict[str, Endpoint]:
        """Return where each instance is reached, which says so without having heard of any other one."""
        if not service.provides:
            return {}
        return {
            name: endpoint(name, self._provided(service, name, variables))
            if variables[EXTERNAL]
            else endpoint(
                name,
                self._parts(variables, service.provides, ("container", "port")),
                self._template(variables, service.published),
            )
            for name, variables in variables_by_name.items()
        }

    def _said(self, service: Service, name: str, variables: Variables) -> dict:
        self._validate(service, name, variables)
        used = [self._rendered(variables, option) for option in service.options if option.endswith(instances.USES)]
        variables["platform_endpoints"] = with_unknown(variables["platform_endpoints"], used)
        with listening() as self._heard[name]:
            return declaration.checked(name, self._declared(service, name, variables))

    def _declared(self, service: Service, name: str, variables: Variables) -> dict:
        if not variables[EXTERNAL]:
            return self._template(variables, service.declared)
        # No more than this is asked: no secret is made for a container that there is not.
        own = self._parts(variables, service.declared, external.KEPT)
        return external.declared(name, own, self._provided(service, name, variables), variables[EXTERNAL])

    def _provided(self, service: Service, name: str, variables: Variables) -> dict:
        """Return what an instance provides that is somebody else's server."""
        own = self._parts(variables, service.provides, external.PROVIDED)
        return external.provided(name, own, variables[EXTERNAL], self._rendered(variables, "platform_directory"))

    def _parts(self, variables: Variables, value: dict, keys: t.Sequence[str]) -> dict:
        return {key: self._template(variables, value[key]) for key in keys if key in value}

    def _settings(self, service: Service, name: str, settings: dict, variables: Variables) -> Variables:
        """Return what an instance sets in place of its role's variables; a dictionary is put over the role's own."""
        overriding = instances.overriding(service.name, name, settings, list(service.options))
        for variable, value in overriding.items():
            if isinstance(value, dict) and variable in variables:
                overriding[variable] = {**self._rendered(variables, variable), **value}
        return overriding

    def _validate(self, service: Service, name: str, variables: Variables) -> None:
        """Do what Ansible does before it runs a role."""
        given = {option: self._rendered(variables, option) for option in service.options if option in variables}
        answer = ArgumentSpecValidator(service.options).validate(given, validate_role_argument_spec=True)
        if answer.error_messages:
            raise PlatformError(
                CONFIGURATION, "; ".join(answer.error_messages), "correct the inventory", where=f"instance {name}"
            )

    def _rendered(self, variables: Variables, name: str) -> t.Any:
        """Return a variable with nothing in it that is a template; none where there is none."""
        return self._template(variables, variables[name]) if name in variables else None

    def _template(self, variables: Variables, value: t.Any) -> t.Any:
        with self._templar.set_temporary_context(available_variables=variables):
            return settled(self._templar.template(value))


class Service:
    """A service's role, as it is loaded, and which instances of it are asked for.

    Args:
        role: as the inventory names it.
        listed: whether it is switched on by its name alone.
        named: settings of the instances that the inventory names, by name.
        action: who asks.

    Attributes:
        name: what it calls itself.
        options: its variables, as its argument_specs have them.
        tier: when it is asked.
        declared: its declaration, of which nothing is rendered yet.
        provides: what it offers to others; empty unless it is a datastore.
        published: at which ports of the host.
    """

    def __init__(self, role: str, listed: bool, named: dict[str, dict], action: ActionModule):
        self.name, self.listed, self.named = instances.service_of(role), listed, named
        task = action._task
        include = RoleInclude.load(
            role if "." in role else f"borgstack.platform.{role}",
            play=task.get_play(),
            variable_manager=task.get_variable_manager(),
            loader=action._loader,
        )
        loaded = Role.load(include, task.get_play(), from_include=True, validate=False)
        self._defaults, self._vars = loaded.get_default_vars(), loaded.get_vars(include_params=False)
        self._path = loaded.get_role_path()
        self.options = spec_of(str(Path(self._path).parent), Path(self._path).name)
        if f"{self.name}_declaration" not in self._vars:
            raise PlatformError(
                CONFIGURATION,
                f"the role {role} declares no service",
                f"name {self.name}_declaration in its vars, or take it out of the inventory",
            )
        self.declared = self._vars[f"{self.name}_declaration"]
        self.tier = self.declared.get("tier", "")
        self.provides, self.published = self.declared.get("provides", {}), self.declared.get("published", [])

    def variables(self, task_vars: Variables) -> Variables:
        """Return the variables as the role's own tasks would have them."""
        return {
            **self._defaults,
            **task_vars,
            **self._vars,
            "role_path": self._path,
            "ansible_search_path": [self._path, *task_vars.get("ansible_search_path", [])],
        }
