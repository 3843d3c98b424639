"""The auditors' own misuse: the console's entries are judged like everybody's (docs/CONSOLE.md, *What is recorded*)."""

from gateway.audit.calendar import is_off_hours
from gateway.audit.explanations import Explanation
from gateway.audit.facts import Lookup, Officer, Surroundings
from gateway.audit.rules.base import About, Finding, Rule, officer_key
from gateway.audit.tuning import Limit

PERSONS_A_DAY = Limit("watchers.persons", 15, 3, 500, "số người được tìm trong 24 giờ", "persons within 24 hours")
OUTSIDE_HOURS = Limit("watchers.outside", 3, 1, 100, "số người ngoài giờ", "persons out of hours")
_HOURS = Officer("")


def _watchers(lookup: Lookup, _: Explanation, around: Surroundings) -> Finding | None:
    """Find an auditor who searches for many persons within a day, or for some outside working hours."""
    if lookup.kind != "admin":
        return None
    persons = {who for who, _ in around.acts}
    outside = {who for who, at in around.acts if is_off_hours(at, _HOURS.begins, _HOURS.ends)}
    tuning = around.tuning
    if len(persons) < PERSONS_A_DAY.of(tuning) and len(outside) < OUTSIDE_HOURS.of(tuning):
        return None
    return Finding((officer_key(lookup), lookup.day), {"persons": len(persons), "outside": len(outside)})


WATCHERS = Rule(
    "watchers",
    1,
    0.6,
    "Kiểm soát viên đã tìm {persons} người trong 24 giờ, trong đó {outside} người ngoài giờ làm việc.",
    "An auditor searched for {persons} persons within 24 hours, {outside} of them outside working hours.",
    _watchers,
    about=About.OFFICER,
    limits=(PERSONS_A_DAY, OUTSIDE_HOURS),
)
