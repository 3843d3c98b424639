"""The pool and the sessions: bounded waits, translated errors, recovery by itself."""

import asyncio
import time

import pytest

from gateway.store.database import Database, StoreRefused, StoreUnavailable, within
from gateway.store.embedded import APPLICATION, EmbeddedPostgres


async def test_a_server_that_is_not_there_is_unavailable(tmp_path):
    """Connecting where nobody listens says so at once, without the URL's password."""
    with pytest.raises(StoreUnavailable) as caught:
        await Database.connect(f"postgresql://u:secret@/db?host={tmp_path}")
    assert "secret" not in str(caught.value)


async def test_a_wrong_password_is_not_repeated(postgres: EmbeddedPostgres):
    """What the server says about a refused log-in is reduced to its kind."""
    url = postgres.url(APPLICATION).replace("@/", "wrong@/")
    with pytest.raises(StoreUnavailable, match="InvalidPasswordError"):
        await Database.connect(url)


async def test_an_old_server_is_refused(monkeypatch, database_urls):
    """A server older than the floor is refused with its version."""
    monkeypatch.setattr("gateway.store.database.FLOOR_VERSION", 99)
    with pytest.raises(StoreRefused, match="PostgreSQL 99 or newer"):
        await Database.connect(database_urls.application)


async def test_work_that_takes_too_long_is_unavailable():
    """Every wait has an end."""
    with pytest.raises(StoreUnavailable):
        await within(0.01, asyncio.sleep(5))


async def test_sessions_commit_synchronously_and_never_wait_for_ever(database: Database):
    """What a session promises is set by us, not by whoever administers the server."""
    async with database.own_session() as session:
        settings = {
            name: (await session._connection.fetchval("SELECT current_setting($1)", name))
            for name in ("synchronous_commit", "statement_timeout", "lock_timeout", "search_path")
        }
    assert settings == {
        "synchronous_commit": "on",
        "statement_timeout": "4s",
        "lock_timeout": "3s",
        "search_path": "lienthong",
    }


async def test_a_session_that_ended_tells_its_owner(database: Database):
    """The owner of a session learns that it ended without asking."""
    lost = asyncio.Event()
    session = await database.session()
    session.when_lost(lost)
    assert not session.closed
    session.terminate()
    await asyncio.wait_for(lost.wait(), 1)
    assert session.closed


async def test_the_pool_outlives_its_server(postgres: EmbeddedPostgres, database: Database, crash):
    """PostgreSQL is killed and comes back: queries fail meanwhile, in time, and work again without a restart."""
    assert await database.fetchval("database.is_alive") > 0
    crash()
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await database.fetchval("database.is_alive")
    assert time.monotonic() - started < 2
    postgres.start()
    assert await database.fetchval("database.is_alive") > 0
