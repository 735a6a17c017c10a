"""What of Evolution API's output reaches the log: failures, without what people say and without keys."""

from __future__ import annotations

import subprocess

import pytest
from integration.conftest import ROOT, VERSIONS

pytestmark = pytest.mark.integration

IMAGE = f"evoapicloud/evolution-api:{VERSIONS['evolution_api_version']}"
FILTER = ROOT / "roles/evolution_api/files/log-filter.cjs"
SECRET = "Meu-CPF"
PROGRAM = f"""
const mark = ['[Evolution API]', '[atendimento]', '8', '-', 'Sat Nov 28 2026 10:00:00  '];
console.log({{ key: {{ remoteJid: '{SECRET}' }}, message: {{ conversation: '{SECRET}' }} }});
console.log('CACHE:', '{SECRET}');
console.info('Closing session:', {{ privKey: '{SECRET}' }});
console.warn('Session already closed', {{ privKey: '{SECRET}' }});
console.log(...mark, 'WARN ', '[Channel]', '[string]', 'Message ignored with: {{"text": "{SECRET}"}}');
console.log(...mark, 'ERROR ', '[Webhook]', '[object]',
  {{ message: 'connect ECONNREFUSED', url: 'http://n8n', data: '{SECRET}' }});
console.log(...mark, 'ERROR ', '[Channel]', '[object]', ['Error on upload', 'no such bucket', 'at line 1']);
console.error(Object.assign(new Error('Request failed'), {{ config: {{ data: '{SECRET}' }} }}));
"""


def run(tmp_path, script: str, source: str) -> str:
    """Run a program as Evolution API is run; return all that it prints."""
    program = tmp_path / script
    program.parent.mkdir(exist_ok=True)
    program.write_text(source, encoding="utf-8")
    mounts = ["--volume", f"{tmp_path}:/program:ro", "--volume", f"{FILTER.parent}:/usr/local/etc/platform:ro"]
    options = [
        *mounts,
        "--env",
        "NODE_OPTIONS=--require=/usr/local/etc/platform/log-filter.cjs",
        "--workdir",
        "/program",
    ]
    command = ["docker", "run", "--rm", *options, "--entrypoint", "node", IMAGE, script.removesuffix(".js")]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout


def test_the_filter_keeps_contents_and_keys_out(tmp_path):
    told = run(tmp_path, "dist/main.js", PROGRAM)
    assert SECRET not in told, told
    for failure in ("connect ECONNREFUSED", "http://n8n", "no such bucket", "Request failed", "Message ignored with"):
        assert failure in told, told
    assert told.count("[Evolution API]") == 3


def test_migrations_are_told_whole(tmp_path):
    assert run(tmp_path, "other/main.js", "console.log('Applied migration 1');") == "Applied migration 1\n"
