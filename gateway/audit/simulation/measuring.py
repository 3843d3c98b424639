"""Precision and recall of the rules against the labels, and wrong alerts against the rules' budgets. Pure.

An alert is right when its entry belongs to a seeded misuse, or, for a rule about an officer's conduct, when that
officer did seeded misuse on its day. A misuse is found when a right alert of any rule stands; per rule, when one of
the rule that it was seeded for does. What was withdrawn, since its look-up was explained meanwhile, does not stand.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from gateway.audit.rules.base import About
from gateway.audit.rules.table import BY_ID
from gateway.audit.simulation.plan import Incident
from gateway.audit.simulation.writing import Written

_NOT_EXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts and their ratios; a ratio of nothing is None."""

    alerts: int
    right: int
    seeded: int
    found: int

    @property
    def precision(self) -> float | None:
        """Right alerts of all alerts."""
        return self.right / self.alerts if self.alerts else None

    @property
    def recall(self) -> float | None:
        """Found misuses of all that were seeded."""
        return self.found / self.seeded if self.seeded else None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a simulation found."""

    rules: Mapping[str, Figures]
    overall: Figures
    clean: int
    unexplained: int
    clean_kinds: Mapping[str, int]

    @property
    def unexplained_share(self) -> float:
        """Unexplained look-ups of clean traffic."""
        return self.unexplained / self.clean if self.clean else 0.0

    @property
    def over_budget(self) -> list[str]:
        """Rules that raised more wrong alerts than so much clean work allows; one is always allowed."""
        allowed = {name: max(1, ceil(BY_ID[name].budget * self.clean / 1000)) for name in self.rules}
        return [name for name, one in self.rules.items() if one.alerts - one.right > allowed[name]]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        figures = {**self.rules, "overall": self.overall}
        return {
            "rules": {
                name: {**asdict(one), "precision": one.precision, "recall": one.recall} for name, one in figures.items()
            },
            "clean": self.clean,
            "unexplained": self.unexplained,
            "unexplained_share": self.unexplained_share,
            "over_budget": self.over_budget,
            "explanations_of_clean": dict(self.clean_kinds),
        }


def measure(
    incidents: Sequence[Incident],
    written: Sequence[Written],
    alerts: Sequence[Mapping[str, Any]],
    explanations: Mapping[str, str],
) -> Measured:
    """Hold standing alerts (`rule`, `entry_id`) and explanations (entry → kind) against the labels."""
    planned = {one.entry_id: one.planned for one in written}
    of_day: defaultdict[tuple[str | None, str], set[int]] = defaultdict(set)
    for one in written:
        if one.planned.incident is not None:
            of_day[_day(one.planned.officer, one.planned.at.date().isoformat())].add(one.planned.incident)
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    found: defaultdict[int, set[str]] = defaultdict(set)
    for alert in alerts:
        rule, lookup = alert["rule"], planned[str(alert["entry_id"])]
        hits = {lookup.incident} if lookup.incident is not None else set()
        if BY_ID[rule].about is About.OFFICER and lookup.officer is not None:
            hits |= of_day[_day(lookup.officer, lookup.at.date().isoformat())]
        total[rule] += 1
        right[rule] += bool(hits)
        for incident in hits:
            found[incident].add(rule)
    clean = [one for one in written if one.planned.incident is None and not one.planned.refused]
    kinds = Counter(explanations.get(one.entry_id, "not judged") for one in clean)
    return Measured(
        {rule: _figures(rule, incidents, total, right, found) for rule in BY_ID},
        Figures(total.total(), right.total(), len(incidents), sum(bool(found[one.number]) for one in incidents)),
        len(clean),
        kinds[_NOT_EXPLAINED] + kinds["not judged"],
        kinds,
    )


def _day(officer: str | None, day: str) -> tuple[str | None, str]:
    return officer, day


def _figures(
    rule: str,
    incidents: Sequence[Incident],
    total: Mapping[str, int],
    right: Mapping[str, int],
    found: Mapping[int, set[str]],
) -> Figures:
    mine = [one for one in incidents if one.rule == rule]
    return Figures(
        total.get(rule, 0), right.get(rule, 0), len(mine), sum(rule in found.get(one.number, ()) for one in mine)
    )
