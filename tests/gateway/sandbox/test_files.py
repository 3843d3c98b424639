"""A sandbox's directory: written once, continued later, readable by commands and shells alike."""

import stat
import subprocess
import tomllib
from datetime import UTC, datetime

import pytest

from gateway.client import load_identity
from gateway.configuration_files import check_documents, read_documents
from gateway.sandbox.files import HTTP_KEYID, Addresses, prepare, write_addresses, write_env
from gateway.sandbox.layout import MINISTRY, PORTAL, PROVINCE, REGISTRIES, STRICT_PROVINCE, Layout, SandboxError
from gateway.settings import Settings

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MOCKS = {name: f"http://127.0.0.1:{9101 + place}" for place, name in enumerate((*REGISTRIES, PORTAL))}
ADDRESSES = Addresses("http://127.0.0.1:8080", "http://127.0.0.1:8081", MOCKS)


@pytest.fixture
def layout(tmp_path):
    """Prepare a directory whose name a shell would trip over."""
    made = Layout(tmp_path / "it's a sandbox")
    prepare(made, NOW)
    write_addresses(made, ADDRESSES)
    write_env(made, ADDRESSES, "postgresql://a:s@/db?host=/s", "postgresql://o:s@/db?host=/s")
    return made


def test_callers_are_ready(layout):
    """Three callers with their algorithms, their keys private, the gateway's keys pinned."""
    algorithms = {}
    for client in (PROVINCE, STRICT_PROVINCE, MINISTRY):
        identity = load_identity(layout.client_toml(client))
        algorithms[client] = identity.key.algorithm.value
        assert identity.client == client
        assert set(identity.gateway_keys) == {HTTP_KEYID}
        assert len(identity.log_keys) == 1
        assert stat.S_IMODE((layout.clients / client / "private.pem").stat().st_mode) == 0o600
    assert algorithms == {PROVINCE: "ed25519", STRICT_PROVINCE: "ecdsa-p256-sha256", MINISTRY: "ed25519"}


def test_client_toml_is_as_the_contract_says(layout):
    """The members that independent clients read are there."""
    table = tomllib.loads(layout.client_toml(PROVINCE).read_text())
    assert {name: table[name] for name in ("client", "keyid", "algorithm", "key")} == {
        "client": "H99.igate",
        "keyid": "H99.igate-1",
        "algorithm": "ed25519",
        "key": "private.pem",
    }


def test_the_configuration_is_sound(layout):
    """What was written passes `lienthong check`."""
    snapshot = check_documents(read_documents(layout.config))
    assert set(snapshot.configuration.clients) == {PROVINCE, STRICT_PROVINCE, MINISTRY}


def test_urls_are_listed(layout):
    """`urls.toml` names the public, operations and registries' addresses."""
    urls = tomllib.loads(layout.urls.read_text())
    assert urls == {"public": ADDRESSES.public, "operations": ADDRESSES.operations, "mocks": MOCKS}


def test_settings_read_the_env_file(layout, monkeypatch):
    """The settings load from the file, whatever the directory is called, and the file is private."""
    monkeypatch.delenv("LIENTHONG_ENV_FILE", raising=False)
    settings = Settings(_env_file=layout.env)
    assert settings.public_urls == ("http://127.0.0.1:8080", "http://localhost:8080")
    assert (settings.listen, settings.operations_listen) == ("127.0.0.1:8080", "127.0.0.1:8081")
    assert settings.secrets_dir == layout.secrets
    assert stat.S_IMODE(layout.env.stat().st_mode) == 0o600


def test_a_shell_reads_the_env_file(layout):
    """`. env` in a shell gives the same values."""
    script = f'. "{layout.env}"; printf %s "$LIENTHONG_SECRETS_DIR"'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == str(layout.secrets)


def test_a_second_start_keeps_what_is_there(layout):
    """Keys and edits survive; only addresses are written anew."""
    population = layout.config / "registries" / "population.toml"
    population.write_text(population.read_text().replace("deadline_s = 3.0", "deadline_s = 1.5"))
    keys = {path: path.read_bytes() for path in layout.root.rglob("*.pem")}
    moved = Addresses(ADDRESSES.public, ADDRESSES.operations, {**MOCKS, "population": "http://127.0.0.1:9999"})
    prepare(layout, NOW)
    write_addresses(layout, moved)
    table = tomllib.loads(population.read_text())
    assert (table["url"], table["deadline_s"]) == ("http://127.0.0.1:9999", 1.5)
    assert {path: path.read_bytes() for path in layout.root.rglob("*.pem")} == keys


@pytest.mark.parametrize("name", ['a"b', "a$b", "a`b", "a\\b", "a\nb"])
def test_a_directory_that_no_settings_file_can_name_is_refused(tmp_path, name):
    """Nothing is written where a path could not be read back."""
    with pytest.raises(SandboxError, match="choose another"):
        prepare(Layout(tmp_path / name), NOW)
    assert list(tmp_path.iterdir()) == []
