"""Measuring a period: rollups brought up to date, summed by group, and turned into metrics.

The rule: what is told is a sum over cells, and cells follow what was recorded before the question was asked, unless so
much waits that the keeper has to do it first; then `complete` is false.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic
from typing import Any

from gateway.reuse.catalogue import catalogues_of, procedures_of
from gateway.reuse.facts import midnight
from gateway.reuse.metrics import Metrics, Rate, Sums, metrics
from gateway.store.configuration import ConfigurationStore
from gateway.store.database import Database, StoreUnavailable
from gateway.store.reuse import (
    Span,
    configurations,
    count_cells,
    lags,
    newest_catalogue,
    note_changes,
    open_dossiers,
    put_catalogue,
    sums,
)
from gateway.store.reuse import repeats as stored_repeats
from gateway.store.scope import Scope

_LEAST, _MOST = 100, 1600  # cells counted in one statement: as many as take about a second
_BRISK_S, _SLOW_S, _TRIES = 1.0, 2.0, 3
_WEEK = timedelta(days=7)
GROUPS = ("agency", "procedure", "province", "registry", "month")
"""What a report can be grouped by; `month` is that of acceptance."""


@dataclass(frozen=True, slots=True)
class Row:
    """The metrics of one group."""

    group: str
    metrics: Metrics


class Rollups:
    """Keeps the rollups up to date; one a process."""

    def __init__(self, database: Database, clock: Callable[[], float] = monotonic) -> None:
        self._database, self._clock = database, clock
        self._seen = -1

    async def refresh(self, budget_s: float | None = None) -> bool:
        """Bring the rollups up to date, within the budget where there is one; whether they are. Raises `StoreError`."""
        end = None if budget_s is None else self._clock() + budget_s
        await self._catalogues()
        more, counted, at_once = True, 1, _LEAST
        while more or counted:
            began = self._clock()
            if end is not None and began > end:
                return False
            if more:
                more = await note_changes(self._database)
            else:
                counted = await self._counted(at_once)
                at_once = _paced(at_once, self._clock() - began)
        return True

    async def _counted(self, at_once: int) -> int:
        """Count some cells; where that took too long it was undone, and fewer are tried."""
        for _ in range(_TRIES):
            with suppress(StoreUnavailable):
                return await count_cells(self._database, at_once)
            at_once = max(at_once // 8, 1)
        return await count_cells(self._database, at_once)

    async def _catalogues(self) -> None:
        version = await ConfigurationStore(self._database).version()
        if version == self._seen:
            return
        known = await newest_catalogue(self._database)
        for catalogue in catalogues_of(await configurations(self._database, known)):
            if catalogue.version != known:
                await put_catalogue(self._database, catalogue.version, catalogue.tables())
        self._seen = version


def _paced(at_once: int, took_s: float) -> int:
    """Return how many cells to count next, after so many took so long."""
    if took_s < _BRISK_S:
        return min(2 * at_once, _MOST)
    return max(at_once // 2, _LEAST) if took_s > _SLOW_S else at_once


async def measure(
    database: Database, scope: Scope, span: Span, *, today: date, repeats: Mapping[str, Rate] | None = None
) -> list[Row]:
    """Return the metrics of every group that has any dossier or event, by name of the group.

    `today` is the local day: a period that goes on ends today, so that what is due later is not late yet. `repeats` are
    those of `repeated`; without them nothing is told of repeat asks. Raises `StoreError`.
    """
    counted = await sums(database, scope, span)
    waiting = await open_dossiers(database, scope, span, min(span.past, today))
    lagging: Mapping[str, dict[int, int]] = {}
    if span.group_by != "registry":
        lagging = await lags(database, scope, span)
    return [
        Row(
            group,
            metrics(
                Sums(
                    counted.get(group, {}),
                    *waiting.get(group, (0, 0)),
                    lag=lagging.get(group, {}),
                    repeats=None if repeats is None else repeats.get(group, Rate(0, 0)),
                )
            ),
        )
        for group in sorted(counted.keys() | lagging.keys())
    ]


async def repeated(database: Database, scope: Scope, span: Span) -> dict[str, Rate]:
    """Count repeat asks by group, a week at a time: they are not rolled up, for they look into other dossiers.

    Every repeat is in one group, so the sum over groups is the whole. Raises `StoreError`.
    """
    found: dict[str, Rate] = {}
    day = span.first
    while day < span.past:
        after = min(day + _WEEK, span.past)
        rows = await stored_repeats(database, scope, span.group_by, midnight(day), midnight(after))
        for group, (part, whole) in rows.items():
            before = found.get(group, Rate(0, 0))
            found[group] = Rate(before.numerator + part, before.denominator + whole)
        day = after
    return found


async def procedure_names(database: Database) -> dict[str, str]:
    """Return the titles of the procedures in force, by code. Raises `StoreError`."""
    _, documents = await ConfigurationStore(database).current()
    return {code: procedure.name for code, procedure in procedures_of(documents).items()}


def month_span(month: str) -> Span:
    """Return the span of `YYYY-MM`. Raises `ValueError`."""
    first = date.fromisoformat(f"{month}-01")
    return Span(first, (first + timedelta(days=32)).replace(day=1))


def as_json(rows: Sequence[Row], group_by: str) -> list[dict[str, Any]]:
    """Return rows as PROTOCOL section 7 writes them."""
    return [{"group": {group_by: row.group}, "metrics": row.metrics.as_json()} for row in rows]
