"""Screen 11, *Reuse*: the pictures of the reuse report, its figures, and the dossiers and look-ups behind each.

The rule: what is listed behind a number adds up to it; pictures hold publishable numbers alone.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from aiohttp import web

from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.reuse.behind import RATED, Question, behind
from gateway.reuse.definitions import CAUSES_EN, CAUSES_VI, DEFINITIONS
from gateway.reuse.report.figures import Figure, figures, of_metrics
from gateway.reuse.report.gathering import Report, gather
from gateway.reuse.report.page import Picture, pictures
from gateway.store.reuse import Span
from schemas.dates import local_day

GROUPS = ("agency", "procedure", "province", "registry", "month")
COLUMNS = ("declared", "evidenced", "full_once_only", "component", "on_time", "digitised")
_HEADLINES = ("declared", "evidenced", "full_once_only", "component")
_FILTERS = ("agency", "procedure", "province", "registry", "cause")
_PAGE, _MOST, _LONGEST = 50, 16, timedelta(days=800)
_USUAL = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Drawn:
    """The pictures of one reader's scope and period, as their page shows them, and what they were drawn from."""

    report: Report
    pictures: list[Picture]


_KEPT: OrderedDict[tuple[frozenset[str], Span], Drawn] = OrderedDict()


async def show(visit: Visit) -> web.StreamResponse:
    """Show a period: headline figures, pictures, and the table by group."""
    span = span_of(visit)
    if span is None:
        return visit.refused("reuse.wrong_period")
    report = await _report(visit, span)
    drawn = await _draw(visit, span, report)
    period = {"from": span.first.isoformat(), "to": span.past.isoformat()}
    whole = {figure.metric: figure for figure in of_metrics("", report.whole)}
    return visit.render(
        "reuse.html",
        span=span,
        groups=GROUPS,
        columns=[(name, DEFINITIONS[name]) for name in COLUMNS],
        headlines=[(name, DEFINITIONS[name], whole[name]) for name in _HEADLINES if name in whole],
        pictures=drawn.pictures,
        picture_query=urlencode({**period, "by": span.group_by}),
        period=urlencode(period),
        table=_table(figures(report.rows)),
        names=report.names,
    )


async def chart(visit: Visit) -> web.StreamResponse:
    """Return one picture of a period."""
    span, number = span_of(visit), int(visit.path("number"))
    if span is None:
        return visit.missing()
    drawn = _KEPT.get((visit.scope.patterns, span)) or await _draw(visit, span, await _report(visit, span))
    if number >= len(drawn.pictures):
        return visit.missing()
    return web.Response(text=str(drawn.pictures[number].svg), content_type="image/svg+xml", charset="utf-8")


async def evidence(visit: Visit) -> web.StreamResponse:
    """List the dossiers and look-ups behind a number."""
    span, query = span_of(visit), visit.query
    metric, of = query.get("metric", ""), query.get("of", "numerator")
    if span is None or metric not in RATED or of not in {"numerator", "denominator"}:
        return visit.refused("reuse.wrong_period")
    filters = {name: query[name] for name in _FILTERS if name in query}
    asked = Question(metric, span.first, span.past, of, **filters)
    today = local_day(visit.now)
    try:
        cursor = query.get("cursor")
        listing = await behind(visit.desk.database, visit.scope, asked, today=today, limit=_PAGE, cursor=cursor)
    except ValueError:
        return visit.refused("reuse.wrong_period")
    more = f"/reuse/evidence?{urlencode({**query, 'cursor': listing.next})}" if listing.next else None
    return visit.render(
        "reuse_evidence.html",
        definition=DEFINITIONS[metric],
        filters=filters,
        of=of,
        items=listing.items,
        more=more,
        span=span,
        causes=CAUSES_VI if visit.user.language == "vi" else CAUSES_EN,
    )


def span_of(visit: Visit) -> Span | None:
    """Return the period of the address, by default the last 90 days; None where it is none, or too long."""
    today = local_day(visit.now)
    try:
        past = date.fromisoformat(visit.query["to"]) if "to" in visit.query else today + timedelta(days=1)
        first = date.fromisoformat(visit.query["from"]) if "from" in visit.query else past - _USUAL
    except ValueError:
        return None
    by = visit.query.get("by", "agency")
    return Span(first, past, by) if first < past <= first + _LONGEST and by in GROUPS else None


async def _report(visit: Visit, span: Span) -> Report:
    desk = visit.desk
    return await gather(
        desk.database,
        visit.scope,
        span,
        made_at=visit.now,
        today=local_day(visit.now),
        origin=desk.settings.origin,
        refresh=False,
    )


async def _draw(visit: Visit, span: Span, report: Report) -> Drawn:
    """Draw a report, unless the last one said the same."""
    kept = _KEPT.get((visit.scope.patterns, span))
    if kept is not None and replace(report, made_at=kept.report.made_at) == kept.report:
        return kept
    drawn = Drawn(report, await asyncio.to_thread(pictures, report))
    _KEPT[visit.scope.patterns, span] = drawn
    if len(_KEPT) > _MOST:
        _KEPT.popitem(last=False)
    return drawn


def _table(told: list[Figure]) -> dict[str, dict[str, Figure]]:
    rows: dict[str, dict[str, Figure]] = {}
    for figure in told:
        rows.setdefault(figure.group, {})[figure.metric] = figure
    return rows


SCREEN = Screen(
    "reuse",
    11,
    (
        Route("reuse", "GET", "/reuse", show, act="reuse"),
        Route("reuse.chart", "GET", "/reuse/pictures/{number:[0-9]{1,2}}.svg", chart),
        Route("reuse.evidence", "GET", "/reuse/evidence", evidence, act="evidence"),
    ),
)
