"""The console's own tables, and what its role may do."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from gateway.store.console import ConsoleStore, Handle
from gateway.store.database import Database

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


@pytest.fixture
async def store(database_urls):
    """Open the console's tables as the console's role."""
    database = await Database.connect(database_urls.console)
    yield ConsoleStore(database)
    await database.close()


@pytest.fixture
async def user(store):
    """Make a user."""
    await store.add_user("mot", "Một", "auditor", ["H99*"], password="hash", totp=b"x" * 28)
    return "mot"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET client = 'x'",
        "DELETE FROM entry",
        "INSERT INTO checkpoint VALUES (1, 1, now(), 'x')",
        "DELETE FROM audit_case_event",
        "UPDATE audit_case_event SET note = 'x'",
        "DELETE FROM reveal",
        "DELETE FROM console_handle",
        "UPDATE alert SET score = 0",
        "SELECT * FROM compat_session",
        "SELECT log_suspend(1, 'x')",
        "SELECT configuration_apply('{}', 'x', 0, 'x')",
    ],
)
async def test_the_consoles_role_cannot(database_urls, statement):
    """It neither changes the log nor what was done, and runs nothing of the gateway's."""
    connection = await asyncpg.connect(database_urls.console, server_settings={"search_path": "lienthong"})
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("table", ["console_user", "console_session", "console_guess", "console_handle"])
async def test_the_gateways_role_does_not_see_the_consoles_users(database_urls, table):
    """A gateway that was taken over cannot read who may log in, nor whom they searched for."""
    connection = await asyncpg.connect(database_urls.application, server_settings={"search_path": "lienthong"})
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"SELECT * FROM {table}")
    finally:
        await connection.close()


async def test_a_step_is_spent_once_and_never_backwards(store, user):
    """A later step may follow; the same and earlier ones never."""
    assert [await store.spend_code(user, step) for step in (5, 5, 4, 6)] == [True, False, False, True]
    await store.set_disabled(user, disabled=True)
    assert not await store.spend_code(user, 7)
    await store.set_disabled(user, disabled=False)


async def test_a_session_is_there_while_it_lives(store, user):
    """Found by its hash until it expires, is idle or is closed."""
    await store.open_session(b"t" * 32, user, "csrf", NOW, NOW + timedelta(hours=1))
    idle = NOW - timedelta(minutes=20)
    row = await store.session(b"t" * 32, NOW, idle)
    assert (row.login, row.csrf, row.scope) == (user, "csrf", ["H99*"])
    assert await store.session(b"t" * 32, NOW + timedelta(hours=2), idle) is None
    assert await store.session(b"t" * 32, NOW, NOW) is None
    await store.seen(b"t" * 32, NOW + timedelta(minutes=5))
    assert await store.session(b"t" * 32, NOW, NOW) is not None
    await store.close_session(b"t" * 32)
    assert await store.session(b"t" * 32, NOW, idle) is None


async def test_a_quiet_day_ends_a_run_of_failures(store):
    """Failures count up, and from one again after a day."""
    key = b"k" * 32
    assert [await store.failed(key, NOW) for _ in range(3)] == [1, 2, 3]
    await store.slow(key, NOW + timedelta(seconds=4))
    assert await store.slowed_until([key, b"other"], NOW) == NOW + timedelta(seconds=4)
    assert await store.slowed_until([key], NOW + timedelta(seconds=5)) is None
    assert await store.failed(key, NOW + timedelta(days=2)) == 1
    await store.forgive(key)
    assert await store.failed(key, NOW) == 1


async def test_a_search_is_kept_under_its_name_and_kind(store):
    """A handle of an officer is none of a subject."""
    kept = Handle("a" * 28, "officer", [b"p" * 32], "mot", None, None, NOW)
    await store.put_handle(kept, "0199aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa")
    assert await store.handle("a" * 28, "officer") == kept
    assert await store.handle("a" * 28, "subject") is None


async def test_a_job_goes_on_and_ends(store):
    """Its progress and then its result are kept; the newest come first."""
    job = await store.start_job("kind", "mot", NOW)
    await store.job_progress(job, {"entries": 3})
    assert (await store.jobs("kind", 1))[0].progress == {"entries": 3}
    await store.end_job(job, NOW, {"ok": True})
    ended = (await store.jobs("kind", 1))[0]
    assert (ended.ended_at, ended.result) == (NOW, {"ok": True})
