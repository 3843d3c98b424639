"""Keeping users: recorded first, secrets shown once."""

import stat
import tomllib

import pytest

from gateway.console.accounts import AccountError
from gateway.console.roles import Role


async def test_a_user_is_added_once(accounts):
    """A login that is taken is not given again."""
    made = await accounts.add("ba", "Bà", Role.AUDITOR, ["H99*"])
    assert made is not None
    assert await accounts.add("ba", "Ba", Role.AUDITOR, ["*"]) is None
    assert [user["scope"] for user in await accounts.listed() if user["login"] == "ba"] == [("H99*",)]


@pytest.mark.parametrize(
    ("login", "name", "scope"),
    [
        ("A", "x", ["*"]),
        ("two words", "x", ["*"]),
        ("ok1", "", ["*"]),
        ("ok2", "x" * 121, ["*"]),
        ("ok3", "x", []),
        ("ok4", "x", ["*", "H9"]),
    ],
)
async def test_what_is_no_user_is_refused(accounts, login, name, scope):
    """Odd logins, names and scopes are refused before anything is recorded."""
    with pytest.raises(AccountError):
        await accounts.add(login, name, Role.AUDITOR, scope)


async def test_acts_on_nobody_say_so(accounts):
    """Disabling, changing or resetting somebody who is not there is told."""
    assert not await accounts.disable("nobody.at.all", disabled=True)
    assert not await accounts.change("nobody.at.all", Role.DPO, ["*"])
    assert await accounts.reset("nobody.at.all") is None


async def test_secrets_go_to_a_private_file_once(accounts, tmp_path):
    """The file has mode 0600, is TOML, and never replaces another; no representation shows the secrets."""
    made = await accounts.add("bon.nguoi", "Bốn", Role.AUDITOR, ["*"])
    path = tmp_path / "auditor.toml"
    assert made.write(path)
    assert not made.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    document = tomllib.loads(path.read_text())
    assert document == {"username": "bon.nguoi", "password": made.password, "totp_secret": made.totp_secret}
    assert made.password not in repr(made)
