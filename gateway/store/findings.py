"""What the audit reads of the log and writes beside it (0021_audit_marks_and_habits.sql, tables of 0020_console.sql).

The rule: a batch of findings and how far was read are one transaction, so that the audit may be killed at any moment
and goes on where it was; judging twice changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from gateway.store.database import Database
from gateway.store.scope import Scope

Explained = tuple[str, int, dict[str, Any]]
"""Kind, version and detail of a stored explanation."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch: rows of `explanation` and `alert`, officer-days to count, keys and addresses seen."""

    explanations: Sequence[Mapping[str, Any]] = ()
    alerts: Sequence[Mapping[str, Any]] = ()
    officer_days: Iterable[tuple[bytes, date]] = ()
    keys: Sequence[Mapping[str, Any]] = ()
    addresses: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a source was read: `next` is the first index, or the last sequence, of the next batch."""

    source: str | None = None
    expected: int = 0
    next: int = 0


async def marks(database: Database) -> dict[str, int]:
    """Return how far each source was read."""
    return {row[0]: row[1] for row in await database.fetch("findings.marks")}


async def heads(database: Database) -> dict[int, int]:
    """Return the next index of every log."""
    return {row[0]: row[1] for row in await database.fetch("findings.heads")}


async def count_days(database: Database, most: int = 20_000) -> bool:
    """Count what ended since the last time by day, at most `most` entries of each log; whether more waits."""
    return bool(await database.fetchval("findings.count_days", most))


async def put(database: Database, mark: Mark, now: datetime, batch: Batch) -> bool:
    """Write a batch and move the mark; False where somebody else moved it meanwhile and nothing was done."""
    pairs = sorted(set(batch.officer_days))
    return bool(
        await database.fetchval(
            "findings.put",
            mark.source,
            mark.expected,
            mark.next,
            now,
            _json(batch.explanations),
            _json(batch.alerts),
            [pair[0] for pair in pairs],
            [pair[1] for pair in pairs],
            _json(batch.keys),
            _json(batch.addresses),
        )
    )


async def put_staff(
    database: Database,
    version: int,
    staff: Sequence[Mapping[str, Any]],
    watched: Sequence[Mapping[str, Any]],
    tasks: Sequence[Mapping[str, Any]],
) -> None:
    """Replace the staff lists."""
    await database.fetch("findings.put_staff", version, _json(staff), _json(watched), _json(tasks))


async def outcomes(database: Database) -> dict[str, dict[str, int]]:
    """Return how the closed cases of each rule's alerts ended: verdict → number."""
    found: dict[str, dict[str, int]] = {}
    for rule, verdict, number in await database.fetch("findings.outcomes"):
        found.setdefault(rule, {})[verdict] = number
    return found


async def explanations_of(database: Database, entries: Sequence[str]) -> dict[str, Explained]:
    """Return (kind, version, detail) of what is stored of these entries, by entry."""
    rows = await database.fetch("findings.explanations_by_ids", list(entries))
    return {str(row[0]): (row[1], row[2], orjson.loads(row[3])) for row in rows}


def _json(rows: Sequence[Mapping[str, Any]]) -> str:
    return orjson.dumps([dict(row) for row in rows]).decode()


async def fired(database: Database, since: datetime) -> dict[str, tuple[int, int]]:
    """Return how often each rule fired about what happened since, and how many of these alerts are not closed."""
    return {row[0]: (row[1], row[2]) for row in await database.fetch("findings.fired", since)}


async def alerts(
    database: Database, scope: Scope, state: str, rule: str, after: tuple[float, int], limit: int
) -> Sequence[Any]:
    """Return alerts that stand, best believed first, beyond a cursor of score and number; empty filters match all."""
    return await database.fetch("findings.alerts", scope.likes(), state, rule, *after, limit)
