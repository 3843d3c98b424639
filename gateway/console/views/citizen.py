"""Screen 14, *Citizen requests*: objections and their clock, reports made at the counter, lawful delays.

The rule: a report for a citizen is recorded as any other and handed out as a file; a delay has a ground and an end, and
only the data-protection officer sets one.
"""

from datetime import UTC, date, datetime, timedelta

from aiohttp import web

from gateway.cases.desk import in_scope
from gateway.cases.states import CaseRefused
from gateway.citizen.objecting import NotYours, Objections
from gateway.citizen.page import as_html, masked_number
from gateway.citizen.report import Period, Reporter
from gateway.console.screens import Route, Screen
from gateway.console.views.cases import actor_of, entry_id_of
from gateway.console.visit import Visit
from gateway.store import citizen as store
from schemas.dates import LOCAL
from schemas.identifiers import canonical, checked_dossier

_YEAR = timedelta(days=366)
_LONGEST_DELAY = timedelta(days=366)
_GROUND = 300
_NO_ENTRY = "00000000-0000-0000-0000-000000000000"


async def show(visit: Visit) -> web.StreamResponse:
    """Show objections, delays in force and reports made."""
    database = visit.desk.database
    return visit.render(
        "citizen.html",
        objections=await store.objection_page(database, visit.scope),
        delays=await store.delay_page(database, visit.scope, visit.now),
        reports=await store.report_page(database, None if visit.scope.is_everything else visit.user.login),
        now=visit.now,
    )


async def report(visit: Visit) -> web.StreamResponse:
    """Hand out a citizen's report as a page; the entry of kind `read` and this act come first."""
    try:
        person = "personal_id", canonical("personal_id", visit.form.get("number", "").replace(" ", ""))
    except ValueError:
        await visit.record("citizen-report", {}, outcome="refused")
        return visit.refused("citizen.wrong_number")
    desk = visit.desk
    await visit.record("citizen-report", {}, subject=person)
    period = Period(visit.now - _YEAR, visit.now + timedelta(seconds=1))
    reporter = Reporter(desk.database, desk.evidence, desk.keys, desk.clock)
    made = await reporter.report(person, period, "console", visit.user.login)
    name = f"citizen-report-{visit.now.astimezone(LOCAL):%Y%m%d-%H%M%S}.html"
    return visit.download(as_html(made, masked_number(person[1])).encode(), name, "text/html")


async def object_to(visit: Visit) -> web.StreamResponse:
    """Take an objection at the counter: it opens a case with the two-working-day clock."""
    entry = entry_id_of(visit.form.get("entry", ""))
    try:
        person = "personal_id", canonical("personal_id", visit.form.get("number", "").replace(" ", ""))
        objections = Objections(visit.desk.database, visit.desk.pseudonyms, visit.desk.clock)
        done = await objections.object(
            visit.record, actor_of(visit), person, entry or _NO_ENTRY, visit.form.get("note")
        )
    except ValueError:
        await visit.record("objection", {}, outcome="refused")
        return visit.refused("citizen.wrong_number")
    except (NotYours, CaseRefused):
        await visit.record("objection", {}, outcome="refused")
        return visit.refused("citizen.not_theirs")
    if not done.new:
        await visit.record("objection", {"case": done.case_id}, outcome="refused")
        return visit.refused("citizen.known")
    return visit.redirect("/citizen-requests")


async def delay(visit: Visit) -> web.StreamResponse:
    """Set, move or end a lawful delay of a dossier."""
    ground, until = visit.form.get("ground", ""), _last_day(visit.form.get("until", ""))
    try:
        dossier = checked_dossier(visit.form.get("dossier", ""))
    except ValueError:
        dossier = ""
    if not in_scope(visit.scope, dossier.partition("-")[0] or None):
        dossier = ""
    if not dossier or not 0 < len(ground) <= _GROUND or until is None or until > visit.now + _LONGEST_DELAY:
        await visit.record("delay", {}, outcome="refused")
        return visit.refused("citizen.wrong_delay")
    detail = {"dossier": dossier, "until": until.astimezone(UTC).isoformat()}
    recorded = await visit.record("delay", detail, sealed={"ground": ground})
    await store.put_delay(visit.desk.database, store.Delay(dossier, ground, until, visit.user.login), recorded.entry_id)
    return visit.redirect("/citizen-requests")


def _last_day(text: str) -> datetime | None:
    """Return the end of a day, local; None where it is none."""
    try:
        return datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time(), LOCAL)
    except (ValueError, OverflowError):
        return None


SCREEN = Screen(
    "citizen",
    14,
    (
        Route("citizen", "GET", "/citizen-requests", show, act="citizen"),
        Route("citizen.report", "POST", "/citizen-requests/report", report),
        Route("citizen.object", "POST", "/citizen-requests/objection", object_to),
        Route("citizen.delay", "POST", "/citizen-requests/delay", delay),
    ),
)
