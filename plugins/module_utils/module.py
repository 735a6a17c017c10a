# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What every module of this collection is made with: an `AnsibleModule` that logs no argument and names wrong items."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.borgstack.platform.plugins.module_utils import items
from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError


class PlatformModule(AnsibleModule):
    """An `AnsibleModule` whose arguments stand in no log of the host.

    Ansible logs each invocation with all arguments, as `str()` spells them. Only options that are `no_log` as a whole
    are left out; a secret within a list or dictionary is looked for in that spelling, and not found when it holds a
    line break, a backslash, both kinds of quotes, or another secret. The constructor's own `no_log` does not help:
    since `ansible-core` sends the task's `no_log` with each module, true or not, that overrides it.

    `no_log` of an option is still needed for what the module returns.

    A name is enough for an item of a list that needs nothing else, and what is wrong with an item is told with its
    place.
    """

    def __init__(self, *arguments, **options):
        self._wrong: PlatformError | None = None
        super().__init__(*arguments, **options)
        if self._wrong:
            self.fail_json(self._wrong.message)

    def _load_params(self):
        super()._load_params()
        self.params = items.completed(self.params, self.argument_spec)
        try:
            items.refuse(self.params, self.argument_spec)
        except PlatformError as error:
            # Told later: Ansible has not yet learned what it is to mask.
            self._wrong = error

    def fail_json(self, msg, **result):
        """Fail, with what is known to be wrong with an item instead of what Ansible says of it.

        Args:
            msg: the message.
            result: what else is returned.
        """
        if self._wrong:
            # Ansible stops looking for secrets at a wrong item: none of the arguments may be returned.
            result, self._wrong = {**self._wrong.as_result(), "invocation": {}}, None
            msg = result.pop("msg")
        super().fail_json(msg, **result)

    def log(self, msg, log_args=None):
        """Log that the module ran; all else that Ansible would log also reaches whoever runs the play.

        Args:
            msg: what Ansible would log.
            log_args: the arguments; only given for the invocation.
        """
        if log_args is not None:
            super().log("Invoked in check mode" if self.check_mode else "Invoked")
