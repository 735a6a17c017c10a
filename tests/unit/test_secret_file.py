"""The vaulted file: opened by what it was encrypted with, kept so, and never taken for what it is not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible import constants
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.borgstack.platform.plugins.module_utils.errors import PlatformError
from ansible_collections.borgstack.platform.plugins.plugin_utils.secret_file import SecretFile

MARK = "Marker-7-seen-nowhere"


def vault(**identities: str) -> VaultLib:
    return VaultLib([(name, VaultSecret(password.encode())) for name, password in identities.items()])


def written(tmp_path, text: str, label: str = "default") -> str:
    path = tmp_path / "vault.yml"
    path.write_bytes(vault(**{label: "one"}).encrypt(text, vault_id=label))
    return str(path)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"$ANSIBLE_VAULT;1.1;AES256\n", "its end is missing"),
        (b"$ANSIBLE_VAULT;1.1\n3132\n", "its end is missing"),
    ],
)
def test_what_is_left_of_a_file_is_no_new_one(tmp_path, content, what):
    (tmp_path / "vault.yml").write_bytes(content)
    with pytest.raises(PlatformError, match=what) as refusal:
        SecretFile(str(tmp_path / "vault.yml"), vault(default="one")).read()
    assert refusal.value.category == 10 and "encrypt" not in refusal.value.remedy


def test_a_file_cut_off_at_any_place_is_not_taken_for_a_wrong_password(tmp_path):
    path = written(tmp_path, "a: b\nc: d\n")
    whole = (tmp_path / "vault.yml").read_bytes()
    said = set()
    for length in range(len("$ANSIBLE_VAULT"), len(whole.strip())):
        (tmp_path / "vault.yml").write_bytes(whole[:length])
        with pytest.raises(PlatformError) as refusal:
            SecretFile(path, vault(default="one")).read()
        said.add(refusal.value.what)
    assert said == {"the file of secrets is damaged: its end is missing"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f'a: b\nx: "{MARK}\n', "no valid YAML at line 3, column 1"),
        (f"a: b\nx: @{MARK}\n", "no valid YAML at line 2, column 4"),
        (f"a: b\n{MARK}: c: d\n", "no valid YAML at line 2, column"),
        (f"- {MARK}\n", "holds something else than lines"),
        (f"{MARK}\n", "holds something else than lines"),
        (f"a: [{MARK}]\n", "the value of a is a list or a dictionary"),
    ],
)
def test_what_is_wrong_inside_is_told_by_its_place_alone(tmp_path, text, what):
    with pytest.raises(PlatformError, match=what) as refusal:
        SecretFile(written(tmp_path, text), vault(default="one")).read()
    assert MARK not in refusal.value.message and refusal.value.where == str(tmp_path / "vault.yml")
    assert refusal.value.__context__ is None or refusal.value.__suppress_context__


def test_values_are_what_is_written(tmp_path):
    path = written(tmp_path, "a: 0123\nb: yes\nc: 1e3\nd: ' x '\ne: 2026-01-01\n")
    secrets = SecretFile(path, vault(default="one")).read()
    assert secrets == {"a": "0123", "b": "yes", "c": "1e3", "d": " x ", "e": "2026-01-01"}
    SecretFile(path, vault(default="one")).write(secrets)
    assert SecretFile(path, vault(default="one")).read() == secrets


@pytest.mark.parametrize(("label", "header"), [("prod", b"1.2;AES256;prod"), ("default", b"1.1;AES256")])
def test_what_opened_it_opens_it_again_under_the_same_label(tmp_path, label, header):
    path = written(tmp_path, "a: b\n", label)
    # The other one comes first on the command line, and so is what Ansible would choose.
    SecretFile(path, vault(dev="two", **{label: "one"})).write({"a": "b", "c": "d"})
    assert (tmp_path / "vault.yml").read_bytes().splitlines()[0] == b"$ANSIBLE_VAULT;" + header
    assert SecretFile(path, vault(**{label: "one"})).read() == {"a": "b", "c": "d"}


def test_it_is_opened_by_another_identity_with_the_same_password(tmp_path):
    path = written(tmp_path, "a: b\n", "prod")
    SecretFile(path, vault(dev="two", other="one")).write({"a": "c"})
    assert (tmp_path / "vault.yml").read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert SecretFile(path, vault(other="one")).read() == {"a": "c"}


@pytest.fixture
def encrypt_identity(monkeypatch):
    def say(name: str | None) -> None:
        asked = constants.config.get_config_value
        monkeypatch.setattr(
            constants.config,
            "get_config_value",
            lambda key, **more: name if key == "DEFAULT_VAULT_ENCRYPT_IDENTITY" else asked(key, **more),
        )

    return say


def test_a_new_file_is_encrypted_as_the_operator_says(tmp_path, encrypt_identity):
    encrypt_identity("prod")
    SecretFile(str(tmp_path / "vault.yml"), vault(dev="two", prod="one")).write({"a": "b"})
    assert (tmp_path / "vault.yml").read_bytes().startswith(b"$ANSIBLE_VAULT;1.2;AES256;prod\n")
    assert SecretFile(str(tmp_path / "vault.yml"), vault(prod="one")).read() == {"a": "b"}


@pytest.mark.parametrize(("named", "what"), [(None, "several vault passwords"), ("test", "for the identity test")])
def test_a_new_file_is_not_encrypted_by_guess(tmp_path, encrypt_identity, named, what):
    encrypt_identity(named)
    with pytest.raises(PlatformError, match=what) as refusal:
        SecretFile(str(tmp_path / "vault.yml"), vault(dev="two", prod="one")).write({"a": "b"})
    assert "ANSIBLE_VAULT_ENCRYPT_IDENTITY" in refusal.value.remedy and list(tmp_path.iterdir()) == []


def test_the_same_password_under_two_identities_is_no_question(tmp_path):
    SecretFile(str(tmp_path / "vault.yml"), vault(one="one", two="one")).write({"a": "b"})
    assert SecretFile(str(tmp_path / "vault.yml"), vault(two="one")).read() == {"a": "b"}


def test_a_folder_that_cannot_be_written_has_a_remedy(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    file = SecretFile(str(tmp_path / "file/group_vars/vault.yml"), vault(default="one"))
    with (
        pytest.raises(PlatformError, match="cannot be read or written here: Not a directory") as refusal,
        file.locked(),
    ):
        file.write({"a": "b"})
    assert "platform_secrets_file" in refusal.value.remedy


def looked_up(tmp_path, *arguments: str, term: str = "'a'", **environment: str) -> subprocess.CompletedProcess:
    (tmp_path / "pw").write_text("one", encoding="utf-8")
    command = [os.path.join(os.path.dirname(sys.executable), "ansible"), "localhost", "-m", "ansible.builtin.debug"]
    command += ["-a", f"msg={{{{ lookup('borgstack.platform.secret', {term}) | length }}}}", *arguments]
    command += ["-e", f"platform_secrets_file={tmp_path}/vault.yml", "--vault-password-file", str(tmp_path / "pw")]
    # Whoever runs the tests may have named a vault's password for their own work.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_VAULT_")}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=tmp_path, env={**kept, **environment}
    )


def test_a_name_may_come_from_a_variable(tmp_path):
    assert looked_up(tmp_path, "-e", "which=a", term="which").returncode == 0
    assert list(SecretFile(str(tmp_path / "vault.yml"), vault(default="one")).read()) == ["a"]


def test_a_job_makes_nothing_that_is_lost_with_its_folder(tmp_path):
    for folder in ("job/inventory", "job/artifacts/1", "kept"):
        (tmp_path / folder).mkdir(parents=True)
    for place in ("job/inventory", "kept"):
        (tmp_path / place / "hosts").write_text("localhost ansible_connection=local\n", encoding="utf-8")
    job = {"AWX_ISOLATED_DATA_DIR": str(tmp_path / "job/artifacts/1")}
    refused = looked_up(tmp_path, "-i", "job/inventory/hosts", **job)
    assert refused.returncode != 0 and "must not be made here" in refused.stdout + refused.stderr
    refused = looked_up(tmp_path, "-i", "kept/hosts", "-e", "awx_job_id=7")
    assert refused.returncode != 0 and not (tmp_path / "vault.yml").exists()
    assert looked_up(tmp_path, "-i", "kept/hosts", **job).returncode == 0
