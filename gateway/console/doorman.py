"""The door of the console: log-in by password and code, sessions, log-out (THREATS F38, F39).

The rule: a session is made anew at every log-in, only its hash is stored, and it ends when idle, at its expiry, at
log-out, and when the user's role changes. A refused log-in never says what was wrong.
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from gateway.console.credentials import code_step, open_totp, password_fits, password_hash
from gateway.console.guessing import (
    FREE_FOR_ACCOUNT,
    FREE_FOR_ADDRESS,
    account_key,
    address_key,
    wait,
)
from gateway.console.roles import Role
from gateway.console.users import Session, User
from gateway.store.console import ConsoleStore, SessionRow, UserRow
from gateway.store.scope import Scope

_TOKEN_BYTES = 32
_SEEN_EVERY = timedelta(seconds=15)
_HASHING_AT_ONCE = 2


class LoginRefused(Exception):  # noqa: N818 — what the visitor is told
    """Wrong login, password or code: it is not said which."""


@dataclass(frozen=True, slots=True)
class Slowed(Exception):  # noqa: N818 — as above
    """Too many failures from here: wait."""

    seconds: int


class Doorman:
    """Lets users in and out."""

    def __init__(self, store: ConsoleStore, key: bytes, *, idle: timedelta, life: timedelta) -> None:
        self._store, self._key, self._idle, self._life = store, key, idle, life
        self._hashing = asyncio.Semaphore(_HASHING_AT_ONCE)
        self._nobody = password_hash(secrets.token_urlsafe(16))

    @property
    def store(self) -> ConsoleStore:
        """The console's own tables."""
        return self._store

    async def log_in(self, login: str, password: str, code: str, address: str, now: datetime) -> User:
        """Return the user who proved to be one. Raises `Slowed`, `LoginRefused` or `StoreError`."""
        pair, origin = account_key(login, address), address_key(address)
        until = await self._store.slowed_until([pair, origin], now)
        if until is not None:
            raise Slowed(max(1, int((until - now).total_seconds()) + 1))
        row = await self._store.user(login)
        async with self._hashing:
            fits = await asyncio.to_thread(password_fits, row.password if row else self._nobody, password)
        if row is None or not fits or row.disabled or not await self._spend(row, code, now):
            await self._count_failure(pair, FREE_FOR_ACCOUNT, now)
            await self._count_failure(origin, FREE_FOR_ADDRESS, now)
            raise LoginRefused
        await self._store.forgive(pair)
        return _user(row)

    async def spend_code(self, login: str, code: str, now: datetime) -> bool:
        """Spend a user's one-time code, for an act that needs one; False where it is wrong or was used before."""
        row = await self._store.user(login)
        return row is not None and await self._spend(row, code, now)

    async def open_session(self, user: User, now: datetime) -> str:
        """Make a new session and return its token, for the cookie alone."""
        token, csrf = secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_urlsafe(_TOKEN_BYTES)
        await self._store.open_session(_hash(token), user.login, csrf, now, now + self._life)
        return token

    async def visitor(self, token: str, now: datetime) -> tuple[User, Session] | None:
        """Return who holds a session; None where it is none, or has ended."""
        row = await self._store.session(_hash(token), now, now - self._idle)
        if row is None:
            return None
        if now - row.seen_at > _SEEN_EVERY:
            await self._store.seen(row.token, now)
        return _visitor(row)

    async def close_session(self, session: Session) -> None:
        """End a session."""
        await self._store.close_session(session.token)

    async def tidy(self, now: datetime) -> None:
        """Delete sessions that ended and failures that no longer count."""
        await self._store.drop_old(now, now - self._idle, now - timedelta(days=2))

    async def _spend(self, row: UserRow, code: str, now: datetime) -> bool:
        step = code_step(open_totp(self._key, row.login, row.totp), code, now)
        return step is not None and await self._store.spend_code(row.login, step)

    async def _count_failure(self, key: bytes, free: int, now: datetime) -> None:
        pause = wait(await self._store.failed(key, now), free)
        if pause:
            await self._store.slow(key, now + pause)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _user(row: UserRow | SessionRow) -> User:
    return User(row.login, row.name, Role(row.role), scope_of(row.scope), row.language, row.disabled)


def scope_of(patterns: tuple[str, ...] | list[str]) -> Scope:
    """Return the scope of a user's patterns; `*` alone is everything. Raises `ValueError` on a malformed one."""
    return Scope.everything() if list(patterns) == ["*"] else Scope.of(patterns)


def _visitor(row: SessionRow) -> tuple[User, Session]:
    return _user(row), Session(row.token, row.csrf, row.created_at, row.seen_at, row.expires_at)
