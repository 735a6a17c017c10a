#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: keycloak_realms
short_description: Keep Keycloak's realms with their roles, clients and users as declared, with one login
version_added: "0.3.0"
description:
  - Creates, changes and deletes realms, and in them roles, clients with roles and mappers, and users with roles.
  - One plan for all of it, so check mode on an empty server foretells what a run does.
  - What is not declared is left as it is, property by property; nothing is deleted that is not declared V(absent).
  - Client scopes, groups, identity providers, federations and flows are not among it. The modules C(keycloak_*) of
    C(community.general) keep those, and leave alone what this module keeps.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
  - borgstack.platform.provisioning
  - borgstack.platform.provisioning.connection
options:
  url:
    description: Address of the server, such as V(http://10.201.0.9:8080). No proxy is used.
    type: str
    required: true
  username:
    description: A user of the realm V(master) with the role V(admin).
    type: str
    required: true
  password:
    description: The user's password.
    type: str
    required: true
  fallback_logins:
    description:
      - Logins that are tried in turn where the one before is refused, such as the password until now, or the temporary
        administrator of a new server.
      - With the user of O(username) declared among the users of the realm V(master), with
        O(realms[].users[].update_password=always), it is there with its password afterwards.
    type: list
    elements: dict
    default: []
    suboptions:
      username:
        description: The user.
        type: str
        required: true
      password:
        description: The user's password.
        type: str
        required: true
  rewrite_secrets:
    description:
      - Whether what cannot be read back is written again, which is the password in O(realms[].smtp).
      - Give V(true) when it may have changed. Then it counts as a change.
    type: bool
    default: false
  realms:
    description: The realms.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Its name, which is part of all its addresses.
        type: str
        required: true
      display_name:
        description: The name that its pages show.
        type: str
      enabled:
        description: Whether anybody can log in.
        type: bool
        default: true
      settings:
        description:
          - Further properties in the words of Keycloak's C(RealmRepresentation), such as C(accessTokenLifespan).
          - No secrets; a diff shows them.
        type: dict
        default: {}
      smtp:
        description: How it sends mail.
        type: dict
        suboptions:
          host:
            description: The mail server.
            type: str
            required: true
          port:
            description: Its port.
            type: int
            default: 587
          sender:
            description: The address that mail comes from.
            type: str
            required: true
          sender_name:
            description: The name that is shown with it.
            type: str
          user:
            description: Who logs in there; left out, nobody does.
            type: str
          password:
            description: The password; it cannot be read back, see O(rewrite_secrets).
            type: str
          tls:
            description: How the connection is encrypted.
            type: str
            choices: [starttls, tls, none]
            default: starttls
      roles:
        description: The realm's roles.
        type: list
        elements: dict
        default: []
        suboptions: &roles
          name:
            description: Its name.
            type: str
            required: true
          description:
            description: What it is for.
            type: str
          state:
            description: Whether it is there.
            type: str
            choices: [present, absent]
            default: present
      clients:
        description: Programs that users log in to, or that log in themselves, by OpenID Connect.
        type: list
        elements: dict
        default: []
        suboptions:
          client_id:
            description: What it calls itself.
            type: str
            required: true
          name:
            description: The name that is shown.
            type: str
          description:
            description: What it is for.
            type: str
          enabled:
            description: Whether it can be logged in to; one that is not gets no tokens any more.
            type: bool
            default: true
          public:
            description: Whether it can keep no secret, such as a page in a browser or an app.
            type: bool
            default: false
          secret:
            description: Its secret. Left out, Keycloak makes one, and it stays as it is.
            type: str
          root_url:
            description: The address that relative ones begin at.
            type: str
          base_url:
            description: Where the console's and the account pages' links lead.
            type: str
          redirect_uris:
            description: Where users may be sent with a code, all of them; a final V(*) stands for any rest.
            type: list
            elements: str
          post_logout_redirect_uris:
            description: Where users may be sent after a logout; V(+) stands for O(realms[].clients[].redirect_uris).
            type: list
            elements: str
          web_origins:
            description: Origins of pages that may call Keycloak; V(+) stands for those of the redirect addresses.
            type: list
            elements: str
          standard_flow:
            description: Whether users log in by the authorization code flow.
            type: bool
            default: true
          direct_access_grants:
            description: Whether it may take users' passwords itself.
            type: bool
            default: false
          service_account:
            description: Whether it may log in as itself.
            type: bool
            default: false
          service_account_roles:
            description: Roles of the realm that it then has; others that it has are left alone.
            type: list
            elements: str
            default: []
          pkce:
            description:
              - Whether each login has to be proven by PKCE with S256.
              - Left out, it has to be where the client is public, and stays as it is where it is not.
            type: bool
          attributes:
            description: Further attributes; their values are texts.
            type: dict
            default: {}
          settings:
            description: Further properties in the words of Keycloak's C(ClientRepresentation); no secrets.
            type: dict
            default: {}
          roles:
            description: The client's own roles.
            type: list
            elements: dict
            default: []
            suboptions: *roles
          mappers:
            description: What is put into its tokens.
            type: list
            elements: dict
            default: []
            suboptions:
              name:
                description: Its name.
                type: str
                required: true
              type:
                description: Keycloak's name of it, such as V(oidc-audience-mapper).
                type: str
                required: true
              config:
                description: Its configuration, in Keycloak's words; what is left out stays as it is.
                type: dict
                default: {}
              state:
                description: Whether it is there.
                type: str
                choices: [present, absent]
                default: present
          state:
            description: Whether it is there.
            type: str
            choices: [present, absent]
            default: present
      users:
        description: Users; those who register themselves, or come from elsewhere, need not be declared.
        type: list
        elements: dict
        default: []
        suboptions:
          username:
            description: The name, in any spelling.
            type: str
            required: true
          email:
            description: The address. Unless the realm's user profile says otherwise, it and both names are asked for.
            type: str
          email_verified:
            description: Whether the address is known to be the user's.
            type: bool
          first_name:
            description: The first name.
            type: str
          last_name:
            description: The last name.
            type: str
          enabled:
            description: Whether the user can log in.
            type: bool
            default: true
          password:
            description: The password.
            type: str
          update_password:
            description:
              - Whether the password is set when the user is made, or always brought back.
              - It cannot be read back, so a login is tried, which counts as a failed one where it is another.
            type: str
            choices: [on_create, always]
            default: on_create
          temporary:
            description: Whether the user has to change the password at the first login.
            type: bool
            default: false
          roles:
            description: Roles of the realm that the user has; others are left alone.
            type: list
            elements: str
            default: []
          client_roles:
            description: Lists of roles by client; others are left alone.
            type: dict
            default: {}
          state:
            description: Whether the user is there.
            type: str
            choices: [present, absent]
            default: present
      state:
        description: Whether it is there. With V(absent) all its users and clients go, too.
        type: str
        choices: [present, absent]
        default: present
"""

EXAMPLES = r"""
- name: Keep the realm of an application
  borgstack.platform.keycloak_realms:
    url: http://10.201.0.9:8080
    username: admin
    password: "{{ admin_password }}"
    realms:
      - name: shop
        display_name: Shop
        settings: {accessTokenLifespan: 300, bruteForceProtected: true}
        roles: [customer, clerk]
        clients:
          - client_id: web
            public: true
            redirect_uris: ["https://shop.example.com/*"]
            web_origins: ["+"]
          - client_id: api
            secret: "{{ api_client_secret }}"
            standard_flow: false
            service_account: true
            service_account_roles: [clerk]
        users:
          - username: ana
            email: ana@example.com
            first_name: Ana
            last_name: Lima
            password: "{{ ana_password }}"
            temporary: true
            roles: [clerk]

- name: Make the administrator of a new server, and no longer have the temporary one
  borgstack.platform.keycloak_realms:
    url: http://10.201.0.9:8080
    username: admin
    password: "{{ admin_password }}"
    fallback_logins:
      - {username: temporary, password: "{{ bootstrap_password }}"}
    realms:
      - name: master
        users:
          - {username: admin, password: "{{ admin_password }}", update_password: always, roles: [admin]}
          - {username: temporary, state: absent}
"""

RETURN = r"""
plan:
  description: What was done, or would be done in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["create realm shop", "create client web of realm shop", "grant clerk to user ana of realm shop"]
undeclared:
  description:
    - What exists and is not declared, in words, but for what Keycloak makes by itself.
    - Realms; in declared ones clients and roles; in the realm V(master) users, who are administrators.
  returned: when O(report_undeclared) is set
  type: list
  elements: str
  sample: ["client old of realm shop", "realm trial", "user eve of realm master"]
"""

from ansible_collections.borgstack.platform.plugins.module_utils import provisioning
from ansible_collections.borgstack.platform.plugins.module_utils.keycloak import (
    apply,
    connection,
    declaration,
    inspect,
    plan,
)
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule


def run(module):
    """Converge the realms and return the result."""
    realms, rewrite = module.params["realms"], module.params["rewrite_secrets"]
    declaration.check(realms)
    if module.params["assume_empty"]:
        provisioning.refuse_assumption(module)
        return provisioning.result_of(module, plan.plan(realms, inspect.Actual()), list)
    server = connection.Server(module.params)
    try:
        server.log_in()
        actual = inspect.inspect(server, realms)
        return provisioning.converge(
            module,
            plan.plan(realms, actual, rewrite),
            apply.Applier(server),
            lambda: inspect.undeclared(realms, actual),
        )
    finally:
        server.close()


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            **provisioning.OPTIONS,
            **connection.OPTIONS,
            "rewrite_secrets": {"type": "bool", "default": False, "no_log": False},
            "realms": {"type": "list", "elements": "dict", "required": True, "options": declaration.REALM},
        },
        supports_check_mode=True,
    )
    provisioning.finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
