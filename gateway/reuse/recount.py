"""Counting a month again from the log and the dossiers, by the pure functions, and holding the rollups against it.

The rule: nothing here reads a rollup but to compare it: dossiers, events, outcomes, leaves and configurations are read
as they stand, and judged in Python, while the rollups were counted in SQL. A number belongs to one day, so days are
counted apart, and in as many processes as there are processors.
"""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from operator import itemgetter
from typing import Any

import uvloop

from gateway.reuse.catalogue import Catalogue
from gateway.reuse.counting import COUNTS, Cell, Counts, count
from gateway.reuse.facts import midnight
from gateway.reuse.loading import from_the_start, load_catalogues, load_pages
from gateway.reuse.measuring import Rollups
from gateway.reuse.metrics import lag_bucket
from gateway.store.database import Database
from gateway.store.reuse import Span, days, event_lags
from gateway.store.scope import Scope

_AT_ONCE = 2_000
_PARTS_EACH = 3
_IN_ORDER: Callable[[Cell], tuple[int, ...]] = itemgetter(*COUNTS)
_KEYS = {"cells": 4, "open": 5, "attributes": 5, "lag": 4}
_NAMES = {"cells": COUNTS, "open": ("open",), "attributes": ("needed", "covered"), "lag": ("lag",)}
_Key = tuple[Any, ...]
_Numbers = tuple[int, ...]
_Rows = dict[_Key, _Numbers]


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
    return await _compared(database, span)


async def recount_abreast(database: Database, url: str, span: Span) -> Recount:
    """Do the same in several processes, each with connections of its own to `url`. Raises `StoreError`."""
    processes = os.cpu_count() or 1
    parts = _parts(span, processes)
    if len(parts) == 1:
        return await recount(database, span)
    await Rollups(database).refresh()
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(processes, get_context("fork")) as pool:
        done = await asyncio.gather(*(loop.run_in_executor(pool, _of_days, url, part) for part in parts))
    return _together(done)


def _parts(span: Span, processes: int) -> list[Span]:
    """Cut a span into parts of whole days, more of them than processes, for days differ; one where it is short."""
    days = (span.past - span.first).days
    step = max(1, -(-days // (processes * _PARTS_EACH)))
    if processes == 1 or days <= step:
        return [span]
    firsts = [span.first + timedelta(days) for days in range(0, days, step)]
    return [Span(first, min(first + timedelta(step), span.past)) for first in firsts]


def _together(parts: Sequence[Recount]) -> Recount:
    differences = tuple(difference for part in parts for difference in part.differences)
    return Recount(sum(part.dossiers for part in parts), sum(part.cells for part in parts), differences)


def _of_days(url: str, span: Span) -> Recount:
    """Count days again, in a process of its own: what it makes has no cycles, and it ends before memory matters."""
    gc.disable()

    async def counted() -> Recount:
        database = await Database.connect(url)
        try:
            return await _compared(database, span)
        finally:
            await database.close()

    return uvloop.run(counted())


async def _compared(database: Database, span: Span) -> Recount:
    catalogues = await load_catalogues(database)
    number, counts = await _counted(database, span, catalogues)
    found = {**_counted_rows(counts), **await _lagging(database, span)}
    stored = await _stored_rows(database, span)
    if stored == found:
        return Recount(number, len(counts.cells), ())
    unequal = sorted((key for key in stored.keys() | found.keys() if stored.get(key) != found.get(key)), key=str)
    differences = [item for key in unequal for item in _differences(key, stored.get(key), found.get(key))]
    return Recount(number, len(counts.cells), tuple(differences))


async def _counted(database: Database, span: Span, catalogues: list[Catalogue]) -> tuple[int, Counts]:
    counts, number = Counts(), 0
    page = from_the_start(midnight(span.first), midnight(span.past), _AT_ONCE)
    async for dossiers in load_pages(database, Scope.everything(), page):
        number += len(dossiers)
        count(dossiers, catalogues, counts)
    return number, counts


def _counted_rows(counts: Counts) -> _Rows:
    return {
        **{("cells", *key): _IN_ORDER(cell) for key, cell in counts.cells.items()},
        **{("open", *key, due): (number,) for (key, due), number in counts.open.items()},
        **{("attributes", *key): numbers for key, numbers in counts.attributes.items()},
    }


async def _stored_rows(database: Database, span: Span) -> _Rows:
    """Return the rollups by what they are about: the first columns of each table."""
    found: _Rows = {}
    for table, columns in _KEYS.items():
        for row in await days(database, table, span.first, span.past):
            values = tuple(row)
            found[table, *values[:columns]] = values[columns:]
    return found


async def _lagging(database: Database, span: Span) -> _Rows:
    rows = await event_lags(database, midnight(span.first), midnight(span.past))
    found = Counter((day, agency, procedure, lag_bucket(seconds)) for agency, procedure, day, seconds in rows)
    return {("lag", *key): (events,) for key, events in found.items()}


def _differences(key: _Key, stored: _Numbers | None, found: _Numbers | None) -> Iterator[Difference]:
    names = _NAMES[key[0]]
    nothing = (0,) * len(names)
    where = " ".join(str(part) or "-" for part in key[1:])
    for name, before, after in zip(names, stored or nothing, found or nothing, strict=True):
        if before != after:
            yield Difference(where, name, before, after)
    if stored is None or found is None:
        yield Difference(where, f"in {key[0]}", int(stored is not None), int(found is not None))
