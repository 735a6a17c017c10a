# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Services' roles as they are loaded, their instances, and the hosts whose variables they are asked with."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.playbook.role import Role
from ansible.playbook.role.include import RoleInclude
from ansible.plugins.action import ActionBase

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import instances
from ansible_collections.borgstack.platform.plugins.plugin_utils.external import External
from ansible_collections.borgstack.platform.plugins.plugin_utils.settings import spec_of

Variables = dict[str, t.Any]


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

    def __init__(self, role: str, listed: bool, named: dict[str, dict], action: ActionBase):
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


class Here:
    """The host that asks, and the others of its system.

    Args:
        action: who asks.
        variables: the host's, as its tasks have them.

    Attributes:
        name: the host's.
        hosts: all of the system.
        peers: what the other hosts declared, by host; empty until all were asked once.
    """

    def __init__(self, action: ActionBase, variables: Variables):
        self._action, self.variables = action, variables
        self.name = variables["inventory_hostname"]
        self.hosts = action._task.args.get("hosts") or [self.name]
        self.peers = action._task.args.get("peers", {})

    def variables_of(self, host: str) -> Variables:
        """Return the variables of another host, as tasks of the same role would have them there."""
        role = self._action._task._role
        return {
            **role.get_default_vars(),
            **self.variables["hostvars"].raw_get(host),
            **role.get_vars(include_params=False),
            "ansible_check_mode": self.variables["ansible_check_mode"],
        }


class Instance(t.NamedTuple):
    """An instance of a service's role.

    Attributes:
        service: the role.
        name: the instance's.
        variables: as the role's tasks would have them on its host.
        host: where it runs.
        outside: how it is reached where that is not on this host, or it is somebody else's server.
    """

    service: Service
    name: str
    variables: Variables
    host: str
    outside: External
