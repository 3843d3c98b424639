"""Every rule, in the order in which the console lists them; and what they say about one look-up."""

from collections.abc import Iterator
from typing import NamedTuple

from gateway.audit.explanations import Explanation
from gateway.audit.facts import Lookup, Surroundings
from gateway.audit.rules import callers, habits, kin, persons, purpose, watchers
from gateway.audit.rules.base import Finding, Rule

RULES: tuple[Rule, ...] = (
    purpose.NO_DOSSIER,
    purpose.MISFIT,
    persons.PROTECTED,
    kin.SELF,
    kin.FAMILY,
    kin.COLLEAGUE,
    habits.OFF_HOURS,
    habits.VOLUME,
    habits.BREADTH,
    callers.SEQUENTIAL,
    habits.MISSES,
    persons.AGAIN,
    persons.CROWD,
    callers.SHAM,
    callers.NEW_KEY,
    callers.NEW_ADDRESS,
    callers.REPLAYS,
    callers.FORGERIES,
    persons.DECOY,
    persons.DEAD,
    purpose.TOO_MUCH,
    watchers.WATCHERS,
)
BY_ID = {rule.id: rule for rule in RULES}


class Hit(NamedTuple):
    """A rule that fires."""

    rule: Rule
    finding: Finding

    @property
    def key(self) -> str:
        """What tells its alert from every other."""
        return "|".join((self.rule.id, *self.finding.key))


def judge(lookup: Lookup, explanation: Explanation, around: Surroundings) -> Iterator[Hit]:
    """Yield what the rules in force find in one look-up."""
    for rule in RULES:
        if rule.id in around.tuning.disabled:
            continue
        finding = rule.judge(lookup, explanation, around)
        if finding is not None:
            yield Hit(rule, finding)
