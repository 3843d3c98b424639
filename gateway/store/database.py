"""The way to PostgreSQL: a bounded pool for short queries, and single sessions for whoever must own one.

The rule: nothing waits on the database longer than its time-out, and no exception of the driver passes
this border: what could not be done is `StoreUnavailable`, what the database refused is `StoreRefused`.
A pool outlives its server: connections that died are replaced when they are next asked for.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from gateway.store.queries import query

SCHEMA = "lienthong"
FLOOR_VERSION = 17

_T = TypeVar("_T")
_SESSION = {
    "search_path": SCHEMA,
    "application_name": "lienthong",
    "jit": "off",
    "synchronous_commit": "on",
    "statement_timeout": "4000",
    "lock_timeout": "3000",
    "idle_in_transaction_session_timeout": "30000",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_REFUSALS = (
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidParameterValueError,
    asyncpg.InsufficientPrivilegeError,
)


class StoreError(Exception):
    """The database did not do what it was asked."""


class StoreUnavailable(StoreError):  # noqa: N818 — named for the state that callers act on
    """The database cannot be reached, did not answer in time or failed; what it did is unknown."""


class StoreRefused(StoreError):  # noqa: N818 — as above
    """The database refused by a constraint, a function's own check or a missing privilege; nothing was done."""


_FAILED = "the database cannot be reached, or failed"


async def _as_it_is(_: object) -> None:
    """Hand a pooled connection back as it is: a named query is one statement and changes nothing of its session.

    The driver would ask the server to forget settings, locks and cursors, a round trip after every query.
    """


async def within(seconds: float, work: Awaitable[_T]) -> _T:
    """Await `work` for at most `seconds`; translate the driver's exceptions, none of which is quoted.

    Raises `StoreRefused` or, for everything else and for the time-out, `StoreUnavailable`.
    """
    try:
        async with asyncio.timeout(seconds):
            return await work
    except _REFUSALS as error:
        raise StoreRefused(f"{type(error).__name__} ({error.sqlstate})") from None
    except asyncpg.PostgresError as error:
        raise StoreUnavailable(f"{_FAILED}: {type(error).__name__} ({error.sqlstate})") from None
    except (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, EOFError) as error:
        raise StoreUnavailable(f"{_FAILED}: {type(error).__name__}") from None


class Session:
    """One connection of its owner's own: advisory locks, prepared statements, LISTEN. Not shared, not pooled."""

    def __init__(self, connection: asyncpg.Connection, timeout_s: float) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self._prepared: dict[str, PreparedStatement[asyncpg.Record]] = {}

    @property
    def closed(self) -> bool:
        """Whether the connection is known to be gone."""
        return self._connection.is_closed()

    async def fetch(self, name: str, *args: Any) -> Sequence[Any]:
        """Run the named query, prepared once.

        Raises `StoreUnavailable` (the session is then closed) or `StoreRefused`.
        """
        try:
            return await within(self._timeout_s, self._fetch(name, args))
        except StoreUnavailable:
            self.terminate()
            raise

    async def fetchval(self, name: str, *args: Any) -> Any:
        """Return the first column of the first row, or None."""
        rows = await self.fetch(name, *args)
        return rows[0][0] if rows else None

    async def _fetch(self, name: str, args: tuple[Any, ...]) -> Sequence[Any]:
        statement = self._prepared.get(name)
        if statement is None:
            statement = self._prepared[name] = await self._connection.prepare(query(name))
        return await statement.fetch(*args)

    async def listen(self, channel: str, changed: asyncio.Event) -> None:
        """Set `changed` on every notification of `channel`."""
        await within(self._timeout_s, self._connection.add_listener(channel, lambda *_: changed.set()))

    def when_lost(self, lost: asyncio.Event) -> None:
        """Set `lost` when the connection ends, whoever ends it."""
        self._connection.add_termination_listener(lambda *_: lost.set())

    def terminate(self) -> None:
        """Cut the connection without a word: the server releases its locks and rolls back."""
        self._connection.terminate()

    async def close(self) -> None:
        """Close politely, within the time-out, else cut."""
        try:
            await within(self._timeout_s, self._connection.close())
        except StoreError:
            self.terminate()


class Database:
    """A bounded pool over one role's URL, and the maker of sessions."""

    def __init__(self, pool: asyncpg.Pool, url: str, timeout_s: float) -> None:
        self._pool = pool
        self._url = url
        self._timeout_s = timeout_s

    @classmethod
    async def connect(cls, url: str, *, max_size: int = 6, timeout_s: float = 4.0) -> Self:
        """Open the pool and check the server's version.

        Raises `StoreUnavailable` where it cannot be reached, `StoreRefused` where it is older than PostgreSQL 17.
        """
        pool = asyncpg.create_pool(
            url,
            min_size=0,
            max_size=max_size,
            command_timeout=timeout_s,
            timeout=timeout_s,
            server_settings=_SESSION,
            reset=_as_it_is,
        )
        database = cls(await within(timeout_s, pool), url, timeout_s)
        try:
            number = int(await database.fetchval("database.server_version"))
            if number < FLOOR_VERSION * 10_000:
                raise StoreRefused(f"PostgreSQL {FLOOR_VERSION} or newer is needed, this is {number // 10_000}")
        except StoreError:
            pool.terminate()
            raise
        return database

    async def fetch(self, name: str, *args: Any) -> Sequence[Any]:
        """Run the named query on a pooled connection. Raises `StoreUnavailable` or `StoreRefused`."""
        return await within(self._timeout_s + 0.5, self._fetch(name, args))

    async def fetchrow(self, name: str, *args: Any) -> Any:
        """Return the first row, or None."""
        rows = await self.fetch(name, *args)
        return rows[0] if rows else None

    async def fetchval(self, name: str, *args: Any) -> Any:
        """Return the first column of the first row, or None."""
        rows = await self.fetch(name, *args)
        return rows[0][0] if rows else None

    async def _fetch(self, name: str, args: tuple[Any, ...]) -> Sequence[Any]:
        async with self._pool.acquire() as connection:
            return await connection.fetch(query(name), *args)

    async def session(self) -> Session:
        """Open a session. Raises `StoreUnavailable`."""
        connecting = asyncpg.connect(
            self._url, timeout=self._timeout_s / 2, server_settings=_SESSION, command_timeout=None
        )
        return Session(await within(self._timeout_s, connecting), self._timeout_s)

    @asynccontextmanager
    async def own_session(self) -> AsyncIterator[Session]:
        """Open a session and close it at the end. Raises `StoreUnavailable`."""
        session = await self.session()
        try:
            yield session
        finally:
            await session.close()

    async def close(self) -> None:
        """Close the pool, politely for as long as the time-out, then hard."""
        try:
            await within(self._timeout_s, self._pool.close())
        except StoreError:
            self._pool.terminate()
