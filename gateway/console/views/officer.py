"""Screen 5, *Officer*: when somebody looks people up, how that compares with colleagues, and what has no reason.

The rule: officers are pseudonyms; a number that is typed is recorded, sealed, and stands in no address.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median

from aiohttp import web

from gateway.console import charts
from gateway.console.pictures import Drawer
from gateway.console.screens import Route, Screen
from gateway.console.views.lookups import FilterError, new_handle, view_of
from gateway.console.visit import Visit
from gateway.evidence.pseudonyms import OFFICER
from gateway.store.console import Handle
from gateway.store.console_lookups import lookups
from gateway.store.console_screens import Peer, Screens, Unit
from schemas.identifiers import canonical

_SPAN, _LISTED, _PEERS, _ROWS = timedelta(days=90), 30, 200, 50
_DRAWER = Drawer()
_BY = ("officer", "officer_of")


@dataclass(frozen=True, slots=True)
class Standing:
    """An officer among the colleagues of one agency: place 1 looks most people up."""

    unit: str
    place: int
    colleagues: int
    lookups: int
    usual: float


async def show(visit: Visit) -> web.StreamResponse:
    """Show one officer, or, without one, those with alerts."""
    screens, since = Screens(visit.desk.database, visit.scope), visit.now - _SPAN
    named = {name: visit.query[name] for name in _BY if name in visit.query}
    if not named:
        return visit.render("officer.html", suspects=await screens.officers(since, _LISTED), days=_SPAN.days)
    officer = await _officer(visit)
    if officer is None:
        return visit.missing()
    units = await screens.officer_units(officer, since)
    hours = await screens.officer_hours(officer, since)
    view = replace((await view_of(visit)).filters, since=since, explained="unexplained")
    return visit.render(
        "officer_one.html",
        name=officer[0].hex()[:16],
        link=next(f"{name}={value}" for name, value in named.items()),
        units=units,
        hours=[(day, [hours.get((day, hour), 0) for hour in range(24)]) for day in range(1, 8)],
        weekdays=charts.WEEKDAYS[visit.user.language],
        standings=[await _standing(screens, visit, unit, officer) for unit in units if unit.unit],
        alerts=await screens.officer_alerts(officer, since),
        unexplained=await lookups(visit.desk.database, visit.scope, view, _ROWS),
        days=_SPAN.days,
    )


async def find(visit: Visit) -> web.StreamResponse:
    """Turn a typed number into a random name, recorded, and show that officer."""
    try:
        number = canonical("personal_id", visit.form.get("number", "").replace(" ", ""))
    except ValueError:
        await visit.record("search", {"kind": "officer"}, outcome="refused")
        return visit.refused("lookups.wrong_number")
    recorded = await visit.record(
        "search", {"kind": "officer"}, sealed={"searched": {"id_type": OFFICER, "id": number}}
    )
    pseudonyms = visit.desk.pseudonyms.everywhere(OFFICER, number)
    handle = Handle(new_handle(), "officer", pseudonyms, visit.user.login, None, None, visit.now)
    await visit.desk.doorman.store.put_handle(handle, recorded.entry_id)
    return visit.redirect("/officer", officer=handle.handle)


async def chart(visit: Visit) -> web.StreamResponse:
    """Draw when an officer looks people up."""
    officer = await _officer(visit)
    if officer is None:
        return visit.missing()
    hours = await Screens(visit.desk.database, visit.scope).officer_hours(officer, visit.now - _SPAN)
    language = visit.user.language
    return await _DRAWER.picture((language, *sorted(hours.items())), lambda: charts.hours(hours, language))


def standing(unit: Unit, peers: Sequence[Peer], officer: Sequence[bytes]) -> Standing:
    """Return where an officer stands among an agency's officers; `usual` is the median of the others."""
    others = [peer.lookups for peer in peers if peer.officer not in officer]
    own = sum(peer.lookups for peer in peers if peer.officer in officer) or unit.lookups
    place = 1 + sum(number > own for number in others)
    return Standing(unit.unit or "", place, len(others), own, median(others) if others else 0.0)


async def _standing(screens: Screens, visit: Visit, unit: Unit, officer: Sequence[bytes]) -> Standing:
    return standing(unit, await screens.peers(unit.unit or "", visit.now - _SPAN, _PEERS), officer)


async def _officer(visit: Visit) -> tuple[bytes, ...] | None:
    """Return the pseudonyms of the officer whom the address names; None where it names none that may be seen."""
    try:
        return (await view_of(visit)).filters.officer
    except FilterError:
        return None


SCREEN = Screen(
    "officer",
    5,
    (
        Route("officer", "GET", "/officer", show, act="officer"),
        Route("officer.find", "POST", "/officer/find", find),
        Route("officer.chart", "GET", "/officer/hours.svg", chart),
    ),
)
