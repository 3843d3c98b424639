"""Rates, percentiles and what a group's sums become."""

from datetime import date

import pytest

from gateway.reuse.counting import COUNTS
from gateway.reuse.definitions import CAUSES_EN, CAUSES_VI, DEFINITIONS, STAGES_VI
from gateway.reuse.judging import CAUSES
from gateway.reuse.metrics import LAG_BOUNDS_S, Rate, Sums, lag_bucket, metrics, open_in_time, percentile


@pytest.mark.parametrize(
    ("rate", "percent"), [(Rate(3, 40), 7.5), (Rate(1, 3), 33.33), (Rate(2, 3), 66.67), (Rate(1, 16_000), 0.01),
                          (Rate(0, 5), 0.0), (Rate(5, 5), 100.0), (Rate(0, 0), None)]
)  # fmt: skip
def test_rates_are_percent_to_two_decimals(rate, percent):
    """Half up, and no value without a denominator."""
    assert rate.rate == percent


def test_every_metric_is_defined_in_both_languages():
    """Numbers come with what they mean; nothing is defined that is not measured."""
    told = metrics(Sums(repeats=Rate(0, 0))).as_json()
    assert told.keys() == DEFINITIONS.keys()
    assert all(about.en and about.vi and about.title_en and about.title_vi for about in DEFINITIONS.values())
    assert CAUSES_VI.keys() == CAUSES_EN.keys() == set(CAUSES)
    assert STAGES_VI.keys() == told["funnel"].keys()


def test_missed_is_the_rest_of_what_was_needed_and_its_causes_add_up():
    """Needed less used; every cause is told, zeros too."""
    told = metrics(Sums({"needed": 10, "used": 4, "stale": 1, "not_looked_up": 5})).as_json()["missed"]
    assert (told["numerator"], told["denominator"], told["rate"]) == (6, 10, 60.0)
    assert sum(told["causes"].values()) == 6
    assert told["causes"].keys() == set(CAUSES)


def test_unfinished_dossiers_are_on_time_until_they_are_due():
    """The period's end stands in for the end."""
    due = {date(2026, 5, 3): 2, date(2026, 5, 4): 3, date(2026, 5, 9): 1}
    assert open_in_time(due, date(2026, 5, 4)) == 4
    sums = Sums({"due_ended": 10, "due_met": 7}, open_dossiers=6, open_in_time=4)
    assert metrics(sums).rates["on_time"] == Rate(11, 16)


def test_percentiles_name_the_bucket():
    """The upper bound of the bucket that holds the rank; the open bucket tells the last bound."""
    assert percentile({}, 50) is None
    assert percentile({lag_bucket(7): 95, lag_bucket(100): 5}, 50) == 8
    assert percentile({lag_bucket(7): 95, lag_bucket(100): 5}, 95) == 8
    assert percentile({lag_bucket(7): 94, lag_bucket(100): 6}, 95) == 120
    assert percentile({lag_bucket(10**9): 1}, 50) == LAG_BOUNDS_S[-1]


def test_lag_buckets_are_half_open():
    """A bound belongs to the bucket above it; clocks that run ahead are in the first."""
    assert [lag_bucket(seconds) for seconds in (-60, 0, 0.999, 1, 1.5, 2)] == [0, 0, 0, 1, 1, 2]
    assert list(LAG_BOUNDS_S) == sorted(set(LAG_BOUNDS_S))


def test_counts_have_names_of_their_own():
    """No count is named twice."""
    assert len(set(COUNTS)) == len(COUNTS)
