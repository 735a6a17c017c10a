# -*- coding: utf-8 -*-
# Copyright: (c) 2026, the borgstack.platform contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How the S3 modules connect."""

from __future__ import annotations


class ModuleDocFragment:
    """Connection options of the S3 modules."""

    DOCUMENTATION = r"""
options:
  endpoint_url:
    description: Address of the server, such as V(http://10.201.0.4:8333); AWS itself where it is left out.
    type: str
  access_key:
    description:
      - Name of the key.
      - A key that may not list all buckets (C(s3:ListAllMyBuckets)) is enough where it may see the declared ones
        (C(s3:ListBucket)).
    type: str
    required: true
  secret_key:
    description: The key.
    type: str
    required: true
  region:
    description: Region; most servers other than AWS take any, Garage only its own.
    type: str
    default: us-east-1
  ca_cert:
    description: File with the certificate authorities that the server's certificate is checked against.
    type: path
  validate_certs:
    description: Whether the server's certificate is checked; if not, O(ca_cert) means nothing.
    type: bool
    default: true
requirements:
  - botocore >= 1.23.34 on the host, which boto3 brings
"""
