"""Screen 2, *Look-ups*: every exchange, filtered, counted, page by page, and out as CSV or NDJSON.

The rule: a filter is part of the address, so every view is a link; a person's number never is: it is typed into a form,
recorded, and stands in the address under a random name.
"""

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from gateway.console.exporting import csv_bytes, ndjson_bytes
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.evidence.pseudonyms import OFFICER
from gateway.store.console import Handle
from gateway.store.console_lookups import Facet, Filters, Lookup, Place, facets, lookups, one_lookup
from schemas.dates import LOCAL
from schemas.identifiers import ID_TYPES, canonical
from schemas.services import CATALOGUE

PAGE, MOST_EXPORTED = 50, 50_000
HANDLE_LIFE = timedelta(hours=10)
_PLAIN = ("client", "unit", "procedure", "dossier", "outcome")
_NARROWING = frozenset({"from", "to", "service", "registry", *_PLAIN, "officer", "officer_of", "subject", "explained"})
_KINDS, _REASON = ("officer", "subject"), 300
_EXPORT_PAGE = 2000
_PERIODS = ("today", "7d", "30d", "all")
_FIRST = datetime(2020, 1, 1, tzinfo=LOCAL)
COLUMNS = ("at", "entry", "kind", "client", "service", "procedure", "dossier", "unit", "outcome", "explained", "score")


class FilterError(ValueError):
    """A filter is not one: the text is the key of a sentence."""


@dataclass(frozen=True, slots=True)
class View:
    """A list as its address says: the query's members, and what they mean."""

    query: Mapping[str, str]
    filters: Filters


async def view_of(visit: Visit) -> View:
    """Read the filters of an address. Raises `FilterError`."""
    query = dict(visit.query)
    since, until = _period(query, visit.now)
    before = _place(query["before"]) if "before" in query else Place(until, 2**31 - 1, 2**63 - 1)
    plain: dict[str, Any] = {name: query[name] for name in _PLAIN if name in query}
    return View(
        query,
        Filters(
            since=since,
            before=before,
            services=_services(query),
            officer=await _officer(visit, query),
            subject=await _handle(visit, query, "subject"),
            explained=query.get("explained"),
            **plain,
        ),
    )


async def show(visit: Visit) -> web.StreamResponse:
    """Show one page of the list, with counts by facet."""
    try:
        view = await view_of(visit)
    except FilterError as wrong:
        return visit.refused(str(wrong))
    rows = await lookups(visit.desk.database, visit.scope, view.filters, PAGE + 1)
    counted = await facets(visit.desk.database, visit.scope, view.filters)
    older = _link(view.query, before=_cursor(rows[PAGE - 1].place)) if len(rows) > PAGE else None
    return visit.render(
        "lookups.html",
        rows=[(row, visible_officer(row)) for row in rows[:PAGE]],
        facets=_facet_links(view.query, counted),
        query=view.query,
        older=older,
        newest=_link(view.query, before=None) if "before" in view.query else None,
        chips=[(name, value, _link(view.query, **{name: None})) for name, value in _narrowed(view.query)],
        exports={kind: f"/lookups/export?{urlencode({**view.query, 'as': kind})}" for kind in ("csv", "ndjson")},
        periods=_PERIODS,
        services=sorted(CATALOGUE),
        registries=sorted({name.partition("/")[0] for name in CATALOGUE}),
        id_types=ID_TYPES,
    )


async def find(visit: Visit) -> web.StreamResponse:
    """Turn a typed number into a random name, recorded, and show the list under it; a person needs a reason too."""
    kind, reason = visit.form.get("kind", ""), visit.form.get("reason", "")
    if kind not in _KINDS:
        await visit.record("search", {"kind": "unknown"}, outcome="refused")
        return visit.refused("lookups.wrong_kind")
    id_type = OFFICER if kind == "officer" else visit.form.get("id_type", "")
    try:
        number = canonical(
            "personal_id" if kind == "officer" else id_type, visit.form.get("number", "").replace(" ", "")
        )
    except (ValueError, KeyError):
        await visit.record("search", {"kind": kind}, outcome="refused")
        return visit.refused("lookups.wrong_number")
    if kind == "subject" and (not 0 < len(reason) <= _REASON or "\0" in reason):
        await visit.record("search", {"kind": kind}, outcome="refused")
        return visit.refused("lookups.needs_reason")
    sealed = {"searched": {"id_type": id_type, "id": number}, "reason": reason or None}
    person = (id_type, number) if kind == "subject" else None
    recorded = await visit.record("search", {"kind": kind}, subject=person, sealed=sealed)
    pseudonyms = visit.desk.pseudonyms.everywhere(id_type, number)
    handle = Handle(new_handle(), kind, pseudonyms, visit.user.login, None, reason or None, visit.now)
    await visit.desk.doorman.store.put_handle(handle, recorded.entry_id)
    return visit.redirect("/lookups", **{kind: handle.handle, "period": "all"})


async def export(visit: Visit) -> web.StreamResponse:
    """Hand out the list as a file: at most `MOST_EXPORTED` rows, no names, no numbers of persons."""
    try:
        view = await view_of(visit)
    except FilterError as wrong:
        return visit.refused(str(wrong))
    rows: list[dict[str, Any]] = []
    filters = view.filters
    while len(rows) < MOST_EXPORTED:
        page = await lookups(visit.desk.database, visit.scope, filters, _EXPORT_PAGE)
        rows += [exported(row) for row in page]
        if len(page) < _EXPORT_PAGE:
            break
        filters = _before(filters, page[-1].place)
    name = f"lookups-{visit.now.astimezone(LOCAL):%Y%m%d-%H%M%S}"
    if view.query.get("as") == "ndjson":
        return visit.download(ndjson_bytes(rows), f"{name}.ndjson", "application/x-ndjson")
    return visit.download(csv_bytes(COLUMNS, rows), f"{name}.csv", "text/csv")


def exported(row: Lookup) -> dict[str, Any]:
    """Return a row as files hold it."""
    plain = row._asdict()
    return {
        **{name: plain[name] for name in COLUMNS if name in plain},
        "at": row.at.astimezone(LOCAL).isoformat(timespec="milliseconds"),
        "entry": str(row.entry_id),
    }


def visible_officer(row: Lookup) -> str:
    """Return what an officer is called in lists: the beginning of the pseudonym."""
    return row.officer.hex()[:8] if row.officer else "–"


def new_handle() -> str:
    """Return a random name of 130 bits for a person searched for: letters alone, so never like a number."""
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(28))


def is_own(visit: Visit, handle: Handle) -> bool:
    """Whether a search for a person is the reader's own and not too old: others may not go on under its reason."""
    return handle.made_by == visit.user.login and visit.now - handle.made_at <= HANDLE_LIFE


def _before(filters: Filters, place: Place) -> Filters:
    names = Filters.__dataclass_fields__
    return Filters(**{**{name: getattr(filters, name) for name in names}, "before": place})


def _period(query: dict[str, str], now: datetime) -> tuple[datetime, datetime]:
    """Return (since, before) from `from` and `to` (local days, `to` inclusive) or `period`."""
    today = datetime.combine(now.astimezone(LOCAL).date(), time(), LOCAL)
    days = {"today": 0, "7d": 6, "30d": 29}
    since, before = _FIRST, now + timedelta(hours=1)
    if "from" in query or "to" in query:
        since = _date(query["from"]) if "from" in query else since
        before = _date(query["to"]) + timedelta(days=1) if "to" in query else before
    elif query.setdefault("period", "7d") in days:
        since = today - timedelta(days=days[query["period"]])
    return since, before


def _date(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=LOCAL)
    except ValueError:
        raise FilterError("lookups.wrong_date") from None


def _services(query: Mapping[str, str]) -> tuple[str, ...] | None:
    """Return the services that `service` or `registry` names; None where neither is there."""
    if "service" in query:
        return (query["service"],)
    if "registry" in query:
        return tuple(name for name in CATALOGUE if name.startswith(f"{query['registry']}/"))
    return None


async def _officer(visit: Visit, query: Mapping[str, str]) -> tuple[bytes, ...] | None:
    """Return the officer of `officer` (a handle) or of `officer_of` (an entry that the user may see)."""
    if "officer_of" in query:
        try:
            entry_id = str(UUID(query["officer_of"]))
        except ValueError:
            raise FilterError("lookups.no_such_officer") from None
        row = await one_lookup(visit.desk.database, visit.scope, entry_id)
        if row is None or row.officer is None:
            raise FilterError("lookups.no_such_officer")
        return (row.officer,)
    return await _handle(visit, query, "officer")


async def _handle(visit: Visit, query: Mapping[str, str], kind: str) -> tuple[bytes, ...] | None:
    if kind not in query:
        return None
    handle = await visit.desk.doorman.store.handle(query[kind], kind)
    if handle is None or (kind == "subject" and not is_own(visit, handle)):
        raise FilterError("lookups.no_such_search")
    return tuple(handle.pseudonyms)


def _cursor(place: Place) -> str:
    return f"{place.at.isoformat()}_{place.log_id}_{place.position}"


def _place(text: str) -> Place:
    at, _, rest = text.partition("_")
    log_id, _, index = rest.partition("_")
    try:
        place = Place(datetime.fromisoformat(at), int(log_id), int(index))
    except ValueError:
        raise FilterError("lookups.wrong_place") from None
    if place.at.tzinfo is None or not 0 <= place.position < 2**63 or not 0 <= place.log_id < 2**31:
        raise FilterError("lookups.wrong_place")
    return place


def _link(query: Mapping[str, str], **changes: str | None) -> str:
    """Return the list's address with some members changed; None takes one out."""
    kept = {name: value for name, value in {**query, **changes}.items() if value is not None}
    return f"/lookups?{urlencode(kept)}"


def _narrowed(query: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in query.items() if name in _NARROWING]


def _facet_links(query: Mapping[str, str], counted: list[Facet]) -> dict[str, list[tuple[str, int, str]]]:
    """Return, by facet, its values with their counts and the list narrowed by them."""
    grouped: dict[str, list[tuple[str, int, str]]] = {}
    for facet, value, rows in counted:
        if value is not None and not (facet == "explained" and value == "pending"):
            link = _link(query, **{facet: value, "before": None})
            grouped.setdefault(facet, []).append((value, rows, link))
    return grouped


SCREEN = Screen(
    "lookups",
    2,
    (
        Route("lookups", "GET", "/lookups", show, act="search"),
        Route("lookups.find", "POST", "/lookups/find", find),
        Route("lookups.export", "GET", "/lookups/export", export, act="export"),
    ),
)
