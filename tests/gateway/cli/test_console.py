"""`lienthong console user`: users are added, listed, changed, disabled and reset from the command line."""

import json
import tomllib

import pytest

from gateway.sandbox.files import Addresses, write_env


@pytest.fixture
def console(lienthong, layout, database_urls):  # noqa: ARG001 — it clears the settings first
    """Give the installation a console."""
    addresses = Addresses("http://127.0.0.1:1", "http://127.0.0.1:2", {}, "http://127.0.0.1:3")
    write_env(layout, addresses, database_urls.application, database_urls.owner, database_urls.console)
    return layout


WORDS = ("--role", "auditor", "--scope", "H99*", "--name", "Một Người")


@pytest.mark.usefixtures("console")
def test_a_user_lives_on_the_command_line(lienthong, tmp_path):
    """Added with secrets in a file, listed, moved to another role, disabled, reset."""
    added = lienthong("console", "user", "add", "mot", *WORDS, "--out", tmp_path / "a.toml")
    assert (added.code, added.out, added.err) == (0, "", "")
    assert tomllib.loads((tmp_path / "a.toml").read_text())["username"] == "mot"
    assert lienthong("console", "user", "role", "mot", "dpo", "--scope", "*").code == 0
    assert lienthong("console", "user", "disable", "mot").code == 0
    listed = {"login": "mot", "name": "Một Người", "role": "dpo", "scope": ["*"], "disabled": True}
    assert json.loads(lienthong("console", "user", "list", "--json").out) == [listed]
    assert lienthong("console", "user", "list").out == "mot: dpo, *, disabled, Một Người\n"
    assert set(tomllib.loads(lienthong("console", "user", "reset", "mot").out)) == {
        "username",
        "password",
        "totp_secret",
    }
    again = lienthong("console", "user", "add", "mot", *WORDS)
    assert (again.code, again.err) == (1, "lienthong: there is a user mot already\n")


@pytest.mark.usefixtures("console")
@pytest.mark.parametrize("act", ["disable", "reset"])
def test_nobody_is_told(lienthong, act):
    """An act on somebody who is not there ends with 1 and one line."""
    done = lienthong("console", "user", act, "nobody")
    assert (done.code, done.err) == (1, "lienthong: there is no user nobody\n")


@pytest.fixture
def bare(lienthong, layout):  # noqa: ARG001 — as above
    """Keep the installation without a console."""
    return layout


@pytest.mark.usefixtures("bare")
def test_without_its_settings_the_console_does_not_start(lienthong):
    """A missing setting is named, with exit code 2."""
    done = lienthong("console")
    assert done.code == 2
    assert done.err.startswith("lienthong: LIENTHONG_CONSOLE_DATABASE_URL: ")
