"""Rollups of reuse, and the facts they are counted from, as the database holds them (0012_reuse_rollups.sql).

The rule: every read that is shown to anybody takes the scope of whoever reads; what counts and recounts whole days
is the installation's own. Periods are local days, the last exclusive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson

from gateway.store.database import Database
from gateway.store.scope import Scope

NOTED_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Span:
    """A period of local days, `past` exclusive, grouped by a dimension; `''` is one group."""

    first: date
    past: date
    group_by: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Which dossiers to read next: accepted in [since, until), after the last one read. Empty filters match all."""

    since: datetime
    until: datetime
    after: tuple[datetime, str]
    limit: int
    agency: str = ""
    procedure: str = ""
    province: str = ""


async def note_changes(database: Database) -> bool:
    """Note the cells that events, look-ups and outcomes changed since the last time; whether more waits."""
    return bool(await database.fetchval("reuse.note", NOTED_AT_ONCE))


async def count_cells(database: Database, at_once: int) -> int:
    """Count at most so many of the noted cells anew; return how many were, 0 when none is left."""
    return int(await database.fetchval("reuse.count", at_once))


async def recount_days(database: Database, first: date, past: date) -> None:
    """Have the cells of days counted anew, whatever was noted."""
    await database.fetch("reuse.recount", first, past)


async def newest_catalogue(database: Database) -> int:
    """Return the version of the newest catalogue taken over; 0 where there is none."""
    return int(await database.fetchval("reuse.newest_catalogue") or 0)


async def put_catalogue(database: Database, version: int, tables: Mapping[str, Any]) -> None:
    """Take over the catalogue of a configuration."""
    await database.fetch("reuse.put_catalogue", version, orjson.dumps(tables).decode())


async def configurations(database: Database, since: int = 0) -> list[tuple[int, datetime, dict[str, Any]]]:
    """Return every configuration from version `since` on: version, when it was applied, its documents."""
    return [(row[0], row[1], orjson.loads(row[2])) for row in await database.fetch("reuse.configurations", since)]


async def sums(database: Database, scope: Scope, span: Span) -> dict[str, dict[str, int]]:
    """Return the summed counts by group."""
    rows = await database.fetch("reuse.cells", span.group_by, span.first, span.past, scope.likes())
    return {row[0]: {name: int(value) for name, value in list(row.items())[1:]} for row in rows}


async def open_dossiers(database: Database, scope: Scope, span: Span, end: date) -> dict[str, tuple[int, int]]:
    """Return by group how many dossiers are unfinished, and how many of them are due on `end` or later."""
    rows = await database.fetch("reuse.open", span.group_by, span.first, span.past, scope.likes(), end)
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


async def lags(database: Database, scope: Scope, span: Span) -> dict[str, dict[int, int]]:
    """Return by group how many events were recorded with a lag of each bucket."""
    found: dict[str, dict[int, int]] = {}
    for part, bucket, events in await database.fetch("reuse.lag", span.group_by, span.first, span.past, scope.likes()):
        found.setdefault(part, {})[bucket] = int(events)
    return found


async def attributes(database: Database, scope: Scope, span: Span) -> list[tuple[str, str, str, int, int]]:
    """Return (procedure, service, field, how often needed, how often covered)."""
    rows = await database.fetch("reuse.attributes", span.first, span.past, scope.likes())
    return [(row[0], row[1], row[2], int(row[3]), int(row[4])) for row in rows]


async def repeats(
    database: Database, scope: Scope, group_by: str, since: datetime, until: datetime
) -> dict[str, tuple[int, int]]:
    """Return by group how many components were asked again, of how many the citizen brought. Not a rollup."""
    rows = await database.fetch("reuse.repeats", group_by, since, until, scope.likes())
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


async def days(database: Database, name: str, first: date, past: date) -> Sequence[Any]:
    """Return the rollup rows of days: `cells`, `open`, `attributes` or `lag`."""
    return await database.fetch(f"reuse.{name}_of_days", first, past)


async def event_lags(database: Database, since: datetime, until: datetime) -> Sequence[Any]:
    """Return (agency, procedure, local day, seconds of lag) of every event recorded in [since, until)."""
    return await database.fetch("reuse.lag_recounted", since, until)


async def dossier_rows(database: Database, scope: Scope, page: Page) -> Sequence[Any]:
    """Return one page of dossiers, by time of acceptance and code."""
    return await database.fetch(
        "reuse.dossiers",
        page.since,
        page.until,
        scope.likes(),
        *page.after,
        page.limit,
        page.agency,
        page.procedure,
        page.province,
    )


async def fact_rows(database: Database, name: str, codes: Sequence[str]) -> Sequence[Any]:
    """Return what belongs to dossiers: their `events`, `components`, `parties` or `lookups`, by dossier."""
    return await database.fetch(f"reuse.{name}", codes)
