"""How much an alert is believed."""

import pytest

from gateway.audit.scoring import precision, score


def test_a_rule_starts_at_its_weight_and_follows_its_cases():
    """Ten closed cases count as much as the weight; confirmed ones raise, refuted ones lower it."""
    assert precision(0.6, 0, 0) == pytest.approx(0.6)
    assert precision(0.6, 10, 0) == pytest.approx(0.8)
    assert precision(0.6, 0, 10) == pytest.approx(0.3)
    assert precision(0.6, 1000, 0) > 0.99


def test_rules_that_agree_raise_the_score():
    """The score is the chance that one at least is right, from 0 to 100."""
    assert score([0.5]) == 50.0
    assert score([0.5, 0.5]) == 75.0
    assert score([]) == 0.0
