# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Asks services' roles what they are made of; its options and what it returns are documented beside the modules."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

from ansible_collections.borgstack.platform.plugins.module_utils.errors import CONFIGURATION, PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils import (
    certificates,
    declaration,
    external,
    hosts,
    instances,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.endpoints import (
    Endpoint,
    endpoint,
    endpoints_of,
    with_unknown,
)
from ansible_collections.borgstack.platform.plugins.plugin_utils.filters import settled
from ansible_collections.borgstack.platform.plugins.plugin_utils.schema import ASKED
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_uses import listening, uses
from ansible_collections.borgstack.platform.plugins.plugin_utils.services import Here, Instance, Service, Variables

# What an instance says of itself where it is somebody else's server.
EXTERNAL = "external"
# And the host that it runs on, where not on every one that has it in its inventory.
RUNS_ON = "runs_on"


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
        self._here = Here(self, task_vars or {})
        try:
            listed = self._task.args["roles"]
            named = instances.roles_of(self._task.args.get("instances", {}))
            roles = dict.fromkeys([*listed, *named])
            services = [Service(role, role in listed, named.get(role, {}), self) for role in roles]
            declarations = self._asked([one for service in services for one in self._instances(service)])
        except PlatformError as error:
            raise AnsibleActionFail(error.message) from None
        facts = {"platform_declarations": declarations, "platform_secret_uses": uses(declarations, self._heard)}
        return {**result, "ansible_facts": facts, "_ansible_no_log": True}

    def _asked(self, asked: list[Instance]) -> dict[str, dict]:
        """Ask tier by tier; those that are asked later hear what the former ones need."""
        needed = hosts.needs_of_peers(self._here.name, self._here.peers)
        declarations = hosts.with_peers(self._task.args.get("declarations", {}), needed)
        endpoints = endpoints_of(declarations)
        for instance in asked:
            endpoints |= self._endpoint(instance)
        for tiers in ASKED:
            heard = {"platform_declarations": declarations, "platform_endpoints": endpoints}
            said = {}
            for instance in asked:
                if instance.service.tier in tiers and self._is_wanted(instance, declarations):
                    clients = hosts.hosts_that_need(instance.name, needed)
                    peers = {"platform_peers": [f"{self._address_of(host)}/32" for host in clients]}
                    said[instance.name] = self._said(instance, {**heard, **peers})
            declarations = {**declarations, **said}
        return declarations

    def _is_wanted(self, instance: Instance, declarations: dict[str, dict]) -> bool:
        """Tell whether an instance is declared on this host: one of another host is, where something here needs it."""
        if instance.host == self._here.name:
            return True
        if not any(need["instance"] == instance.name for one in declarations.values() for need in one.get("needs", [])):
            return False
        hosts.refuse_unreached(instance.name, instance.host, instance.outside, self._here.peers)
        return True

    def _instances(self, service: Service) -> t.Iterator[Instance]:
        """Yield the instances of a role, those of other hosts as their hosts have them."""
        listed = {}
        if service.listed:
            items = self._rendered(service.variables(self._here.variables), f"{service.name}_instances")
            listed = instances.listed_instances(service.name, items)
        for name, settings in {**listed, **service.named}.items():
            yield self._instance(service, name, {**listed.get(name, {}), **settings})

    def _instance(self, service: Service, name: str, settings: dict) -> Instance:
        here = self._here
        runs_on, given = settings.pop(RUNS_ON, None), settled(settings.pop(EXTERNAL, None))
        host = hosts.checked_host(name, runs_on, here.name, here.hosts)
        own = {
            **service.variables(here.variables if host == here.name else here.variables_of(host)),
            "platform_instance_name": name,
            # Not before all of them were asked is it known which hosts those are.
            "platform_peers": [],
            "platform_shared_at": [self._address_of(host)] if runs_on and len(here.hosts) > 1 else [],
        }
        variables = own | self._settings(service, name, settings, own)
        outside = external.checked(name, given, service.provides.get("kind", ""))
        if host != here.name and service.provides:
            outside = self._elsewhere(service, name, variables, host)
        return Instance(service, name, variables, host, outside)

    def _address_of(self, host: str) -> str:
        variables = self._here.variables if host == self._here.name else self._here.variables_of(host)
        return hosts.address_of(host, self._rendered(variables, "platform_host_address"))

    def _elsewhere(self, service: Service, name: str, variables: Variables, host: str) -> external.External:
        provides = self._parts(variables, service.provides, ("kind", "container", "port"))
        published = self._template(variables, service.published)
        key, authority = (self._rendered(variables, f"platform_authority_{part}") for part in ("key", "name"))
        certificate = certificates.authority_certificate(key, authority)
        return hosts.elsewhere(host, self._address_of(host), provides, published, certificate)

    def _endpoint(self, instance: Instance) -> dict[str, Endpoint]:
        """Return where an instance is reached, which says so without having heard of any other one."""
        provides = instance.service.provides
        if not provides or (instance.host != self._here.name and not instance.outside):
            return {}
        if instance.outside:
            return {instance.name: endpoint(instance.name, self._provided(instance))}
        found = self._parts(instance.variables, provides, ("container", "port"))
        published = self._template(instance.variables, instance.service.published)
        return {instance.name: endpoint(instance.name, found, published)}

    def _said(self, instance: Instance, heard: Variables) -> dict:
        name, variables = instance.name, {**instance.variables, **heard}
        self._validate(instance.service, name, variables)
        used = [self._rendered(variables, key) for key in instance.service.options if key.endswith(instances.USES)]
        variables["platform_endpoints"] = with_unknown(variables["platform_endpoints"], used)
        with listening() as self._heard[name]:
            return declaration.checked(name, self._declared(instance, variables))

    def _declared(self, instance: Instance, variables: Variables) -> dict:
        if not instance.outside:
            return self._template(variables, instance.service.declared)
        # No more than this is asked: no secret is made for a container that there is not.
        own = self._parts(variables, instance.service.declared, external.KEPT)
        return external.declared(instance.name, own, self._provided(instance), instance.outside)

    def _provided(self, instance: Instance) -> dict:
        """Return what an instance provides that is somebody else's server, or another host's."""
        own = self._parts(instance.variables, instance.service.provides, external.PROVIDED)
        directory = self._rendered(self._here.variables, "platform_directory")
        return external.provided(instance.name, own, instance.outside, directory)

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
