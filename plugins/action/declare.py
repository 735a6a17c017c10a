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
from ansible_collections.borgstack.platform.plugins.plugin_utils import declaration, instances
from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import settled
from ansible_collections.borgstack.platform.plugins.plugin_utils.schema import ASKED
from ansible_collections.borgstack.platform.plugins.plugin_utils.settings import spec_of

Variables = dict[str, t.Any]


class ActionModule(ActionBase):
    """Runs on the controller alone. A role's variables say all of it, so none of its tasks has to be run."""

    TRANSFERS_FILES = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Variables | None = None) -> dict[str, t.Any]:
        """Ask all of them.

        Returns:
            The fact `platform_declarations`, by instance name; never shown, since it has secrets.
        """
        result = super().run(tmp, task_vars)
        try:
            listed = self._task.args["roles"]
            named = instances.roles_of(self._task.args.get("instances", {}))
            roles = dict.fromkeys([*listed, *named])
            services = [Service(role, role in listed, named.get(role, {}), self) for role in roles]
            declarations = self._asked(services, task_vars or {})
        except PlatformError as error:
            raise AnsibleActionFail(error.message) from None
        return {**result, "ansible_facts": {"platform_declarations": declarations}, "_ansible_no_log": True}

    def _asked(self, services: list[Service], task_vars: Variables) -> dict[str, dict]:
        """Ask tier by tier; those that are asked later hear what the former ones need."""
        declarations: dict[str, dict] = self._task.args.get("declarations", {})
        for tiers in ASKED:
            said: dict[str, dict] = {}
            for service in services:
                if service.tier in tiers:
                    variables = {**task_vars, "platform_declarations": declarations}
                    said |= self._said(service, variables)
            declarations = {**declarations, **said}
        return declarations

    def _said(self, service: Service, variables: Variables) -> dict[str, dict]:
        common, listed = service.variables(variables), {}
        if service.listed:
            items = self._rendered(common, f"{service.name}_instances")
            listed = instances.listed_instances(service.name, items)
        said = {}
        for name, settings in {**listed, **service.named}.items():
            own = {**common, "platform_instance_name": name}
            own |= self._settings(service, name, {**listed.get(name, {}), **settings}, own)
            self._validate(service, name, own)
            said[name] = declaration.checked(name, self._rendered(own, f"{service.name}_declaration"))
        return said

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
        if name not in variables:
            return None
        with self._templar.set_temporary_context(available_variables=variables):
            return settled(self._templar.template(variables[name]))


class Service:
    """A service's role, as it is loaded, and which instances of it are asked for.

    Args:
        role: as the inventory names it.
        listed: whether it is switched on by its name alone.
        named: settings of the instances that the inventory names, by name.
        action: who asks.

    Attributes:
        name: what it calls itself.
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
        self.tier = self._vars[f"{self.name}_declaration"].get("tier", "")

    def variables(self, task_vars: Variables) -> Variables:
        """Return the variables as the role's own tasks would have them."""
        return {
            **self._defaults,
            **task_vars,
            **self._vars,
            "role_path": self._path,
            "ansible_search_path": [self._path, *task_vars.get("ansible_search_path", [])],
        }
