"""What concerns one citizen: look-ups about a person, whose matters they served, delays, reports and objections.

The rule: a person is known here by pseudonyms alone; these reads serve that person, so they take no officer's scope.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.database import Database
from gateway.store.scope import Scope

FIRST_PAGE = 2**62


@dataclass(frozen=True, slots=True)
class UsageEntry:
    """An answer about the person."""

    origin: str
    log_id: int
    index: int
    at: datetime
    dossier: str | None
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Matter:
    """A dossier: whether it has ended, and whether it is somebody else's."""

    code: str
    closed: bool
    others: bool


@dataclass(frozen=True, slots=True)
class Delay:
    """A lawful delay: look-ups for this dossier are withheld until then."""

    dossier: str
    ground: str
    until: datetime
    set_by: str


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report that was made, and the log's entry of it."""

    report_id: int
    made_at: datetime
    made_by: str
    rows: int
    withheld: int
    recorded: str


@dataclass(frozen=True, slots=True)
class ObjectionRow:
    """An objection and the case it opened."""

    objection_id: int
    entry_id: str
    case_id: int
    at: datetime
    due_at: datetime | None
    state: str
    verdict: str | None
    closed_at: datetime | None


async def usage_of(
    database: Database, person: Sequence[bytes], since: datetime, until: datetime, limit: int
) -> list[UsageEntry]:
    """Return answers about a person, newest first, at most `limit`."""
    rows = await database.fetch("citizen.usage", list(person), since, until, limit)
    return [UsageEntry(*row) for row in rows]


async def matters(database: Database, dossiers: Sequence[str], person: Sequence[bytes]) -> dict[str, Matter]:
    """Return what is known of dossiers, by code; those nobody reported are left out."""
    rows = await database.fetch("citizen.matters", list(dossiers), list(person))
    return {row[0]: Matter(*row) for row in rows}


async def delays(database: Database, dossiers: Sequence[str], now: datetime) -> dict[str, Delay]:
    """Return the delays in force for dossiers, by code."""
    return {row[0]: Delay(*row) for row in await database.fetch("citizen.delays", list(dossiers), now)}


async def delay_page(database: Database, scope: Scope, now: datetime, limit: int = 200) -> list[Delay]:
    """Return the delays in force of dossiers whose codes begin with an agency in scope, those that end first."""
    likes = None if scope.is_everything else scope.likes()
    return [Delay(*row) for row in await database.fetch("citizen.delay_page", now, limit, likes)]


async def put_delay(database: Database, delay: Delay, recorded: str) -> None:
    """Set, move or, with a moment that has passed, end a delay. Raises `StoreError`."""
    await database.fetch("citizen.put_delay", delay.dossier, delay.ground, delay.until, delay.set_by, recorded)


async def put_report(
    database: Database, person: Sequence[bytes], made: tuple[datetime, str], counts: tuple[int, int], recorded: str
) -> None:
    """Keep that a report was made: `made` (when, by whom), `counts` (rows, withheld). Raises `StoreError`."""
    await database.fetch("citizen.put_report", list(person), *made, *counts, recorded)


async def report_page(
    database: Database, made_by: str | None = None, before: int = FIRST_PAGE, limit: int = 50
) -> list[ReportRow]:
    """Return the reports made, everybody's or one's own, newest first, from before the number `before`.

    A person belongs to no agency: who does not see everything sees what they made themselves.
    """
    rows = await database.fetch("citizen.report_page", before, limit, made_by)
    return [ReportRow(row[0], row[1], row[2], row[3], row[4], str(row["recorded"])) for row in rows]


async def is_about(database: Database, entry_id: str, person: Sequence[bytes]) -> bool:
    """Whether an entry is an answer about this person."""
    return bool(await database.fetchval("citizen.about", entry_id, list(person)))


async def objection_to(database: Database, entry_id: str) -> tuple[int, datetime | None] | None:
    """Return the case that an objection to this entry opened, and its term; None where nobody objected."""
    row = await database.fetchrow("citizen.objection", entry_id)
    return (row[0], row[1]) if row else None


async def put_objection(database: Database, entry_id: str, case_id: int, at: datetime, note: str | None) -> bool:
    """Keep an objection; whether it is the first to this entry. Raises `StoreError`."""
    return await database.fetchval("citizen.put_objection", entry_id, case_id, at, note) is not None


async def objection_page(
    database: Database, scope: Scope, before: int = FIRST_PAGE, limit: int = 50
) -> list[ObjectionRow]:
    """Return objections, newest first, whose cases lie in scope."""
    rows = await database.fetch("citizen.objection_page", before, limit, scope.likes())
    return [ObjectionRow(row[0], str(row[1]), *row[2:]) for row in rows]


async def oldest_entry(database: Database) -> datetime | None:
    """Return since when the log goes; None where it is empty."""
    found: datetime | None = await database.fetchval("citizen.oldest")
    return found


async def log_ids(database: Database, origins: Sequence[str]) -> dict[str, int]:
    """Return the ids of logs by origin."""
    return {row[0]: row[1] for row in await database.fetch("citizen.log_ids", list(origins))}


async def dossier_of(database: Database, entry_id: str) -> str | None:
    """Return the dossier that an entry names; None where it names none."""
    found: str | None = await database.fetchval("citizen.dossier_of", entry_id)
    return found
