"""Screen 9, *Random check*: every week a few look-ups of every kind in every province, whatever the rules said of them.

The rule: nobody can foresee which: their order is a keyed hash. Emergencies are always among them. What is judged
doubtful is followed up as a case, from the look-up's own page.
"""

import hmac
from datetime import date, datetime, time, timedelta

from aiohttp import web

from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.store.console_screens import Screens
from schemas.dates import LOCAL

EACH = 3
"""Look-ups of a stratum."""
_WEEKS = 8
_VERDICTS = ("in_order", "doubtful")
_UUID = 36


def monday(day: date) -> date:
    """Return the Monday of a day's week."""
    return day - timedelta(days=day.weekday())


async def show(visit: Visit) -> web.StreamResponse:
    """Show a week's sample; the newest is of the last whole week, drawn when it is first looked at."""
    newest = monday(visit.now.astimezone(LOCAL).date()) - timedelta(weeks=1)
    weeks = [newest - timedelta(weeks=back) for back in range(_WEEKS)]
    week = next((one for one in weeks if one.isoformat() == visit.query.get("week")), newest)
    screens = Screens(visit.desk.database, visit.scope)
    since, until = (datetime.combine(day, time(), LOCAL) for day in (week, week + timedelta(weeks=1)))
    await screens.draw(week, since, until, secret=secret_of(visit.desk.console.key_bytes(), week), each=EACH)
    rows = await screens.sample(week)
    return visit.render(
        "sample.html",
        week=week,
        last=week + timedelta(days=6),
        weeks=weeks,
        rows=rows,
        done=sum(row.verdict is not None for row in rows),
        each=EACH,
    )


async def judge(visit: Visit) -> web.StreamResponse:
    """Keep what an auditor makes of one look-up of a sample, once."""
    entry, verdict, week = (visit.form.get(name, "") for name in ("entry", "verdict", "week"))
    screens, day = Screens(visit.desk.database, visit.scope), _day(week)
    rows = await screens.sample(day) if day else []
    if verdict not in _VERDICTS or entry not in {str(row.entry_id) for row in rows}:
        await visit.record("judge", {"verdict": None}, outcome="refused")
        return visit.missing()
    recorded = await visit.record("judge", {"entry": entry, "verdict": verdict, "week": week})
    if not await screens.judge(entry, verdict, visit.user.login, visit.now, recorded.entry_id):
        return visit.refused("sample.judged_before", 409)
    return visit.redirect("/sample", week=week)


def secret_of(key: bytes, week: date) -> bytes:
    """Return what decides a week's order: HMAC-SHA-256 of the week under the console's key."""
    return hmac.digest(key, f"random check {week.isoformat()}".encode(), "sha256")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


SCREEN = Screen(
    "sample",
    9,
    (
        Route("sample", "GET", "/sample", show, act="sample"),
        Route("sample.judge", "POST", "/sample/judge", judge),
    ),
)
