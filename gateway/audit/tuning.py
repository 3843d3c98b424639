"""What a lead auditor may change of the rules: weight, limits, and whether a rule counts at all. Pure.

The rule: a limit moves within bounds that its rule states, and what nobody changed is as the rule has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol


class TuningError(ValueError):
    """A weight or a limit lies outside its bounds, or is none of the rule's."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that decides when a rule fires. `name` begins with the rule's id and a dot."""

    name: str
    usual: float
    least: float
    most: float
    vi: str
    en: str

    def of(self, tuning: "Tuning") -> float:
        """Return the number in force."""
        return tuning.limits.get(self.name, self.usual)


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings in force; an empty one is what the rules themselves say."""

    weights: Mapping[str, float] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    disabled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Setting:
    """What is set for one rule: all of it, so that the newest setting alone is in force."""

    rule: str
    weight: float
    enabled: bool = True
    limits: Mapping[str, float] = field(default_factory=dict)


class InForce(Protocol):
    """A setting, wherever it was read from."""

    @property
    def weight(self) -> float:
        """The precision expected before any case was closed."""
        ...

    @property
    def enabled(self) -> bool:
        """Whether the rule counts."""
        ...

    @property
    def limits(self) -> Mapping[str, float]:
        """The rule's limits."""
        ...


def tuning_of(settings: Mapping[str, InForce]) -> Tuning:
    """Return the tuning that these settings (by rule) make."""
    return Tuning(
        {name: one.weight for name, one in settings.items()},
        {limit: number for one in settings.values() for limit, number in one.limits.items()},
        frozenset(name for name, one in settings.items() if not one.enabled),
    )


def tried(tuning: Tuning, setting: Setting) -> Tuning:
    """Return a tuning with one rule switched on and set so."""
    limits = {**tuning.limits, **setting.limits}
    return replace(tuning, limits=limits, disabled=tuning.disabled - {setting.rule})


def checked(setting: Setting, limits: tuple[Limit, ...]) -> Setting:
    """Return a setting that fits its rule's limits. Raises `TuningError`."""
    known = {limit.name: limit for limit in limits}
    if not 0.05 <= setting.weight <= 0.99:  # noqa: PLR2004 — below nothing is believed, above nothing is doubted
        raise TuningError("a weight lies between 0.05 and 0.99")
    if set(setting.limits) != set(known):
        raise TuningError("a setting names every limit of its rule and no other")
    for name, number in setting.limits.items():
        if not known[name].least <= number <= known[name].most:
            raise TuningError(f"{name} lies between {known[name].least:g} and {known[name].most:g}")
    return setting
