"""Conduct out of the ordinary: hours, volume, breadth, misses, against the officer's own history and the peers'."""

from datetime import time, timedelta

from gateway.audit.calendar import is_off_hours, local
from gateway.audit.explanations import BATCH, EMERGENCY, STATUS, UNEXPLAINED, Explanation
from gateway.audit.facts import Lookup, Officer, Past, Surroundings
from gateway.audit.rules.base import About, Finding, Rule, lately, officer_key, robust_z
from gateway.audit.tuning import Limit

NIGHT_FROM, NIGHT_TO = time(21), time(5)
OFF_HOURS_LEAST = Limit("out-of-hours.count", 3, 1, 50, "số lượt ngoài giờ", "look-ups out of hours")
LEAST_LOOKUPS = Limit("volume.count", 30, 5, 1000, "số lượt tối thiểu trong ngày", "least look-ups of a day")
LEAST_PERSONS = Limit("breadth.count", 20, 5, 1000, "số người tối thiểu trong ngày", "least persons of a day")
VOLUME_Z = Limit("volume.own", 5.0, 2.0, 20.0, "độ lệch so với chính mình (z)", "deviation from oneself (z)")
BREADTH_Z = Limit("breadth.own", 5.0, 2.0, 20.0, "độ lệch so với chính mình (z)", "deviation from oneself (z)")
PEER_Z, LEAST_DAYS, LEAST_PEER_DAYS = 4.0, 5, 10
MISSES_LEAST = Limit("many-misses.count", 8, 3, 100, "số lượt không khớp trong một giờ", "misses within an hour")
MISSES_SHARE, MISSES_WITHIN = 0.5, timedelta(hours=1)
_APPROVED = frozenset({BATCH, EMERGENCY, STATUS})
_MISSED = frozenset({"no_match", "mismatch", "verification-limit"})


def _off_hours(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    """Several look-ups outside one's hours, at night or unexplained: overtime over open dossiers is none."""
    if explanation.kind in _APPROVED or not lookup.is_lookup or lookup.officer is None:
        return None
    officer = around.staff.officers.get(lookup.officer, Officer(lookup.unit or ""))
    if not is_off_hours(lookup.at, officer.begins, officer.ends):
        return None
    outside = [
        past
        for past in lately(lookup, around.by_officer, timedelta(hours=12))
        if is_off_hours(past.at, officer.begins, officer.ends)
    ]
    doubtful = [past for past in outside if past.explained == UNEXPLAINED or _at_night(past)]
    if len(doubtful) < OFF_HOURS_LEAST.of(around.tuning):
        return None
    return Finding((officer_key(lookup), lookup.day), {"count": len(outside)})


def _at_night(past: Past) -> bool:
    there = local(past.at).time()
    return there >= NIGHT_FROM or there < NIGHT_TO


def _today(lookup: Lookup, around: Surroundings) -> list[Past]:
    begun = local(lookup.at).replace(hour=0, minute=0, second=0, microsecond=0)
    return [past for past in around.by_officer if begun <= past.at <= lookup.at]


def _out_of_line(value: int, own: list[int], peers: list[int], own_z: float) -> bool:
    if len(own) < LEAST_DAYS or len(peers) < LEAST_PEER_DAYS:
        return False
    return robust_z(value, own) >= own_z and robust_z(value, peers) >= PEER_Z


def _volume(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    count = max(len(_today(lookup, around)), around.counted_today[0])
    if explanation.kind in _APPROVED or not lookup.is_lookup or count < LEAST_LOOKUPS.of(around.tuning):
        return None
    own_z = VOLUME_Z.of(around.tuning)
    if not _out_of_line(count, [day[0] for day in around.own_days], [day[0] for day in around.peer_days], own_z):
        return None
    return Finding((officer_key(lookup), lookup.day), {"count": count})


def _breadth(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    persons = max(len({past.subject for past in _today(lookup, around)}), around.counted_today[1])
    if explanation.kind in _APPROVED or not lookup.is_lookup or persons < LEAST_PERSONS.of(around.tuning):
        return None
    own_z = BREADTH_Z.of(around.tuning)
    if not _out_of_line(persons, [day[1] for day in around.own_days], [day[1] for day in around.peer_days], own_z):
        return None
    return Finding((officer_key(lookup), lookup.day), {"count": persons})


def _misses(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    recent = lately(lookup, around.by_officer, MISSES_WITHIN)
    missed = sum(past.outcome in _MISSED for past in recent)
    if (
        explanation.kind in _APPROVED
        or not lookup.is_lookup
        or missed < MISSES_LEAST.of(around.tuning)
        or missed < MISSES_SHARE * len(recent)
    ):
        return None
    return Finding((officer_key(lookup), lookup.day), {"count": missed, "of": len(recent)})


OFF_HOURS = Rule(
    "out-of-hours",
    1,
    0.6,
    "{count} lượt tra cứu ngoài giờ làm việc (đã tính ngày nghỉ và Tết).",
    "{count} look-ups outside working hours (holidays and Tết counted).",
    _off_hours,
    about=About.OFFICER,
    limits=(OFF_HOURS_LEAST,),
)
VOLUME = Rule(
    "volume",
    1,
    0.6,
    "{count} lượt trong ngày, vượt xa mức thường của chính cán bộ và của đồng nghiệp.",
    "{count} look-ups in a day, far beyond the officer's own habit and the peers'.",
    _volume,
    about=About.OFFICER,
    limits=(LEAST_LOOKUPS, VOLUME_Z),
)
BREADTH = Rule(
    "breadth",
    1,
    0.6,
    "{count} người khác nhau trong ngày, vượt xa mức thường của chính cán bộ và của đồng nghiệp.",
    "{count} different persons in a day, far beyond the officer's own habit and the peers'.",
    _breadth,
    about=About.OFFICER,
    limits=(LEAST_PERSONS, BREADTH_Z),
)
MISSES = Rule(
    "many-misses",
    1,
    0.7,
    "{count} trong {of} lượt của một giờ không khớp: có dấu hiệu dò tìm.",
    "{count} of {of} look-ups within an hour matched nobody: this looks like guessing.",
    _misses,
    about=About.OFFICER,
    limits=(MISSES_LEAST,),
)
