"""Screen 7, *Alerts*: what the rules found, best believed first; one alert, who looks into it, and how it ended.

The rule: an alert says in a sentence why it is there and leads to its look-up; nobody is named. Alone one may only let
an alert go, with a reason; that somebody did wrong is for a case to say, where two people stand for it. Every step is
an entry of the log first.
"""

from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from gateway.audit.rules.table import BY_ID
from gateway.cases.desk import in_scope
from gateway.console.doorman import scope_of
from gateway.console.roles import Role, may
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.store.alerts import AlertRow, AlertStep, alert_steps, one_alert, take_alert_step
from gateway.store.console_lookups import Filters, Lookup, Place, lookups
from gateway.store.findings import alerts
from schemas.dates import LOCAL

PAGE, BEHIND = 50, 30
STATES = ("open", "assigned", "closed")
VERDICTS = ("appropriate", "inconclusive")
"""How an alert may be let go without a case."""
_FIRST = (1e9, 2**62)
_REASON = 1000
_MONTH = timedelta(days=30)


async def show(visit: Visit) -> web.StreamResponse:
    """Show alerts by state and rule."""
    state = visit.query.get("state", "open")
    state = state if state in STATES else ""
    rule = visit.query.get("rule", "")
    rule = rule if rule in BY_ID else ""
    rows = await alerts(visit.desk.database, visit.scope, state, rule, _after(visit), PAGE + 1)
    older = None
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        cursor = f"{last['score']!r}_{last['alert_id']}"
        older = f"/alerts?{urlencode({**visit.query, 'after': cursor})}"
    return visit.render(
        "alerts.html",
        alerts=rows[:PAGE],
        states=STATES,
        state=state,
        rules=sorted(BY_ID),
        rule=rule,
        older=older,
        sentence="sentence_vi" if visit.user.language == "vi" else "sentence_en",
    )


async def one(visit: Visit) -> web.StreamResponse:
    """Show one alert: why, what is behind it, who looks into it, and what was done."""
    row = await _alert(visit)
    if row is None:
        return visit.missing()
    open_now = row.state != "closed" and row.case_id is None and row.withdrawn is None
    return visit.render(
        "alerts_one.html",
        alert=row,
        sentence=row.vi if visit.user.language == "vi" else row.en,
        rule=BY_ID.get(row.rule),
        steps=await alert_steps(visit.desk.database, row.alert_id),
        behind=await _behind(visit, row),
        auditors=await _auditors(visit, row) if open_now and visit.may("alert.assign") else [],
        may_close=open_now and visit.may("alert.close"),
        may_reopen=row.state == "closed" and row.closed_by is not None and visit.may("alert.close"),
        may_open_case=open_now and visit.may("case.open"),
        verdicts=VERDICTS,
    )


async def assign(visit: Visit) -> web.StreamResponse:
    """Give an alert to somebody who may look into it; the entry comes first."""
    row, to = await _alert(visit), visit.form.get("to", "")
    if row is None or to not in await _auditors(visit, row):
        await visit.record("alert-assign", {}, outcome="refused")
        return visit.missing() if row is None else visit.refused("alerts.wrong_person")
    recorded = await visit.record("alert-assign", {"alert": row.alert_id, "rule": row.rule}, sealed={"to": to})
    after = len(await alert_steps(visit.desk.database, row.alert_id))
    step = AlertStep(after, visit.now, visit.user.login, "assign", to, None, None, UUID(recorded.entry_id))
    return await _taken(visit, row, step)


async def close(visit: Visit) -> web.StreamResponse:
    """Let an alert go with a verdict and a reason, or take that back."""
    row, verdict, reason = await _alert(visit), visit.form.get("verdict", ""), visit.form.get("reason", "")
    if row is None:
        await visit.record("alert-close", {}, outcome="refused")
        return visit.missing()
    again = visit.form.get("action") == "reopen"
    if not 0 < len(reason) <= _REASON or "\0" in reason or not (again or verdict in VERDICTS):
        await visit.record("alert-close", {"alert": row.alert_id}, outcome="refused")
        return visit.refused("alerts.needs_reason")
    action, given = ("reopen", None) if again else ("close", verdict)
    told = {"alert": row.alert_id, "rule": row.rule, **({"verdict": verdict} if given else {})}
    recorded = await visit.record(f"alert-{action}", told, sealed={"reason": reason})
    after = len(await alert_steps(visit.desk.database, row.alert_id))
    step = AlertStep(after, visit.now, visit.user.login, action, None, given, reason, UUID(recorded.entry_id))
    return await _taken(visit, row, step)


async def _taken(visit: Visit, row: AlertRow, step: AlertStep) -> web.StreamResponse:
    if not await take_alert_step(visit.desk.database, row.alert_id, step):
        return visit.refused("alerts.meanwhile", 409)
    return visit.redirect(f"/alerts/{row.alert_id}")


async def _alert(visit: Visit) -> AlertRow | None:
    return await one_alert(visit.desk.database, visit.scope, int(visit.path("alert")))


async def _auditors(visit: Visit, row: AlertRow) -> list[str]:
    """Return the logins that an alert may be given to: of those who may look into it, with its agency in scope."""
    users = await visit.desk.doorman.store.users()
    return [
        user.login
        for user in users
        if not user.disabled and may(Role(user.role), "alert.close") and in_scope(scope_of(user.scope), row.agency)
    ]


async def _behind(visit: Visit, row: AlertRow) -> list[Lookup]:
    """Return the look-ups behind an alert: of that officer about that person, of that officer's or client's day."""
    day = datetime.combine(row.happened_at.astimezone(LOCAL).date(), time(), LOCAL)
    about_person = row.subject is not None
    filters = Filters(
        since=row.happened_at - _MONTH if about_person else day,
        before=Place(row.happened_at + timedelta(seconds=1), 2**31 - 1, 2**63 - 1),
        officer=(row.officer,) if row.officer and row.rule != "many-officers" else None,
        subject=(row.subject,) if row.subject else None,
        client=row.client if not (row.officer or about_person) else None,
    )
    return await lookups(visit.desk.database, visit.scope, filters, BEHIND)


def _after(visit: Visit) -> tuple[float, int]:
    score, _, number = visit.query.get("after", "").partition("_")
    try:
        after = float(score), int(number)
    except ValueError:
        return _FIRST
    return after if 0 <= after[0] <= 100 and 0 <= after[1] < 2**62 else _FIRST  # noqa: PLR2004 — a score's own bounds


_ONE = r"/alerts/{alert:\d{1,18}}"
SCREEN = Screen(
    "alerts",
    7,
    (
        Route("alerts", "GET", "/alerts", show, act="alerts"),
        Route("alert", "GET", _ONE, one, act="alert"),
        Route("alert.assign", "POST", f"{_ONE}/assign", assign),
        Route("alert.close", "POST", f"{_ONE}/close", close),
    ),
)
