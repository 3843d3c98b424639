"""Screen 8, *Cases*: from a suspicion to a verdict that two people stand for.

The rule: every step is in the log before it is taken (`gateway.cases.desk`); what may be done next is asked of
`gateway.cases.states`, so no button offers what would be refused.
"""

from base64 import b64decode
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

import orjson
from aiohttp import web

from gateway.cases.desk import CaseDesk, NoCase, Opening, Step
from gateway.cases.revealing import DAILY_CAP, local_midnight
from gateway.cases.states import Action, Actor, CaseRefused, State, Verdict, allowed
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.export.gathering import ExportRefused, export_detail, gather, prepared
from gateway.export.signing import NotSigned, note_from_keeper
from gateway.store.cases import FIRST_PAGE, STATES, CaseEntry, case_counts, case_page, reveals_since

PAGE = 50
_STEPS = (Action.ASK, Action.ANSWER, Action.NOTE, Action.RETURN)
"""Steps that are a few words and a button; the others have forms of their own."""


@dataclass(frozen=True, slots=True)
class Attached:
    """An entry of a case as it is shown; `client` and the rest are None where the log does not hold it."""

    item: CaseEntry
    client: str | None = None
    unit: str | None = None
    service: str | None = None
    outcome: str | None = None
    officer: str | None = None


def actor_of(visit: Visit) -> Actor:
    """Return the visitor as somebody who takes steps."""
    return Actor(visit.user.login, visit.user.role.value)


async def show(visit: Visit) -> web.StreamResponse:
    """List cases, newest first, by state."""
    state, before = visit.query.get("state"), number_of(visit.query.get("before", "")) or FIRST_PAGE
    states = (state,) if state in STATES else STATES
    rows = await case_page(visit.desk.database, visit.scope, states=states, before=before, limit=PAGE + 1)
    counted = await case_counts(visit.desk.database, visit.scope)
    older = None
    if len(rows) > PAGE:
        older = f"/cases?{urlencode({**visit.query, 'before': str(rows[PAGE - 1].case_id)})}"
    return visit.render(
        "cases.html",
        rows=rows[:PAGE],
        counted=[(name, counted.get(name, 0)) for name in STATES],
        chosen=state if state in STATES else None,
        older=older,
        now=visit.now,
        entry=entry_id_of(visit.query.get("entry", "")) or "",
    )


async def one(visit: Visit) -> web.StreamResponse:
    """Show one case with its steps, entries, alerts and reveals."""
    try:
        whole = await CaseDesk(visit.desk.database).read(visit.scope, int(visit.path("case")))
    except NoCase:
        return visit.missing()
    may = allowed(whole.standing, actor_of(visit))
    revealed = await reveals_since(visit.desk.database, visit.user.login, local_midnight(visit.now))
    return visit.render(
        "cases_one.html",
        case=whole.row,
        steps=whole.steps,
        entries=[_attached(item) for item in whole.entries],
        alerts=whole.alerts,
        reveals=whole.reveals,
        offered=[action for action in _STEPS if action in may],
        may_propose=Action.PROPOSE in may,
        may_attach=Action.ATTACH in may,
        may_reveal=Action.REVEAL in may and visit.desk.console.reveal_key is not None,
        may_close=Action.CLOSE in may,
        four_eyes=whole.row.state == State.PROPOSED and Action.CLOSE not in may,
        second_needed=revealed >= DAILY_CAP,
        left=max(DAILY_CAP - revealed, 0),
        verdicts=list(Verdict),
        now=visit.now,
    )


async def open_case(visit: Visit) -> web.StreamResponse:
    """Open a case about a look-up, an alert, or neither."""
    entry, alert = visit.form.get("entry", ""), visit.form.get("alert", "")
    entries = [found] if (found := entry_id_of(entry)) else []
    if entry and not entries:
        return await _refused(visit, "entry")
    opening = Opening(
        "alert" if alert else "auditor",
        visit.form.get("title", ""),
        note=visit.form.get("note"),
        agency=None if entries or visit.scope.is_everything else next(iter(sorted(visit.scope.patterns))).rstrip("*"),
        entries=entries,
        alerts=[number] if (number := number_of(alert)) else [],
    )
    try:
        opened = await CaseDesk(visit.desk.database).open(visit.record, actor_of(visit), visit.scope, opening)
    except CaseRefused as refused:
        return await _refused(visit, refused.word)
    return visit.redirect(f"/cases/{opened}")


async def step(visit: Visit) -> web.StreamResponse:
    """Take a step: ask, answer, note, return, attach or propose."""
    word, entry = visit.form.get("action", ""), visit.form.get("entry", "")
    if word not in {*_STEPS, Action.ATTACH, Action.PROPOSE}:
        return await _refused(visit, "state")
    verdict = visit.form.get("verdict", "")
    found = entry_id_of(entry)
    if word == Action.ATTACH and found is None:
        return await _refused(visit, "entry")
    return await _taken(
        visit,
        Step(
            Action(word),
            visit.form.get("note"),
            Verdict(verdict) if verdict in set(Verdict) else None,
            [found] if found and word == Action.ATTACH else [],
        ),
    )


async def close(visit: Visit) -> web.StreamResponse:
    """Close a case with the verdict that somebody else proposed."""
    return await _taken(visit, Step(Action.CLOSE, visit.form.get("note")))


async def export(visit: Visit) -> web.StreamResponse:
    """Hand out a case's evidence in a file that the keeper signs; a step of the case and an entry come first."""
    case_id, desk = int(visit.path("case")), CaseDesk(visit.desk.database)
    database = visit.desk.database
    try:
        whole = await desk.read(visit.scope, case_id)
        entries = await gather(database, visit.desk.reads, whole)
        made = prepared(whole, entries, visit.desk.keys, visit.now)
        detail = {**export_detail(case_id, entries), "manifest": made.digest.hex()}
        recorded = await visit.record("export", detail)
        await desk.step(visit.record, actor_of(visit), visit.scope, case_id, Step(Action.EXPORT))
        note = await note_from_keeper(database, made, recorded.entry_id)
    except NoCase:
        await visit.record("export", {"case": case_id}, outcome="refused")
        return visit.missing()
    except NotSigned:
        return await _refused(visit, "unsigned")
    except (CaseRefused, ExportRefused):
        return await _refused(visit, "export")
    return visit.download(made.zipped(note), f"case-{case_id}.zip", "application/zip")


async def _taken(visit: Visit, wanted: Step) -> web.StreamResponse:
    case_id = int(visit.path("case"))
    try:
        await CaseDesk(visit.desk.database).step(visit.record, actor_of(visit), visit.scope, case_id, wanted)
    except NoCase:
        await visit.record("case-step", {"case": case_id}, outcome="refused")
        return visit.missing()
    except CaseRefused as refused:
        return await _refused(visit, refused.word)
    return visit.redirect(f"/cases/{case_id}")


async def _refused(visit: Visit, word: str) -> web.StreamResponse:
    """Say why nothing was done; the attempt is an entry too."""
    await visit.record("case-refused", {"why": word}, outcome="refused")
    return visit.refused(f"cases.refused_{word.replace('-', '_')}")


def _attached(item: CaseEntry) -> Attached:
    if item.entry is None:
        return Attached(item)
    leaf = orjson.loads(item.entry.leaf)
    officer = leaf.get("pseudonyms", {}).get("officer")
    return Attached(
        item,
        client=leaf.get("client"),
        unit=leaf.get("unit"),
        service=leaf.get("service"),
        outcome=leaf.get("outcome"),
        officer=b64decode(officer).hex() if officer else None,
    )


def entry_id_of(text: str) -> str | None:
    """Return a text as an entry's id; None where it is none."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


def number_of(text: str) -> int | None:
    """Return a number that the database can hold; None where it is none."""
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 19 else None  # noqa: PLR2004 — bigint


SCREEN = Screen(
    "cases",
    8,
    (
        Route("cases", "GET", "/cases", show, act="cases"),
        Route("case.open", "POST", "/cases", open_case),
        Route("case", "GET", r"/cases/{case:\d{1,18}}", one, act="case"),
        Route("case.step", "POST", r"/cases/{case:\d{1,18}}/step", step),
        Route("case.close", "POST", r"/cases/{case:\d{1,18}}/close", close),
        Route("case.export", "POST", r"/cases/{case:\d{1,18}}/export", export),
    ),
)
