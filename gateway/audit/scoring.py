"""How much to believe an alert: the precision of its rules as the outcomes of cases measure it.

A rule's precision is the mean of a Beta distribution: its weight stands for `PRIOR` closed cases that nobody has seen
yet, and every closed case moves it. The score of several rules on one look-up is the chance that not all are wrong.
"""

from collections.abc import Iterable, Mapping
from math import prod
from typing import NamedTuple

from gateway.audit.rules.table import RULES
from gateway.audit.tuning import Tuning

PRIOR = 10.0
"""Cases that a rule's weight counts for."""
CONFIRMING = frozenset({"violation", "training"})
REFUTING = frozenset({"appropriate"})


class Measured(NamedTuple):
    """How the closed cases of a rule's alerts ended."""

    confirmed: int
    refuted: int


def measured(verdicts: Mapping[str, int]) -> Measured:
    """Return what verdicts (verdict → number) say; `inconclusive` says nothing."""
    return Measured(
        sum(number for verdict, number in verdicts.items() if verdict in CONFIRMING),
        sum(number for verdict, number in verdicts.items() if verdict in REFUTING),
    )


def precision(weight: float, confirmed: int, refuted: int) -> float:
    """Return the expected precision of a rule of `weight` after so many confirmed and refuted cases."""
    return (weight * PRIOR + confirmed) / (PRIOR + confirmed + refuted)


def precisions(outcomes: Mapping[str, Mapping[str, int]], tuning: Tuning) -> dict[str, float]:
    """Return every rule's precision under its weight in force and the outcomes (rule → verdict → number)."""
    return {
        rule.id: precision(tuning.weights.get(rule.id, rule.weight), *measured(outcomes.get(rule.id, {})))
        for rule in RULES
    }


def score(precisions: Iterable[float]) -> float:
    """Return 0 to 100: the chance that at least one of the rules is right, were they independent."""
    return round(100.0 * (1.0 - prod(1.0 - one for one in precisions)), 1)
