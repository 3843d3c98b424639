"""Logs, their writer slots and what is derived from them, as the database holds them (DESIGN section 3).

The rule: a slot's log is written by whoever holds the slot's advisory lock on a connection of its own; when
that connection ends, so does the lease.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.database import Database, Session

SLOTS = 64


@dataclass(frozen=True, slots=True)
class LogState:
    """One log: where its entries end and how far it is sealed."""

    log_id: int
    origin: str
    slot: int
    size: int
    sealed: int
    suspended: str | None
    closed_why: str | None


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One entry as read back."""

    log_id: int
    origin: str
    index: int
    at: datetime
    kind: str
    client: str | None
    leaf: bytes


async def lease_slot(session: Session) -> int | None:
    """Take the first free slot for as long as the session lives; None where all are taken."""
    slot: int | None = await session.fetchval("logs.lease", SLOTS - 1)
    return slot


async def open_log(session: Session, slot: int, year: int, origin_base: str) -> tuple[int, str, int]:
    """Return (log id, origin, size) of the slot's open log of the year, made where there is none."""
    rows = await session.fetch("logs.open", slot, year, origin_base)
    log_id, origin, size = rows[0]
    return log_id, origin, size


async def suspend_log(database: Database, log_id: int, why: str) -> None:
    """Let nobody append to the log, nor open another for its slot, until it is reopened."""
    await database.fetch("logs.suspend", log_id, why)


async def reopen_log(database: Database, origin: str, slot: int, year: int, why: str) -> None:
    """Close a log for good and raise the nonce floor to 60 s from now; its slot's next lease opens another."""
    await database.fetch("logs.reopen", origin, slot, year, why)


async def log_states(database: Database) -> list[LogState]:
    """Return every log, oldest first."""
    return [LogState(*row) for row in await database.fetch("logs.states")]


async def read_tile(database: Database, log_id: int, level: int, index: int) -> bytes | None:
    """Return a tile's hashes as far as they are sealed; None where there is none yet."""
    data: bytes | None = await database.fetchval("logs.tile", log_id, level, index)
    return data


async def leaf_hashes(database: Database, log_id: int, start: int, limit: int) -> bytes:
    """Return the concatenated RFC 9162 leaf hashes from index `start` on, at most `limit`, computed by PostgreSQL.

    Stops short of the first gap.
    """
    rows = await database.fetch("logs.leaf_hashes", log_id, start, limit)
    hashes = []
    for expected, (index, leaf_hash) in enumerate(rows, start):
        if index != expected:
            break
        hashes.append(leaf_hash)
    return b"".join(hashes)


async def newest_checkpoint(database: Database, log_id: int) -> str | None:
    """Return the newest signed checkpoint of a log."""
    note: str | None = await database.fetchval("logs.newest_checkpoint", log_id)
    return note


async def put_seal(
    database: Database,
    log_id: int,
    tiles: Sequence[tuple[int, int, bytes]],
    *,
    size: int,
    signed_at: datetime,
    note: str,
) -> None:
    """Store tiles and the checkpoint that covers them, in one transaction.

    Raises `StoreRefused` where a tile would change or the checkpoint does not follow the last one.
    """
    levels, indexes, data = zip(*tiles, strict=True) if tiles else ((), (), ())
    await database.fetch("logs.seal", log_id, levels, indexes, data, size, signed_at, note)


async def entry_at(database: Database, log_id: int, index: int) -> StoredEntry | None:
    """Return the entry of a log at an index."""
    row = await database.fetchrow("logs.entry_at", log_id, index)
    return StoredEntry(*row) if row else None


async def entries_of_request(database: Database, request_id: str) -> list[StoredEntry]:
    """Return every entry of an exchange, in the order of their times."""
    return [StoredEntry(*row) for row in await database.fetch("logs.entries_of_request", request_id)]


async def entry_by_id(database: Database, entry_id: str) -> StoredEntry | None:
    """Return the entry with that id."""
    row = await database.fetchrow("logs.entry_by_id", entry_id)
    return StoredEntry(*row) if row else None


async def wrapped_key(database: Database, key_id: bytes) -> bytes | None:
    """Return a data key wrapped to the reveal key; None where it was destroyed."""
    wrapped: bytes | None = await database.fetchval("logs.wrapped_key", key_id)
    return wrapped
