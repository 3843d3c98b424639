"""Screen 1, *Today*: what needs a look now: unexplained look-ups, open alerts, volume, log, registries, deliveries.

The rule: every figure is of the reader's agencies and leads to the list it counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from aiohttp import web

from gateway.console import charts
from gateway.console.checking import KIND
from gateway.console.pictures import Drawer
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.store.console import Job
from gateway.store.console_screens import Screens
from gateway.store.logs import log_states
from schemas.dates import local_day

_SHOWN_DAYS, _WEEKS, _ALERTS = 14, 4, 8
_LATELY = timedelta(minutes=15)
_DRAWER = Drawer()
Day = tuple[date, int, float | None]


@dataclass(frozen=True, slots=True)
class Sealed:
    """How far the logs are sealed: the oldest of their newest checkpoints, and what waits for one."""

    at: datetime | None
    waiting: int
    logs: int
    checked: Job | None


async def show(visit: Visit) -> web.StreamResponse:
    """Show today."""
    screens = Screens(visit.desk.database, visit.scope)
    explained = await screens.explained(visit.now - timedelta(days=1))
    return visit.render(
        "today.html",
        explained=explained,
        judged=sum(explained.values()),
        ages=await screens.alert_ages(visit.now),
        alerts=await screens.strongest(_ALERTS),
        days=await _days(visit),
        sealed=await _sealed(visit),
        registries=await screens.registries(visit.now - _LATELY),
        waiting=await screens.backlog(),
    )


async def chart(visit: Visit) -> web.StreamResponse:
    """Draw look-ups by day beside the usual of each weekday."""
    days = await _days(visit)
    return await _DRAWER.picture(tuple(days), lambda: charts.volume(days))


def usual(counts: Mapping[date, int], day: date) -> float | None:
    """Return the median of the same weekday in the four weeks before; None where nothing is known of them."""
    before = [counts[one] for one in (day - timedelta(weeks=back) for back in range(1, _WEEKS + 1)) if one in counts]
    return median(before) if before else None


async def _days(visit: Visit) -> list[Day]:
    today = local_day(visit.now)
    since = today - timedelta(days=_SHOWN_DAYS - 1 + 7 * _WEEKS)
    counts = await Screens(visit.desk.database, visit.scope).days(since)
    shown = [today - timedelta(days=back) for back in reversed(range(_SHOWN_DAYS))]
    return [(day, counts.get(day, 0), usual(counts, day)) for day in shown]


async def _sealed(visit: Visit) -> Sealed:
    store = visit.desk.doorman.store
    states = [state for state in await log_states(visit.desk.database) if state.size]
    waiting = [state for state in states if state.sealed < state.size]
    times = [await store.sealed_at(state.log_id) for state in waiting or states]
    jobs = await store.jobs(KIND, 1)
    known = [moment for moment in times if moment is not None]
    oldest = (min(known) if waiting else max(known)) if known else None
    return Sealed(oldest, sum(state.size - state.sealed for state in waiting), len(states), jobs[0] if jobs else None)


SCREEN = Screen(
    "today",
    1,
    (
        Route("today", "GET", "/today", show, act="today"),
        Route("today.chart", "GET", "/today/volume.svg", chart),
    ),
)
