"""Screen 4, *Subject*: who looked at one person, under a case and with a reason; and the reveal.

The rule: the person stays a pseudonym, and the address holds a random name; a search needs a case and a reason, belongs
to whoever made it, and every view of it is in the log. What a reveal opened is shown once, on the answer to its form.
"""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from gateway.cases.desk import CaseDesk, NoCase, Whole
from gateway.cases.revealing import Revealer, load_reveal_key
from gateway.cases.states import CaseRefused, State
from gateway.console.doorman import LoginRefused, Slowed
from gateway.console.roles import may
from gateway.console.screens import Route, Screen
from gateway.console.views.cases import actor_of, entry_id_of, number_of
from gateway.console.views.lookups import is_own, new_handle
from gateway.console.visit import Visit
from gateway.evidence.keys import EvidenceKeyError
from gateway.evidence.leaf import parse
from gateway.store.console import Handle
from gateway.store.console_lookups import Filters, Place, lookups
from schemas.identifiers import ID_TYPES, canonical

PAGE = 50
_YEAR = timedelta(days=366)
_REASON = 300
_WHY: Mapping[type[Exception], str] = {
    NoCase: "entry",
    LoginRefused: "second",
    Slowed: "second",
    EvidenceKeyError: "destroyed",
}


async def show(visit: Visit) -> web.StreamResponse:
    """Show the form, or the last twelve months of a person who was searched for."""
    name = visit.query.get("handle")
    if name is None:
        return _form(visit)
    handle = await visit.desk.doorman.store.handle(name, "subject")
    if handle is None or handle.case_id is None or not is_own(visit, handle):
        return visit.missing()
    filters = Filters(
        since=visit.now - _YEAR,
        before=_place(visit.query.get("before", ""), visit.now),
        subject=tuple(handle.pseudonyms),
    )
    rows = await lookups(visit.desk.database, visit.scope, filters, PAGE + 1)
    older = None
    if len(rows) > PAGE:
        last = rows[PAGE - 1].place
        cursor = f"{last.at.isoformat()}_{last.log_id}_{last.position}"
        older = f"/subject?{urlencode({'handle': name, 'before': cursor})}"
    return visit.render(
        "subject_one.html",
        handle=handle,
        pseudonym=handle.pseudonyms[0].hex()[:16],
        rows=rows[:PAGE],
        unexplained=sum(row.explained == "unexplained" for row in rows[:PAGE]),
        units=len({row.unit for row in rows[:PAGE]}),
        older=older,
        whole=older is None and "before" not in visit.query,
    )


async def find(visit: Visit) -> web.StreamResponse:
    """Turn a number, or the person of a case's entry, into a random name; recorded with case and reason."""
    case = await _case(visit)
    reason, entry = visit.form.get("reason", ""), entry_id_of(visit.form.get("entry", ""))
    if case is None or (entry is None and not 0 < len(reason) <= _REASON):
        await visit.record("subject-search", {}, outcome="refused")
        return visit.refused("subject.needs_case")
    detail = {"case": case.row.case_id}
    if entry is not None:
        if entry not in {item.entry_id for item in case.entries}:
            await visit.record("subject-search", detail, outcome="refused")
            return visit.refused("cases.refused_entry")
        pseudonyms = await _pseudonyms_of(visit, entry)
        recorded = await visit.record("subject-search", {**detail, "entry": entry})
    else:
        try:
            id_type = visit.form.get("id_type", "")
            number = canonical(id_type, visit.form.get("number", "").replace(" ", ""))
        except (ValueError, KeyError):
            await visit.record("subject-search", detail, outcome="refused")
            return visit.refused("subject.wrong_number")
        pseudonyms = visit.desk.pseudonyms.everywhere(id_type, number)
        sealed = {"searched": {"id_type": id_type, "id": number}, "reason": reason}
        recorded = await visit.record("subject-search", detail, subject=(id_type, number), sealed=sealed)
    if not pseudonyms:
        return visit.refused("subject.nobody")
    handle = Handle(new_handle(), "subject", pseudonyms, visit.user.login, case.row.case_id, reason or None, visit.now)
    await visit.desk.doorman.store.put_handle(handle, recorded.entry_id)
    return visit.redirect("/subject", handle=handle.handle)


async def reveal(visit: Visit) -> web.StreamResponse:
    """Reveal whom an entry of a case is about, once, on this very answer."""
    case_id, entry = number_of(visit.form.get("case", "")), entry_id_of(visit.form.get("entry", ""))
    if visit.desk.console.reveal_key is None or case_id is None or entry is None:
        return await _refused(visit, "entry")
    if not await visit.desk.doorman.spend_code(visit.user.login, visit.form.get("code", ""), visit.now):
        return await _refused(visit, "code")
    try:
        second = await _second(visit)
        revealer = Revealer(visit.desk.database, load_reveal_key(visit.desk.console.reveal_key))
        place = (case_id, entry)
        shown = await revealer.reveal(visit.record, actor_of(visit), visit.scope, place, visit.now, second)
    except (NoCase, LoginRefused, Slowed, EvidenceKeyError, CaseRefused) as refused:
        return await _refused(visit, refused.word if isinstance(refused, CaseRefused) else _WHY[type(refused)])
    return visit.render("subject_revealed.html", shown=shown, case=case_id)


async def _second(visit: Visit) -> str | None:
    """Return the second person's login, once proved by password and code; None where nobody takes part.

    Raises `LoginRefused` or `Slowed`; `CaseRefused` where that person may not reveal.
    """
    login = visit.form.get("second", "")
    if not login:
        return None
    password, code = visit.form.get("second_password", ""), visit.form.get("second_code", "")
    user = await visit.desk.doorman.log_in(login, password, code, visit.desk.origin(visit.request), visit.now)
    if not may(user.role, "subject.reveal"):
        raise CaseRefused("second", "this person may not reveal")
    return user.login


async def _case(visit: Visit) -> Whole | None:
    """Return the open case of the form; None where there is none in scope."""
    case_id = number_of(visit.form.get("case", ""))
    try:
        whole = await CaseDesk(visit.desk.database).read(visit.scope, case_id or 0)
    except NoCase:
        return None
    return whole if whole.row.state != State.CLOSED else None


async def _pseudonyms_of(visit: Visit, entry_id: str) -> list[bytes]:
    """Return the pseudonyms by which an entry knows its person: as asked, and as the registry answered."""
    found = await visit.desk.reads.by_id(entry_id)
    members = parse(found.leaf).get("pseudonyms", {}) if found is not None else {}
    return [b64decode(members[name]) for name in ("person", "subject") if name in members]


def _place(text: str, now: datetime) -> Place:
    """Return where a page begins: as its address says, else with the newest."""
    newest = Place(now + timedelta(minutes=1), 2**31 - 1, 2**63 - 1)
    at, _, rest = text.partition("_")
    log_id, _, index = rest.partition("_")
    try:
        place = Place(datetime.fromisoformat(at), int(log_id), int(index))
    except ValueError:
        return newest
    known = place.at.tzinfo is not None and 0 <= place.log_id < 2**31 and 0 <= place.position < 2**63
    return place if known else newest


def _form(visit: Visit) -> web.StreamResponse:
    return visit.render("subject.html", id_types=ID_TYPES, case=visit.query.get("case", ""))


async def _refused(visit: Visit, word: str) -> web.StreamResponse:
    """Say why nothing was opened; the attempt is an entry too."""
    await visit.record("reveal-refused", {"why": word}, outcome="refused")
    return visit.refused(f"cases.refused_{word.replace('-', '_')}")


SCREEN = Screen(
    "subject",
    4,
    (
        Route("subject", "GET", "/subject", show, act="subject"),
        Route("subject.find", "POST", "/subject/find", find),
        Route("subject.reveal", "POST", "/subject/reveal", reveal),
    ),
)
