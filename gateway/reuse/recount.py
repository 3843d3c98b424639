"""Counting a month again from the log and the dossiers, by the pure functions, and holding the rollups against it.

The rule: nothing here reads a rollup but to compare it: dossiers, events, outcomes, leaves and configurations are read
as they stand, and judged in Python, while the rollups were counted in SQL.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from gateway.reuse.catalogue import Catalogue
from gateway.reuse.counting import COUNTS, AttributeKey, CellKey, Counts, count
from gateway.reuse.facts import midnight
from gateway.reuse.loading import from_the_start, load_catalogues, load_pages
from gateway.reuse.measuring import Rollups
from gateway.reuse.metrics import lag_bucket
from gateway.store.database import Database
from gateway.store.reuse import Span, days, event_lags
from gateway.store.scope import Scope

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A number that the rollups have otherwise than the recount."""

    where: str
    what: str
    rolled_up: int
    recounted: int


@dataclass(frozen=True, slots=True)
class Recount:
    """How many dossiers were judged anew, and every difference found."""

    dossiers: int
    cells: int
    differences: tuple[Difference, ...]


async def recount(database: Database, span: Span) -> Recount:
    """Bring the rollups up to date, count the span's days again and compare. Raises `StoreError`."""
    await Rollups(database).refresh()
    catalogues = await load_catalogues(database)
    number, counts = await _counted(database, span, catalogues)
    found = _numbers(counts)
    stored = await _stored(database, span)
    for key, events in (await _lagging(database, span)).items():
        found[key] = events
    differences = tuple(
        Difference(*key, stored.get(key, 0), found.get(key, 0))
        for key in sorted(stored.keys() | found.keys())
        if stored.get(key, 0) != found.get(key, 0)
    )
    return Recount(number, len(counts.cells), differences)


async def _counted(database: Database, span: Span, catalogues: list[Catalogue]) -> tuple[int, Counts]:
    counts, number = Counts(), 0
    page = from_the_start(midnight(span.first), midnight(span.past), _AT_ONCE)
    async for dossiers in load_pages(database, Scope.everything(), page):
        number += len(dossiers)
        count(dossiers, catalogues, counts)
    return number, counts


def _numbers(counts: Counts) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for key, cell in counts.cells.items():
        found.update({(_name(key), what): number for what, number in cell.items() if number})
    for (key, due), number in counts.open.items():
        found[_name(key), f"open until {due}"] = number
    for attribute, (needed, covered) in counts.attributes.items():
        found.update({(_name(attribute), "needed"): needed, (_name(attribute), "covered"): covered})
    return found


async def _stored(database: Database, span: Span) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for row in await days(database, "cells", span.first, span.past):
        key = CellKey(row["day"], row["agency"], row["procedure"], row["registry"])
        found.update({(_name(key), what): row[what] for what in COUNTS if row[what]})
    for row in await days(database, "open", span.first, span.past):
        found[_name(CellKey(*row[:4])), f"open until {row[4]}"] = row[5]
    for row in await days(database, "attributes", span.first, span.past):
        name = _name(AttributeKey(*row[:5]))
        found.update({(name, "needed"): row[5], (name, "covered"): row[6]})
    for agency, procedure, day, bucket, events in await days(database, "lag", span.first, span.past):
        found[_lag_name(day, agency, procedure), f"lag bucket {bucket}"] = events
    return found


async def _lagging(database: Database, span: Span) -> Counter[tuple[str, str]]:
    rows = await event_lags(database, midnight(span.first), midnight(span.past))
    return Counter(
        (_lag_name(day, agency, procedure), f"lag bucket {lag_bucket(seconds)}")
        for agency, procedure, day, seconds in rows
    )


def _name(key: CellKey | AttributeKey) -> str:
    return " ".join(str(part) or "-" for part in key)


def _lag_name(day: date, agency: str, procedure: str) -> str:
    return f"{day} {agency} {procedure}"
