"""Screen 7, *Alerts and rules*: what the rules found, best believed first, and each rule's record.

The rule: an alert says in a sentence why it is there and leads to its look-up; nobody is named.
"""

from datetime import timedelta
from urllib.parse import urlencode

from aiohttp import web

from gateway.audit.backtest import figures
from gateway.audit.rules.table import BY_ID
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.store.findings import alerts

PAGE, BACK_TEST_DAYS = 50, 30
STATES = ("open", "assigned", "closed")
_FIRST = (1e9, 2**62)


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


async def rules(visit: Visit) -> web.StreamResponse:
    """Show every rule with what it did in the last 30 days and how right it was."""
    told = await figures(visit.desk.database, visit.now - timedelta(days=BACK_TEST_DAYS))
    return visit.render("alerts_rules.html", rules=told, days=BACK_TEST_DAYS)


def _after(visit: Visit) -> tuple[float, int]:
    score, _, number = visit.query.get("after", "").partition("_")
    try:
        after = float(score), int(number)
    except ValueError:
        return _FIRST
    return after if 0 <= after[0] <= 100 and 0 <= after[1] < 2**62 else _FIRST  # noqa: PLR2004 — a score's own bounds


SCREEN = Screen(
    "alerts",
    7,
    (
        Route("alerts", "GET", "/alerts", show, act="alerts"),
        Route("rules", "GET", "/rules", rules, act="rules"),
    ),
)
