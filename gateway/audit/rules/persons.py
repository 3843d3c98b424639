"""Persons whose data draw the curious: the protected, decoys, the dead, one person again and again or by many."""

from datetime import timedelta

from gateway.audit.explanations import EMERGENCY, UNEXPLAINED, Explanation
from gateway.audit.facts import Lookup, Surroundings
from gateway.audit.rules.base import Finding, Rule, lately, officer_key, once_a_day, person_of
from gateway.audit.tuning import Limit

AGAIN_DAYS = Limit("again-and-again.days", 3, 2, 30, "số ngày khác nhau trong 30 ngày", "different days out of 30")
AGAIN_UNEXPLAINED, AGAIN_DOSSIERS = 2, 3
CROWD_OFFICERS = Limit("many-officers.officers", 4, 2, 50, "số cán bộ trong 24 giờ", "officers within 24 hours")
CROWD_WITHIN = timedelta(hours=24)
_WEAK = frozenset({UNEXPLAINED, EMERGENCY})


def _protected(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    watched = lookup.people & around.staff.protected
    return once_a_day(lookup) if watched and lookup.is_lookup and explanation.kind in _WEAK else None


def _decoy(lookup: Lookup, _: Explanation, around: Surroundings) -> Finding | None:
    return once_a_day(lookup) if lookup.is_lookup and lookup.people & around.staff.decoys else None


def _dead(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    since = around.dead_since(lookup)
    if since is None or not lookup.is_lookup or lookup.at <= since or explanation.kind not in _WEAK:
        return None
    return once_a_day(lookup)


def _again(lookup: Lookup, _: Explanation, around: Surroundings) -> Finding | None:
    """Find an officer who asks about one person on several days, without a reason or under several dossiers."""
    own = [one for one in lately(lookup, around.about_person, timedelta(days=30)) if one.officer == lookup.officer]
    days = {one.day for one in own}
    unexplained = {one.day for one in own if one.explained == UNEXPLAINED}
    dossiers = {one.dossier for one in own if one.dossier}
    often = len(unexplained) >= AGAIN_UNEXPLAINED or len(dossiers) >= AGAIN_DOSSIERS
    if len(days) < AGAIN_DAYS.of(around.tuning) or not often or lookup.officer is None:
        return None
    return Finding((officer_key(lookup), person_of(lookup)), {"days": len(days)})


def _crowd(lookup: Lookup, _: Explanation, around: Surroundings) -> Finding | None:
    recent = lately(lookup, around.about_person, CROWD_WITHIN)
    officers = {one.officer for one in recent if one.explained == UNEXPLAINED and one.officer}
    if len(officers) < CROWD_OFFICERS.of(around.tuning):
        return None
    return Finding((person_of(lookup), lookup.day), {"officers": len(officers)})


PROTECTED = Rule(
    "protected-person",
    1,
    0.85,
    "Tra cứu một người được bảo vệ mà không có hồ sơ nào giải thích.",
    "A protected person was looked up, and no dossier explains it.",
    _protected,
)
DECOY = Rule(
    "decoy",
    1,
    0.95,
    "Tra cứu một người không có thật, được đặt làm mồi: không công việc nào dẫn tới người này.",
    "A decoy was looked up: a person who does not exist and to whom no work leads.",
    _decoy,
)
DEAD = Rule(
    "the-dead",
    1,
    0.7,
    "Tra cứu người mà sổ đã ghi là qua đời, không có hồ sơ nào giải thích.",
    "A person whose death is on record was looked up, and no dossier explains it.",
    _dead,
    budget=0.5,
)
AGAIN = Rule(
    "again-and-again",
    1,
    0.7,
    "Cùng một cán bộ tra cứu cùng một người trong {days} ngày khác nhau của 30 ngày.",
    "The same officer looked up the same person on {days} different days out of 30.",
    _again,
    limits=(AGAIN_DAYS,),
)
CROWD = Rule(
    "many-officers",
    1,
    0.75,
    "Trong 24 giờ, {officers} cán bộ tra cứu cùng một người mà không có lý do.",
    "Within 24 hours {officers} officers looked up the same person without a reason.",
    _crowd,
    limits=(CROWD_OFFICERS,),
)
