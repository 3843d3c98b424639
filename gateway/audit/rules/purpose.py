"""Look-ups without a reason: no or a closed dossier, a purpose that does not fit, more fields than needed."""

from datetime import timedelta

from gateway.audit.explanations import DOSSIER, UNEXPLAINED, Explanation
from gateway.audit.facts import Lookup, Surroundings
from gateway.audit.rules.base import About, Finding, Rule, lately, officer_key, once_a_day
from gateway.audit.tuning import Limit

_NO_DOSSIER = {
    "no-dossier": ("không nêu hồ sơ nào", "names no dossier"),
    "foreign-dossier": ("nêu hồ sơ của hệ thống khác", "names another caller's dossier"),
    "closed-dossier": ("nêu hồ sơ đã kết thúc", "names a dossier that had ended"),
    "opened-afterwards": ("có trước khi hồ sơ được mở", "was made long before its dossier was opened"),
    "reported-too-late": ("nêu hồ sơ được báo quá muộn", "names a dossier that was reported too late"),
    "unknown-dossier": ("nêu hồ sơ chưa từng được báo", "names a dossier that was never reported"),
}
_MISFIT = {
    "not-a-party": ("người bị tra cứu không phải là bên trong hồ sơ", "the person is no party of the dossier"),
    "other-procedure": ("thủ tục khai khác thủ tục của hồ sơ", "the procedure is not the dossier's"),
    "not-needed": ("thủ tục không cần dữ liệu này", "the procedure does not need this service"),
}
UNKNOWN_PERSONS = Limit(
    "no-dossier.persons",
    3,
    1,
    50,
    "số người trong ngày với hồ sơ chưa được báo",
    "persons a day, dossier unreported",
)
"""A dossier nobody reported may be a slip; about so many persons in a day it is not."""
EXTRA_FIELDS = Limit("over-collection.fields", 4, 1, 20, "số trường vượt nhu cầu", "fields beyond the need")
FOLDED_BEYOND = 5
"""Persons of an officer's day that get an alert each: the rest share one."""


def _why(lookup: Lookup, explanation: Explanation) -> str:
    """Return why an answered look-up is not explained; a refused one told nobody anything."""
    unexplained = lookup.kind == "answered" and explanation.kind == UNEXPLAINED
    return str(explanation.detail.get("why", "")) if unexplained else ""


def _no_dossier(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    why = _why(lookup, explanation)
    if why not in _NO_DOSSIER:
        return None
    if why == "unknown-dossier":
        day = lately(lookup, around.by_officer, timedelta(hours=24))
        persons = {past.subject for past in day if past.why == why} | {lookup.subject}
        if len(persons) < UNKNOWN_PERSONS.of(around.tuning):
            return None
        return Finding((officer_key(lookup), "unknown", lookup.day), _words(_NO_DOSSIER[why]))
    return _folded(lookup, around, _words(_NO_DOSSIER[why]))


def _folded(lookup: Lookup, around: Surroundings, words: dict[str, str]) -> Finding:
    """Return one finding a person and day, and a single one for all beyond the first few persons of an officer."""
    day = lately(lookup, around.by_officer, timedelta(hours=24))
    persons = {past.subject for past in day if past.explained == UNEXPLAINED and past.at < lookup.at}
    if len(persons - {lookup.subject}) < FOLDED_BEYOND:
        return once_a_day(lookup, words)
    return Finding((officer_key(lookup), "many", lookup.day), words)


def _misfit(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    why = _why(lookup, explanation)
    return _folded(lookup, around, _words(_MISFIT[why])) if why in _MISFIT else None


def _words(pair: tuple[str, str]) -> dict[str, str]:
    return {"vi": pair[0], "en": pair[1]}


def _too_much(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    need = (around.needs or {}).get(lookup.service or "")
    if explanation.kind != DOSSIER or need is None:
        return None
    extra = sorted(lookup.fields - need.fields)
    if len(extra) < EXTRA_FIELDS.of(around.tuning):
        return None
    key = (lookup.client or "", lookup.unit or "", lookup.procedure or "", lookup.service or "", lookup.day)
    return Finding(key, {"count": len(extra), "fields": ", ".join(extra)})


NO_DOSSIER = Rule(
    "no-dossier",
    1,
    0.75,
    "Tra cứu {vi}, và không có lý do nào khác giải thích được.",
    "The look-up {en}, and nothing else explains it.",
    _no_dossier,
    limits=(UNKNOWN_PERSONS,),
    budget=3.0,
)
MISFIT = Rule(
    "purpose",
    1,
    0.7,
    "Mục đích không khớp: {vi}.",
    "The purpose does not fit: {en}.",
    _misfit,
    budget=2.5,
)
TOO_MUCH = Rule(
    "over-collection",
    1,
    0.6,
    "Lấy {count} trường vượt nhu cầu của thủ tục: {fields}.",
    "{count} fields beyond what the procedure needs: {fields}.",
    _too_much,
    about=About.OFFICER,
    limits=(EXTRA_FIELDS,),
)
