"""Screen 6, *Agency and client*: keys, agreements, what was declared beside what is really asked, and errors.

The rule: what is shown of the configuration is the version in force, keys by their names, never their material.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from aiohttp import web

from gateway.console import charts
from gateway.console.pictures import Drawer
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.evidence.pseudonyms import address_mark
from gateway.snapshot import Snapshot, build_snapshot
from gateway.store.configuration import ConfigurationStore
from gateway.store.console_screens import Screens
from schemas.configuration_models import Key
from schemas.dates import local_day

_SPAN, _MOST, _DIGITS = timedelta(days=30), 200, 10
_CODE = "{code:[A-Za-z0-9][A-Za-z0-9._-]{0,63}}"
_ADDRESSES = 50
_DRAWER = Drawer()
Volume = tuple[str | None, str | None, int, int]


@dataclass(frozen=True, slots=True)
class Declared:
    """One row of an agreement beside what was asked under its service."""

    agreement: str
    service: str
    agencies: tuple[str, ...]
    procedures: int
    fields: int
    dossier_rule: str
    valid_until: date
    quota: int
    today: int
    a_day: float


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A registered key: `state` is `valid`, `not_yet`, `expired` or `revoked`."""

    keyid: str
    algorithm: str
    state: str
    until: datetime | None
    first_at: datetime | None


async def show(visit: Visit) -> web.StreamResponse:
    """Show every agency and every client with look-ups."""
    screens, since = Screens(visit.desk.database, visit.scope), visit.now - _SPAN
    return visit.render(
        "agencies.html",
        agencies=await screens.agencies(since, _MOST),
        clients=await screens.clients(since, _MOST),
        days=_SPAN.days,
    )


async def agency(visit: Visit) -> web.StreamResponse:
    """Show one agency: its officers, its outcomes, its days."""
    code = visit.path("code")
    screens, since = Screens(visit.desk.database, visit.scope), visit.now - _SPAN
    outcomes = await screens.agency_outcomes(code, since)
    if not outcomes:
        return visit.missing()
    return visit.render(
        "agencies_one.html",
        code=code,
        outcomes=outcomes,
        peers=await screens.peers(code, since, _MOST),
        series=await _series(visit, code),
        days=_SPAN.days,
    )


async def chart(visit: Visit) -> web.StreamResponse:
    """Draw an agency's look-ups by day."""
    series = await _series(visit, visit.path("code"))
    return await _DRAWER.picture(tuple(series), lambda: charts.volume(series))


async def client(visit: Visit) -> web.StreamResponse:
    """Show one client: keys, agreements beside the real volume, outcomes."""
    name, screens = visit.path("code"), Screens(visit.desk.database, visit.scope)
    volumes = await screens.client_volumes(name, visit.now - _SPAN, local_day(visit.now))
    in_force, version, documents = await _configuration(visit)
    snapshot = build_snapshot(version, documents)
    known = snapshot.configuration.clients.get(name)
    if not volumes and (known is None or not visit.scope.is_everything):
        return visit.missing()
    seen = await screens.client_keys(name)
    return visit.render(
        "agencies_client.html",
        name=name,
        client=known,
        version=version,
        in_force=in_force,
        keys=[key_line(key, seen.get(key.keyid), visit.now) for key in (known.keys if known else ())],
        addresses=[
            (address_mark(address), year, first_at)
            for address, year, first_at in await screens.client_addresses(name, _ADDRESSES)
        ],
        declared=declared(snapshot, name, volumes),
        volumes=volumes,
        days=_SPAN.days,
    )


async def _configuration(visit: Visit) -> tuple[int, int, Mapping[str, str]]:
    """Return the version in force, and the one that the address names (else that in force) with its documents."""
    store = ConfigurationStore(visit.desk.database)
    in_force, documents = await store.current()
    named = visit.query.get("version", "")
    wanted = int(named) if named.isascii() and named.isdecimal() and len(named) < _DIGITS else in_force
    former = await store.documents(wanted) if wanted != in_force else None
    return (in_force, wanted, former) if former is not None else (in_force, in_force, documents)


def key_line(key: Key, first_at: datetime | None, now: datetime) -> KeyLine:
    """Return a key as it is shown, and whether it counts now."""
    if key.revoked_at is not None and key.revoked_at <= now:
        state = "revoked"
    elif key.not_after is not None and key.not_after <= now:
        state = "expired"
    else:
        state = "not_yet" if key.not_before is not None and key.not_before > now else "valid"
    return KeyLine(key.keyid, key.algorithm, state, key.not_after, first_at)


def declared(snapshot: Snapshot, client: str, volumes: Iterable[Volume]) -> list[Declared]:
    """Return each row of a client's agreements beside the volume of its service."""
    total: dict[str | None, int] = {}
    today: dict[str | None, int] = {}
    for service, _, lookups, of_today in volumes:
        total[service] = total.get(service, 0) + lookups
        today[service] = today.get(service, 0) + of_today
    return [
        Declared(
            row.agreement,
            row.service.name,
            tuple(sorted(row.agencies)),
            len(row.procedures),
            len(row.fields),
            row.dossier_rule,
            row.valid_until,
            row.daily_quota,
            today.get(row.service.name, 0),
            total.get(row.service.name, 0) / _SPAN.days,
        )
        for row in snapshot.grants_of(client)
    ]


async def _series(visit: Visit, code: str) -> list[tuple[date, int, float | None]]:
    today = local_day(visit.now)
    first = today - timedelta(days=13)
    counts = await Screens(visit.desk.database, visit.scope).agency_days(code, first)
    return [(day, counts.get(day, 0), None) for day in (first + timedelta(days=step) for step in range(14))]


SCREEN = Screen(
    "agencies",
    6,
    (
        Route("agencies", "GET", "/agencies", show, act="agencies"),
        Route("agency", "GET", f"/agencies/{_CODE}", agency, act="agency"),
        Route("agency.chart", "GET", f"/agencies/{_CODE}/volume.svg", chart),
        Route("client", "GET", f"/clients/{_CODE}", client, act="client"),
    ),
)
