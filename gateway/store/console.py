"""Users, sessions, slowed guesses, search handles and jobs of the console, as the database holds them.

The rule: what decides a log-in (a session's life, a code's single use) is decided in one statement by PostgreSQL.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from gateway.store.database import Database


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user with the secrets that a log-in is held against."""

    login: str
    name: str
    role: str
    scope: tuple[str, ...]
    language: str
    disabled: bool
    password: str = field(repr=False)
    totp: bytes = field(repr=False)
    totp_step: int


class SessionRow(NamedTuple):
    """A live session with its user."""

    token: bytes
    csrf: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    login: str
    name: str
    role: str
    scope: list[str]
    language: str
    disabled: bool


class Handle(NamedTuple):
    """A person searched for, under a random name."""

    handle: str
    kind: str
    pseudonyms: list[bytes]
    made_by: str
    case_id: int | None
    reason: str | None
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """Work in the background."""

    job: int
    kind: str
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    progress: dict[str, Any]
    result: dict[str, Any] | None


class Act(NamedTuple):
    """An entry of what a user of the console did."""

    log_id: int
    origin: str
    position: int
    at: datetime
    officer: bytes
    outcome: str | None
    leaf: bytes


class ConsoleStore:
    """The console's own tables. Every method raises `StoreError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def user(self, login: str) -> UserRow | None:
        """Return a user."""
        row = await self._database.fetchrow("console.user", login)
        return _user(row) if row else None

    async def users(self) -> list[UserRow]:
        """Return every user, by login."""
        return [_user(row) for row in await self._database.fetch("console.users")]

    async def add_user(
        self, login: str, name: str, role: str, scope: Sequence[str], *, password: str, totp: bytes
    ) -> bool:
        """Add a user; False where the login is taken."""
        row = await self._database.fetchrow("console.add_user", login, name, role, list(scope), password, totp)
        return row is not None

    async def set_disabled(self, login: str, disabled: bool) -> bool:
        """Disable or enable a user and end the user's sessions; whether there is one."""
        return await self._database.fetchrow("console.set_disabled", login, disabled) is not None

    async def set_role(self, login: str, role: str, scope: Sequence[str]) -> bool:
        """Change what a user may do and end the user's sessions; whether there is one."""
        return await self._database.fetchrow("console.set_role", login, role, list(scope)) is not None

    async def set_secrets(self, login: str, *, password: str, totp: bytes) -> bool:
        """Give a user a new password and TOTP secret and end the user's sessions; whether there is one."""
        return await self._database.fetchrow("console.set_secrets", login, password, totp) is not None

    async def set_language(self, login: str, language: str) -> None:
        """Remember the language a user reads."""
        await self._database.fetch("console.set_language", login, language)

    async def spend_code(self, login: str, step: int) -> bool:
        """Spend a TOTP step; False where it or a later one was spent before."""
        return await self._database.fetchrow("console.spend_code", login, step) is not None

    async def open_session(self, token: bytes, login: str, csrf: str, now: datetime, expires: datetime) -> None:
        """Store a session under the hash of its token."""
        await self._database.fetch("console.open_session", token, login, csrf, now, expires)

    async def session(self, token: bytes, now: datetime, idle_since: datetime) -> SessionRow | None:
        """Return a session that has neither expired nor been idle since `idle_since`, of a user not disabled."""
        row = await self._database.fetchrow("console.session", token, now, idle_since)
        return SessionRow(*row) if row else None

    async def seen(self, token: bytes, now: datetime) -> None:
        """Note that a session was used."""
        await self._database.fetch("console.seen", token, now)

    async def close_session(self, token: bytes) -> None:
        """End a session."""
        await self._database.fetch("console.close_session", token)

    async def drop_old(self, now: datetime, idle_since: datetime, guesses_before: datetime) -> None:
        """Delete what no longer counts."""
        await self._database.fetch("console.drop_sessions", now, idle_since)
        await self._database.fetch("console.drop_guesses", guesses_before)

    async def slowed_until(self, keys: Sequence[bytes], now: datetime) -> datetime | None:
        """Return until when any of the keys is slowed; None where none is."""
        until: datetime | None = await self._database.fetchval("console.slowed_until", list(keys), now)
        return until

    async def failed(self, key: bytes, now: datetime) -> int:
        """Count a failure under a key; return how many there were."""
        return int(await self._database.fetchval("console.failed", key, now))

    async def slow(self, key: bytes, until: datetime) -> None:
        """Slow a key until then."""
        await self._database.fetch("console.slow", key, until)

    async def forgive(self, key: bytes) -> None:
        """Forget a key's failures."""
        await self._database.fetch("console.forgive", key)

    async def put_handle(self, handle: Handle, entry_id: str) -> None:
        """Keep a search under its handle; `entry_id` is the log's entry of it."""
        name, kind, pseudonyms, made_by, case_id, reason, made_at = handle
        await self._database.fetch(
            "console.put_handle", name, kind, pseudonyms, entry_id, made_by, case_id, reason, made_at
        )

    async def handle(self, name: str, kind: str) -> Handle | None:
        """Return a search by its handle and kind (`officer` or `subject`)."""
        row = await self._database.fetchrow("console.handle", name, kind)
        return Handle(*row) if row else None

    async def start_job(self, kind: str, by: str, now: datetime) -> int:
        """Note that a job began; return its number."""
        return int(await self._database.fetchval("console.start_job", kind, by, now))

    async def job_progress(self, job: int, progress: dict[str, Any]) -> None:
        """Note how far a job is."""
        await self._database.fetch("console.job_progress", job, orjson.dumps(progress).decode())

    async def end_job(self, job: int, now: datetime, result: dict[str, Any]) -> None:
        """Note that a job ended, and how."""
        await self._database.fetch("console.end_job", job, now, orjson.dumps(result).decode())

    async def jobs(self, kind: str, limit: int) -> list[Job]:
        """Return the newest jobs of a kind."""
        return [_job(row) for row in await self._database.fetch("console.jobs", kind, limit)]

    async def acts(
        self, before: tuple[datetime, int, int], since: datetime, officers: Sequence[bytes] | None, limit: int
    ) -> list[Act]:
        """Return what users of the console did before a place (time, log, index), newest first."""
        found = list(officers) if officers is not None else None
        return [Act(*row) for row in await self._database.fetch("console.acts", *before, since, found, limit)]

    async def sealed_at(self, log_id: int) -> datetime | None:
        """Return the time of a log's newest checkpoint; None where there is none yet."""
        moment: datetime | None = await self._database.fetchval("console.sealed_at", log_id)
        return moment


def _user(row: Any) -> UserRow:
    login, name, role, scope, language, disabled, password, totp, step = row
    return UserRow(login, name, role, tuple(scope), language, disabled, password, totp, step)


def _job(row: Any) -> Job:
    job, kind, by, started, ended, progress, result = row
    return Job(job, kind, by, started, ended, orjson.loads(progress), orjson.loads(result) if result else None)
