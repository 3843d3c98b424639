"""The configuration in force and every version before it (DESIGN section 7).

The rule: a version is applied whole or not at all, is never changed afterwards, and counts for the log
from the moment its transaction commits: the append function reads the version in force itself.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from gateway.store.database import Database, StoreError

POLL_S = 5.0
_CHANNEL = "lienthong_configuration"
Documents = Mapping[str, Any]


class ConfigurationConflict(Exception):  # noqa: N818 — named for what happened
    """Somebody else applied a version meanwhile: compare again."""


@dataclass(frozen=True, slots=True)
class AppliedVersion:
    """One version that was applied: who, when, and the SHA-256 of its canonical documents."""

    version: int
    digest: bytes
    by: str
    at: datetime


def documents_digest(documents: Documents) -> bytes:
    """Return SHA-256 over the documents as compact JSON with sorted keys: what the log says about a version."""
    return sha256(orjson.dumps(documents, option=orjson.OPT_SORT_KEYS)).digest()


class ConfigurationStore:
    """Versions of the configuration, as plain JSON documents by name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def current(self) -> tuple[int, dict[str, Any]]:
        """Return the version in force and its documents; (0, {}) where none was applied. Raises `StoreError`."""
        row = await self._database.fetchrow("configuration.current")
        return (row[0], orjson.loads(row[1])) if row else (0, {})

    async def version(self) -> int:
        """Return the number of the version in force. Raises `StoreError`."""
        return int(await self._database.fetchval("configuration.version"))

    async def documents(self, version: int) -> dict[str, Any] | None:
        """Return the documents of any version that ever was; None for one that never was."""
        text = await self._database.fetchval("configuration.documents", version)
        return dict(orjson.loads(text)) if text is not None else None

    async def history(self) -> list[AppliedVersion]:
        """Return every version applied, oldest first."""
        return [AppliedVersion(*row) for row in await self._database.fetch("configuration.history")]

    async def apply(self, documents: Documents, *, expected: int | None = None, by: str) -> int:
        """Put `documents` in force and return their version.

        With `expected`, raises `ConfigurationConflict` unless that version is in force. Raises `StoreError`.
        Whoever applies for an operator records it first: `gateway.evidence.admin.apply_recorded`.
        """
        text = orjson.dumps(documents).decode()
        version: int | None = await self._database.fetchval(
            "configuration.apply", text, documents_digest(documents), expected, by
        )
        if version is None:
            raise ConfigurationConflict(f"version {expected} is no longer in force: compare again")
        return version

    async def watch(self, changed: Callable[[int], Awaitable[None]]) -> None:
        """Call `changed` with each new version in force, at the latest `POLL_S` after it was applied; never returns.

        Learns by NOTIFY, and by asking where notifications do not come. An exception of `changed` ends it.
        """
        known = -1
        while True:
            news = asyncio.Event()
            with contextlib.suppress(StoreError):
                async with self._database.own_session() as session:
                    session.when_lost(news)
                    await session.listen(_CHANNEL, news)
                    while not session.closed:
                        news.clear()
                        known = await self._tell(known, changed)
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(news.wait(), POLL_S)
            await asyncio.sleep(POLL_S / 10)

    async def _tell(self, known: int, changed: Callable[[int], Awaitable[None]]) -> int:
        version = await self.version()
        if version != known:
            await changed(version)
        return version
