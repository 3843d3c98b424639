"""Screen 12, *Deliveries*: what waits for the National Portal, what is parked and why, and trying again.

The rule: trying again is an operator's act, an entry of the log before it is done, within the operator's agencies.
"""

from urllib.parse import urlencode

from aiohttp import web

from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.store.console_screens import Screens
from gateway.store.delivery import head_of, replay
from schemas.identifiers import checked_dossier

PAGE = 100
_WHICH = ("all", "parked", "waiting")
_LONGEST = 19


async def show(visit: Visit) -> web.StreamResponse:
    """Show the dossiers with something to deliver, or one of them event by event."""
    screens = Screens(visit.desk.database, visit.scope)
    if "dossier" in visit.query:
        return await _one(visit, screens, visit.query["dossier"])
    which = visit.query.get("which", "all")
    after = visit.query.get("after", "0")
    if which not in _WHICH or not (after.isascii() and after.isdigit() and len(after) < _LONGEST):
        return visit.refused("frame.refused_text")
    rows = await screens.deliveries(which, int(after), PAGE + 1)
    more = None
    if len(rows) > PAGE:
        more = f"/deliveries?{urlencode({'which': which, 'after': str(rows[PAGE - 1].next)})}"
    return visit.render(
        "deliveries.html",
        rows=rows[:PAGE],
        which=which,
        kinds=_WHICH,
        waiting=await screens.backlog(),
        more=more,
        one=None,
        events=[],
    )


async def try_again(visit: Visit) -> web.StreamResponse:
    """Have a dossier delivered at once, parked or not; the portal is asked first what it holds."""
    code = visit.form.get("dossier", "")
    try:
        checked_dossier(code)
    except ValueError:
        await visit.record("replay", {"dossier": None}, outcome="refused")
        return visit.refused("frame.refused_text")
    await visit.record("replay", {"dossier": code})
    if await Screens(visit.desk.database, visit.scope).delivery(code) is None:
        return visit.missing()
    await replay(visit.desk.database, code)
    return visit.redirect("/deliveries", dossier=code)


async def _one(visit: Visit, screens: Screens, code: str) -> web.StreamResponse:
    one = await screens.delivery(code)
    known = await head_of(visit.desk.database, code) if one is not None else None
    if one is None or known is None:
        return visit.missing()
    return visit.render(
        "deliveries.html",
        rows=[one],
        which="all",
        kinds=_WHICH,
        waiting=await screens.backlog(),
        more=None,
        one=one,
        events=known[1],
    )


SCREEN = Screen(
    "deliveries",
    12,
    (
        Route("deliveries", "GET", "/deliveries", show, act="deliveries"),
        Route("deliveries.replay", "POST", "/deliveries/replay", try_again),
    ),
)
