"""The outbox as the database holds it: claims, settlements, and what an operator sees (0011_delivery.sql).

The rule: a claim is a lease with a fencing token; settling with an older token changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

import orjson

from gateway.store.database import Database

Word = Literal["sent", "held", "withheld", "retry", "doubt", "park"]
Which = Literal["all", "parked", "waiting"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """One leased dossier and its oldest pending event, with what is known of the dossier by now."""

    dossier: str
    token: int
    doubtful: bool
    """Whether an earlier claim may have been carried out without our knowing."""
    attempts: int
    acknowledged: int | None
    sequence: int
    late: bool
    payload: bytes | None
    client: str
    event_id: str
    applied: bool
    """False: the event was kept after a final state and must not go out."""
    received_at: datetime | None
    due_at: datetime | None
    first_at: datetime
    channel: str | None
    fee_due: bool | None
    result: dict[str, Any] | None
    components: tuple[dict[str, Any], ...]


class Settlement(NamedTuple):
    """What became of a claim, in the order of the SQL function's arrays. `wait_s` is for retry and doubt."""

    dossier: str
    token: int
    sequence: int
    fate: Word
    wait_s: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """Where the delivery of one dossier stands."""

    dossier: str
    next: int | None
    attempts: int
    last_error: str | None
    parked: str | None
    parked_at: datetime | None
    due_at: datetime
    in_doubt: bool
    acknowledged: int | None
    acknowledged_at: datetime | None
    pending: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event of the outbox. `how` is `sent`, `held`, `withheld`, or None while pending."""

    sequence: int
    late: bool
    queued_at: datetime
    delivered_at: datetime | None
    how: str | None
    kept: bool
    """Whether its content is still there, so that it could be sent once more."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits: events, seconds since the oldest was queued, parked dossiers."""

    pending: int
    lag_s: float
    parked: int


async def claim(database: Database, limit: int, lease_s: float) -> list[Claimed]:
    """Lease up to `limit` dossiers that are due. Raises `StoreError`."""
    claimed = []
    for row in await database.fetch("delivery.claim", limit, lease_s):
        members = dict(row)
        result, parts = (orjson.loads(text) if text else None for text in (members["result"], members["components"]))
        claimed.append(Claimed(**{**members, "result": result, "components": tuple(parts or ())}))
    return claimed


async def recall(database: Database, lease_s: float) -> int:
    """Make due what waits by a clock that was set back since; return how many dossiers. Raises `StoreError`."""
    return int(await database.fetchval("delivery.recall", lease_s))


async def settle(database: Database, settlements: Sequence[Settlement]) -> int:
    """Write down what became of claims; return how many still counted. Raises `StoreError`."""
    if not settlements:
        return 0
    return int(await database.fetchval("delivery.settle", *zip(*settlements, strict=True)))


async def replay(
    database: Database, dossier: str, from_sequence: int | None = None, *, unasked: bool = False
) -> int | None:
    """Have a dossier tried again at once, with `from_sequence` also what was delivered since.

    The portal is asked first what it holds unless `unasked`.

    Returns how many events are pending; None where there is no such dossier. Raises `StoreError`.
    """
    pending: int | None = await database.fetchval("delivery.replay", dossier, from_sequence, unasked)
    return pending


async def heads(database: Database, which: Which, limit: int) -> list[Head]:
    """Return dossiers with something pending, parked ones first. Raises `StoreError`."""
    return [Head(*row) for row in await database.fetch("delivery.heads", which, limit)]


async def head_of(database: Database, dossier: str) -> tuple[Head, list[Outgoing]] | None:
    """Return where one dossier stands, event by event; None where nothing of it was ever queued."""
    row = await database.fetchrow("delivery.head", dossier)
    if row is None:
        return None
    return Head(*row), [Outgoing(*line) for line in await database.fetch("delivery.of_dossier", dossier)]


async def backlog(database: Database) -> Backlog:
    """Return how much waits. Raises `StoreError`."""
    pending, lag, parked = await database.fetchrow("delivery.backlog")
    return Backlog(pending, max(0.0, lag or 0.0), parked)


async def drop_payloads(database: Database, age_s: float, limit: int = 5000) -> int:
    """Drop the content of what was delivered longer ago than `age_s`; return of how many. Raises `StoreError`."""
    return int(await database.fetchval("delivery.drop_payloads", age_s, limit))
