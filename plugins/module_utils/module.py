# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What every module of this collection is made with: an `AnsibleModule` that logs no argument."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule


class PlatformModule(AnsibleModule):
    """An `AnsibleModule` whose arguments stand in no log of the host.

    Ansible logs each invocation with all arguments, as `str()` spells them. Only options that are `no_log` as a whole
    are left out; a secret within a list or dictionary is looked for in that spelling, and not found when it holds a
    line break, a backslash, both kinds of quotes, or another secret. The constructor's own `no_log` does not help:
    since `ansible-core` sends the task's `no_log` with each module, true or not, that overrides it.

    `no_log` of an option is still needed for what the module returns.
    """

    def log(self, msg, log_args=None):
        """Log that the module ran; all else that Ansible would log also reaches whoever runs the play.

        Args:
            msg: what Ansible would log.
            log_args: the arguments; only given for the invocation.
        """
        if log_args is not None:
            super().log("Invoked in check mode" if self.check_mode else "Invoked")
