"""`lienthong check | diff | apply`: every fault named, nothing applied that was not checked."""

import json
from datetime import UTC, datetime

import pytest

from gateway.sandbox.files import Addresses, prepare, write_addresses, write_env
from gateway.sandbox.layout import REGISTRIES, Layout
from mocks.__main__ import main as mocks_main


@pytest.fixture
def layout(tmp_path, database_urls, monkeypatch):
    """Prepare a sandbox's files against a fresh database, without its processes."""
    made = Layout(tmp_path / "DIR")
    prepare(made, datetime.now(UTC))
    addresses = Addresses("http://127.0.0.1:1", "http://127.0.0.1:2", dict.fromkeys(REGISTRIES, "http://127.0.0.1:3"))
    write_addresses(made, addresses)
    write_env(made, addresses, database_urls.application, database_urls.owner)
    mocks_main(["secrets", str(made.secrets)])
    monkeypatch.setenv("LIENTHONG_ENV_FILE", str(made.env))
    return made


def test_a_sound_directory_is_counted(lienthong, layout):
    """`check` says what it found, and with --secrets that every adapter can be built."""
    done = lienthong("check", layout.config)
    assert (done.code, done.out) == (0, "sound: 3 clients, 3 agreements, 4 registries, 9 procedures\n")
    assert lienthong("check", layout.config, "--secrets", layout.secrets).code == 0


def test_every_fault_is_a_line(lienthong, layout):
    """`check` and `apply` name each fault with file and place, and end with 1."""
    path = layout.config / "agreements" / "H99.igate.toml"
    path.write_text(path.read_text().replace('"9.999901", ', '"*", ', 1).replace("daily_quota = 50000000", "", 1))
    for word in ("check", "apply"):
        done = lienthong(word, layout.config)
        assert done.code == 1
        assert "agreements/H99.igate.toml /grants/0/daily_quota: this member is required" in done.err
        assert "nothing was changed" in done.err
        assert "Traceback" not in done.err


def test_applying_puts_in_force_once(lienthong, layout):
    """`apply` makes a version and an entry, a second one changes nothing, and `diff` shows what would change."""
    assert json.loads(lienthong("diff", layout.config, "--json").out)
    first = json.loads(lienthong("apply", layout.config, "--json").out)
    assert first["changed"] is True
    assert json.loads(lienthong("apply", layout.config, "--json").out) == {**first, "changed": False}
    assert lienthong("diff", layout.config).out == "no difference\n"
    path = layout.config / "clients" / "H99.igate.toml"
    path.write_text(path.read_text().replace("suspended = false", "suspended = true"))
    assert "suspended" in lienthong("diff", layout.config).out
    assert json.loads(lienthong("log", "list", "--json").out)[0]["size"] == 1
