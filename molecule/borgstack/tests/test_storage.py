"""No container that may use the object storage makes itself its administrator."""

from __future__ import annotations

import shlex

import pytest
from conftest import PROJECT

# Sends an empty message of gRPC's to the gateway's second port, and prints what comes of it.
ASK = """
const session = require('http2').connect('http://seaweedfs:18333');
const end = (...words) => { console.log(...words); process.exit(); };
session.on('error', (error) => end('refused', error.code));
session.on('close', () => end('refused', 'closed'));
const headers = { ':method': 'POST', ':path': process.argv[1], 'content-type': 'application/grpc', te: 'trailers' };
const request = session.request(headers);
request.on('response', (answer) => end('answered', answer[':status'], answer['grpc-status']));
request.on('error', () => {});
request.end(Buffer.from([0, 0, 0, 0, 0]));
setTimeout(() => end('silent'), 5000);
"""


@pytest.mark.parametrize(
    "method", ["/messaging_pb.SeaweedS3/Configure", "/messaging_pb.SeaweedS3IamCache/PutIdentity"], ids=["3", "4"]
)
def test_a_service_cannot_give_itself_rights_to_buckets(server, method):
    command = ["docker", "exec", f"{PROJECT}-n8n-1", "node", "-e", ASK, method]
    assert server.check_output(shlex.join(command)).split()[0] == "refused"
