#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: image_digests
short_description: Pin images to what their tags point at now
version_added: "0.1.0"
description:
  - Asks the registries for the digest of each image, all at the same time, and writes them to a file that sets
    C(platform_image_digests). Images are then pulled by digest, so that a tag which moves changes nothing.
  - For an image with several architectures it is the digest of the index, which is right for all of them.
  - What moved since the file was written is the diff. When one image cannot be resolved, nothing is written.
  - Runs on the controller, with nothing but Python's standard library.
author:
  - The borgstack.platform contributors (@borgstack)
extends_documentation_fragment:
  - borgstack.platform.attributes
options:
  path:
    description: The file, such as C(images.lock.yml) in an inventory's C(group_vars/all).
    type: path
    required: true
  images:
    description: The images, each with a tag. One that names a digest itself is left out.
    type: list
    elements: str
    required: true
  mirror:
    description: The registry mirror that all images come from; it is asked instead of their own registries.
    type: str
    default: ""
  insecure_registries:
    description: Registries that speak plain HTTP, such as V(mirror.lan:5000). Those on this machine may in any case.
    type: list
    elements: str
    default: []
  credentials:
    description:
      - By registry, such as V(docker.io) or V(mirror.lan:5000), a dictionary with C(username) and C(password).
      - Without them, images are asked for as anybody may.
    type: dict
    default: {}
  ca_cert:
    description: A file with certificate authorities to trust instead of the system's.
    type: path
  timeout:
    description: Seconds that one request may take.
    type: int
    default: 20
"""

EXAMPLES = r"""
- name: Pin what the services run
  borgstack.platform.image_digests:
    path: "{{ inventory_dir }}/group_vars/all/images.lock.yml"
    images: "{{ platform_declarations | borgstack.platform.images_of }}"
  delegate_to: localhost
"""

RETURN = r"""
plan:
  description: What was locked, moved or forgotten, or would be in check mode, in words.
  returned: success
  type: list
  elements: str
  sample: ["lock caddy:2.10.2-alpine at sha256:4f5e…"]
digests:
  description: The digests by image.
  returned: success
  type: dict
  sample: {"caddy:2.10.2-alpine": "sha256:4f5e…"}
"""

from ansible_collections.borgstack.platform.plugins.module_utils import image_lock
from ansible_collections.borgstack.platform.plugins.module_utils.module import PlatformModule
from ansible_collections.borgstack.platform.plugins.module_utils.provisioning import finish, result_of
from ansible_collections.borgstack.platform.plugins.module_utils.registry import Registries


def run(module):
    """Write the lock file and return the result."""
    given = module.params
    locked = image_lock.read(given["path"])
    registries = Registries(
        given["timeout"], given["insecure_registries"], given["credentials"], given["ca_cert"] or ""
    )
    found = image_lock.resolve(given["images"], given["mirror"], registries.digest)
    steps = image_lock.plan(locked, found)
    if steps and not module.check_mode:
        image_lock.write(given["path"], found)
    return {**result_of(module, steps), "digests": found}


def main():
    """Run the module."""
    module = PlatformModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "images": {"type": "list", "elements": "str", "required": True},
            "mirror": {"type": "str", "default": ""},
            "insecure_registries": {"type": "list", "elements": "str", "default": []},
            "credentials": {"type": "dict", "default": {}, "no_log": True},
            "ca_cert": {"type": "path"},
            "timeout": {"type": "int", "default": 20},
        },
        supports_check_mode=True,
    )
    finish(module, lambda: run(module))


if __name__ == "__main__":
    main()
