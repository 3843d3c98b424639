"""Screen 13, *Watching the watchers*: what users of the console did, from the log itself.

The rule: who it was is found by the pseudonyms of the known logins; an act by anybody else shows as unknown. Whose acts
one may see ends where one's own territory does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from gateway.console.screens import Route, Screen
from gateway.console.visit import ACTOR, Visit
from gateway.evidence.leaf import parse
from gateway.evidence.pseudonyms import OFFICER
from gateway.store.console import Act
from gateway.store.scope import Scope

PAGE = 100
_DAYS = 30
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Line:
    """One act: when, who, what, and on what."""

    at: datetime
    login: str | None
    act: str
    outcome: str | None
    detail: str
    origin: str
    index: int


async def show(visit: Visit) -> web.StreamResponse:
    """Show the acts of the last 30 days, all users' or one's."""
    known = await _known(visit)
    login = visit.query.get("login")
    officers = None if visit.scope.is_everything and not login else _officers(known, login)
    before = _before(visit)
    rows = await visit.desk.doorman.store.acts(before, visit.now - timedelta(days=_DAYS), officers, PAGE + 1)
    older = None
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        cursor = f"{last.at.isoformat()}_{last.log_id}_{last.index}"
        older = f"/watchers?{urlencode({**visit.query, 'before': cursor})}"
    return visit.render(
        "watchers.html",
        lines=[line_of(row, known) for row in rows[:PAGE]],
        logins=sorted(set(known.values())),
        chosen=login,
        older=older,
        days=_DAYS,
    )


def line_of(act: Act, known: Mapping[bytes, str]) -> Line:
    """Return an act as it is shown."""
    leaf = parse(act.leaf)
    mode = str(leaf.get("mode", "")).removeprefix("console.")
    return Line(
        act.at, known.get(act.officer), mode, act.outcome, _short(leaf.get("detail", {})), act.origin, act.position
    )


def _officers(known: Mapping[bytes, str], login: str | None) -> list[bytes]:
    return [code for code, name in known.items() if login in {None, name}]


async def _known(visit: Visit) -> dict[bytes, str]:
    """Return the users whom the reader may watch, by pseudonym: those who see no more than the reader does."""
    users = [user for user in await visit.desk.doorman.store.users() if _within(visit.scope, user.scope)]
    pseudonyms = visit.desk.pseudonyms
    return {code: user.login for user in users for code in pseudonyms.everywhere(OFFICER, f"{ACTOR}{user.login}")}


def _within(scope: Scope, patterns: tuple[str, ...]) -> bool:
    inside = all(pattern != "*" and scope.holds(pattern.rstrip("*")) for pattern in patterns)
    return scope.is_everything or inside


def _before(visit: Visit) -> tuple[datetime, int, int]:
    at, _, rest = visit.query.get("before", "").partition("_")
    log_id, _, index = rest.partition("_")
    try:
        place = datetime.fromisoformat(at), int(log_id), int(index)
    except ValueError:
        return visit.now + timedelta(minutes=1), 2**31 - 1, 2**63 - 1
    in_range = place[0].tzinfo is not None and 0 <= place[1] < 2**31 and 0 <= place[2] < 2**63
    return place if in_range else (visit.now + timedelta(minutes=1), 2**31 - 1, 2**63 - 1)


def _short(detail: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in detail.items())[:_SHOWN]


SCREEN = Screen("watchers", 13, (Route("watchers", "GET", "/watchers", show, act="watch"),))
