"""The door: what is stored, what is slowed, what a code is worth."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pyotp
import pytest

from gateway.console.doorman import LoginRefused, Slowed, scope_of
from gateway.console.roles import Role
from gateway.console.users import User


@pytest.fixture
async def somebody(accounts):
    """Make a user of the test's own."""
    return await accounts.add("hai.nguoi", "Hai Người", Role.DPO, ["H99*"]) or await accounts.reset("hai.nguoi")


def code_of(secrets, now):
    """Return the code of a moment."""
    return pyotp.TOTP(secrets.totp_secret).at(now)


async def test_the_database_holds_no_secret(desk, somebody, database_urls):
    """Neither the password nor the TOTP secret nor a session's token can be read from the tables."""
    now = datetime.now(UTC)
    user = await desk.doorman.log_in(somebody.login, somebody.password, code_of(somebody, now), "1.2.3.4", now)
    token = await desk.doorman.open_session(user, now)
    owner = await asyncpg.connect(database_urls.owner)
    rows = await owner.fetch("SELECT row_to_json(u)::text FROM lienthong.console_user u")
    rows += await owner.fetch("SELECT row_to_json(s)::text FROM lienthong.console_session s")
    await owner.close()
    text = "".join(row[0] for row in rows)
    assert not any(secret in text for secret in (somebody.password, somebody.totp_secret, token, token.encode().hex()))
    assert (await desk.doorman.visitor(token, now))[0] == user


async def test_one_address_does_not_slow_another(desk, somebody):
    """Failures from one address leave the account's owner, elsewhere, alone."""
    now = datetime.now(UTC)
    for _ in range(3):
        with pytest.raises(LoginRefused):
            await desk.doorman.log_in(somebody.login, "wrong" * 4, "000000", "10.0.0.1", now)
    with pytest.raises(Slowed):
        await desk.doorman.log_in(somebody.login, somebody.password, code_of(somebody, now), "10.0.0.1", now)
    user = await desk.doorman.log_in(somebody.login, somebody.password, code_of(somebody, now), "10.0.0.2", now)
    assert isinstance(user, User)


async def test_an_address_that_tries_many_accounts_is_slowed(desk):
    """Guessing one password over many logins is slowed too."""
    now = datetime.now(UTC)
    for number in range(12):
        with pytest.raises(LoginRefused):
            await desk.doorman.log_in(f"nobody{number}", "wrong" * 4, "000000", "10.0.0.9", now)
    with pytest.raises(Slowed):
        await desk.doorman.log_in("nobody99", "wrong" * 4, "000000", "10.0.0.9", now)


async def test_a_code_for_an_act_is_spent_too(desk, somebody):
    """A code serves one act: neither again, nor for a log-in afterwards."""
    now = datetime.now(UTC)
    code = code_of(somebody, now)
    assert await desk.doorman.spend_code(somebody.login, code, now)
    assert not await desk.doorman.spend_code(somebody.login, code, now)
    assert not await desk.doorman.spend_code("nobody", code, now)
    with pytest.raises(LoginRefused):
        await desk.doorman.log_in(somebody.login, somebody.password, code, "1.2.3.4", now)


async def test_what_is_over_is_deleted(desk, somebody):
    """Tidying deletes sessions that ended and leaves those that live."""
    now = datetime.now(UTC)
    user = await desk.doorman.log_in(somebody.login, somebody.password, code_of(somebody, now), "1.2.3.5", now)
    token = await desk.doorman.open_session(user, now)
    await desk.doorman.tidy(now)
    assert await desk.doorman.visitor(token, now) is not None
    await desk.doorman.tidy(now + timedelta(minutes=30))
    assert await desk.doorman.visitor(token, now) is None


@pytest.mark.parametrize("patterns", [["*", "H99*"], ["h99"], [""], ["H99*", "DROP"]])
def test_a_scope_is_made_of_agencies(patterns):
    """`*` stands alone; anything that is no agency is refused."""
    with pytest.raises(ValueError, match=r"."):
        scope_of(patterns)
