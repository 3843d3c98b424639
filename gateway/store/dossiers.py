"""Dossiers and their events as the database holds them (PROTOCOL section 5; the SQL is in 0010_dossiers.sql).

The rule: a batch of events is one call of one SQL function in one transaction, and every read takes the scope of
whoever reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

import orjson

from gateway.store.append import SealingKey
from gateway.store.database import Database, StoreUnavailable
from gateway.store.scope import Scope

MOST_EVENTS = 20_000
"""Events that one dossier takes: beyond, projecting it would hold up everybody else's."""
_CLOCK_SLACK = timedelta(hours=1)


class Received(IntEnum):
    """What became of an event, as numbered in 0010_dossiers.sql."""

    ACCEPTED = 0
    LATE = 1
    DUPLICATE = 2
    CONFLICT = 3
    FOREIGN = 4
    TOO_MANY = 5


class EventRow(NamedTuple):
    """One event, in the order of the SQL function's arrays. Texts are JSON."""

    event_id: str
    dossier: str
    procedure: str
    agency: str
    status: int
    rank: int
    occurred_at: datetime
    digest: bytes
    content: str
    parties: str | None
    sealed: str | None
    payload: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one client that came in one call. `party_year` is the year of the pseudonyms' key."""

    client: str
    source: str
    binds: bool
    request_id: str
    now: datetime
    party_year: int
    rows: Sequence[EventRow]
    key: SealingKey | None


@dataclass(frozen=True, slots=True)
class EventFate:
    """What became of one event; `sequence` is that of the first arrival for a duplicate."""

    received: Received
    sequence: int | None
    warning: str | None


@dataclass(frozen=True, slots=True)
class StoredDossier:
    """A dossier's present state."""

    code: str
    agency: str
    procedure: str
    status: int
    occurred_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    channel: str | None
    fee_due: bool | None
    result: Any
    final: bool
    reopened_at: datetime | None
    components: tuple[dict[str, Any], ...]
    events: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One line of the feed; `content` holds what the event stated, but for people."""

    sequence: int
    event_id: str
    dossier: str
    procedure: str
    agency: str
    status: int
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    warning: str | None
    applied: bool
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredFacts:
    """What binds a look-up: whose dossier it is, whether it goes on, whether a person is a party of it."""

    agency: str
    open: bool
    is_party: bool


async def receive_events(database: Database, batch: Batch) -> list[EventFate]:
    """Store a batch in one transaction and wait for its commit; sending it again is harmless.

    Raises `StoreUnavailable` (the outcome is unknown) or `StoreRefused`.
    """
    if not batch.rows:
        return []
    columns = list(zip(*batch.rows, strict=True))
    row = await database.fetchrow(
        "dossiers.receive",
        batch.client,
        batch.source,
        batch.binds,
        batch.request_id,
        batch.now,
        MOST_EVENTS,
        *columns[:10],
        batch.party_year,
        *columns[10:],
        batch.key.key_id if batch.key else None,
        batch.key.wrapped if batch.key else None,
    )
    if row is None:
        raise StoreUnavailable("the receiving function answered nothing")
    fates, sequences, warnings = row
    return [
        EventFate(Received(fate), sequence, warning)
        for fate, sequence, warning in zip(fates, sequences, warnings, strict=True)
    ]


async def read_dossier(database: Database, scope: Scope, code: str) -> StoredDossier | None:
    """Return a dossier with its components and history; None where the scope does not hold it."""
    row = await database.fetchrow("dossiers.one", code, scope.likes())
    if row is None:
        return None
    components = tuple(
        {name: value for name, value in dict(found).items() if value is not None}
        for found in await database.fetch("dossiers.components", code)
    )
    events = tuple(dict(found) for found in await database.fetch("dossiers.history", code))
    members = dict(row)
    members["result"] = orjson.loads(members["result"]) if members["result"] is not None else None
    return StoredDossier(**members, components=components, events=events)


async def read_feed(database: Database, scope: Scope, after: int, limit: int) -> list[StoredEvent]:
    """Return the events after the cursor, by sequence; whatever is returned later has a greater one."""
    if scope.is_everything:
        rows = await database.fetch("dossiers.feed_of_all", after, limit)
    else:
        rows = await database.fetch("dossiers.feed", scope.roots(), scope.likes(), after, limit)
    return [StoredEvent(**{**dict(row), "content": orjson.loads(row["content"])}) for row in rows]


async def read_facts(database: Database, scope: Scope, code: str, pseudonyms: Sequence[bytes]) -> StoredFacts | None:
    """Return what binds look-ups to a dossier; `pseudonyms` are one person's. None where out of scope."""
    row = await database.fetchrow("dossiers.facts", code, scope.likes(), pseudonyms)
    return StoredFacts(*row) if row else None


async def reopen_dossier(database: Database, code: str, at: datetime) -> int | None:
    """Let final states recorded so far end the dossier no more; return up to which sequence, None without dossier."""
    boundary: int | None = await database.fetchval("dossiers.reopen", code, at)
    return boundary


async def answered_lookup(
    database: Database, client: str, lookup_id: str, asked_at: datetime
) -> tuple[str, bytes] | None:
    """Return the outcome of a client's own answered question and the question's leaf; None where there is none.

    `asked_at` (from the id) spares a search of every month.
    """
    row = await database.fetchrow("dossiers.answered_lookup", lookup_id, client, asked_at - _CLOCK_SLACK)
    return (row[0], row[1]) if row else None


async def put_outcome(
    database: Database, lookup_id: str, client: str, used: Sequence[str], mismatch: Sequence[str], at: datetime
) -> None:
    """Keep what became of an answer; the newest word counts."""
    await database.fetch("dossiers.put_outcome", lookup_id, client, used, mismatch, at)
