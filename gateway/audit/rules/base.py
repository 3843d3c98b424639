"""What a rule is: an id, a version, a sentence in two languages, a weight, and a pure judgement.

The rule of rules: a judgement looks at facts alone and names no person; the same finding made twice has the same key,
so that an alert is raised once however often its entries are judged.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from statistics import median
from typing import Any

from gateway.audit.explanations import Explanation
from gateway.audit.facts import Lookup, Past, Surroundings
from gateway.audit.tuning import Limit

_CONSISTENT = 0.6745
"""Makes the median absolute deviation of a normal distribution its standard deviation."""


@dataclass(frozen=True, slots=True)
class Finding:
    """That a rule fires: what tells it from others of the same rule, and the numbers of its sentence."""

    key: tuple[str, ...]
    values: Mapping[str, Any] = field(default_factory=dict)


class About(Enum):
    """Whom an alert is about: the person looked up, or the conduct of an officer or of a client."""

    PERSON = auto()
    OFFICER = auto()
    CLIENT = auto()


Judge = Callable[[Lookup, Explanation, Surroundings], Finding | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A detection. `weight` is the precision expected before any case was closed, 0 to 1."""

    id: str
    version: int
    weight: float
    vi: str
    en: str
    judge: Judge
    about: About = About.PERSON
    limits: tuple[Limit, ...] = ()
    """What of it a lead auditor may move."""
    budget: float = 0.25
    """Wrong alerts it may raise in 1,000 clean look-ups of a simulated month."""

    def sentence(self, finding: Finding, language: str = "vi") -> str:
        """Return the sentence of an alert, in Vietnamese or English."""
        return (self.vi if language == "vi" else self.en).format_map(dict(finding.values))


def officer_key(lookup: Lookup) -> str:
    """Return a word for the officer, else for the client."""
    return lookup.officer.hex()[:24] if lookup.officer else lookup.client or "*"


def person_of(lookup: Lookup) -> str:
    """Return a word for the person."""
    return lookup.subject.hex()[:24] if lookup.subject else "*"


def once_a_day(lookup: Lookup, values: Mapping[str, Any] | None = None) -> Finding:
    """Return the finding of an officer's conduct towards one person on one day."""
    return Finding((officer_key(lookup), person_of(lookup), lookup.day), values or {})


def robust_z(value: float, history: Sequence[float]) -> float:
    """Return how many robust standard deviations `value` lies above the median (spread: at least a tenth of it)."""
    middle = median(history)
    spread = median(abs(one - middle) for one in history)
    return _CONSISTENT * (value - middle) / max(spread, 0.1 * middle, 1.0)


def lately(lookup: Lookup, past: Sequence[Past], within: timedelta) -> list[Past]:
    """Return what happened up to the look-up, not longer ago than `within`."""
    return [one for one in past if timedelta() <= lookup.at - one.at <= within]
