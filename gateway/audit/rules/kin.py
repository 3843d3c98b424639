"""Conflicts of interest: oneself, family and household, colleagues."""

from gateway.audit.explanations import UNEXPLAINED, Explanation
from gateway.audit.facts import Lookup, Officer, Surroundings
from gateway.audit.rules.base import Finding, Rule, once_a_day


def _known(lookup: Lookup, around: Surroundings) -> Officer | None:
    return around.staff.officers.get(lookup.officer) if lookup.officer and lookup.is_lookup else None


def _itself(lookup: Lookup, _: Explanation, around: Surroundings) -> Finding | None:
    officer = _known(lookup, around)
    return once_a_day(lookup) if officer and lookup.people & officer.itself else None


def _family(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    officer = _known(lookup, around)
    if officer is None or not lookup.people & (officer.relatives | officer.household):
        return None
    open_dossier = explanation.kind != UNEXPLAINED
    vi = "dù có hồ sơ đang mở, việc này phải giao người khác" if open_dossier else "không có lý do nào giải thích"
    en = "although a dossier is open, somebody else should handle it" if open_dossier else "nothing explains it"
    return once_a_day(lookup, {"vi": vi, "en": en})


def _colleague(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Finding | None:
    if explanation.kind != UNEXPLAINED or not lookup.is_lookup:
        return None
    officer = _known(lookup, around)
    own = officer.itself if officer else frozenset()
    units = {around.staff.people[one] for one in lookup.people - own if one in around.staff.people}
    return once_a_day(lookup) if lookup.unit in units or (officer and officer.unit in units) else None


SELF = Rule(
    "self",
    1,
    0.9,
    "Cán bộ tra cứu chính mình.",
    "The officer looked up themselves.",
    _itself,
)
FAMILY = Rule(
    "family",
    1,
    0.8,
    "Cán bộ tra cứu người thân hoặc người cùng hộ đã khai; {vi}.",
    "The officer looked up a declared relative or member of the household; {en}.",
    _family,
    budget=0.4,
)
COLLEAGUE = Rule(
    "colleague",
    1,
    0.8,
    "Cán bộ tra cứu đồng nghiệp cùng đơn vị mà không có lý do.",
    "The officer looked up a colleague of the same unit without a reason.",
    _colleague,
)
