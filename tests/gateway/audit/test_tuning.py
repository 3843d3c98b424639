"""What a lead auditor may change of the rules."""

import pytest

from gateway.audit.rules.table import RULES
from gateway.audit.tuning import Setting, Tuning, TuningError, checked, tried, tuning_of

LIMITS = tuple(limit for rule in RULES for limit in rule.limits)
MISSES = next(rule for rule in RULES if rule.id == "many-misses")


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: limit.name)
def test_a_limit_begins_with_its_rule_and_lies_within_its_bounds(limit):
    """Names are unique by that, and what the rule says itself may be set again."""
    assert sum(other.name == limit.name for other in LIMITS) == 1
    assert limit.name.rpartition(".")[0] in {rule.id for rule in RULES}
    assert limit.least <= limit.usual <= limit.most
    assert limit.of(Tuning()) == limit.usual


def test_settings_make_a_tuning():
    """Limits of all rules stand beside each other; a rule that is off is named."""
    tuning = tuning_of({"many-misses": Setting("many-misses", 0.5, enabled=False, limits={"many-misses.count": 5})})
    assert tuning == Tuning({"many-misses": 0.5}, {"many-misses.count": 5}, frozenset({"many-misses"}))
    assert MISSES.limits[0].of(tuning) == 5
    again = tried(tuning, Setting("many-misses", 0.5, limits={"many-misses.count": 9}))
    assert (MISSES.limits[0].of(again), again.disabled) == (9, frozenset())


@pytest.mark.parametrize(
    ("weight", "limits"),
    [(0.0, {"many-misses.count": 8}), (1.0, {"many-misses.count": 8}), (0.5, {}), (0.5, {"many-misses.count": 1e6}),
     (0.5, {"many-misses.count": 8, "volume.count": 30}), (float("nan"), {"many-misses.count": 8})],
)  # fmt: skip
def test_what_does_not_fit_is_refused(weight, limits):
    """A setting names exactly its rule's limits, each within its bounds."""
    with pytest.raises(TuningError):
        checked(Setting("many-misses", weight, limits=limits), MISSES.limits)
