"""Flat figures, and what of them must not be published."""

from gateway.reuse.definitions import DEFINITIONS
from gateway.reuse.report.figures import Figure, figures, publishable, small


def figure(group, numerator, denominator, metric="evidenced"):
    """Make a figure."""
    return Figure(group, metric, "", "", numerator, denominator, 1.0)


def test_every_metric_of_every_group_is_a_row_with_its_definition(report):
    """Rates, causes, stages and lag, in the order of the definitions."""
    found = figures(report.rows)
    assert {item.metric.partition(".")[0] for item in found} == DEFINITIONS.keys()
    order = list(DEFINITIONS)
    places = [order.index(item.metric.partition(".")[0]) for item in found]
    assert places == sorted(places)
    assert all(item.definition_vi and item.definition_en for item in found)


def test_counts_from_1_to_9_are_withheld_with_their_rate():
    """Zero and ten are told; a small numerator hides itself and the rate, a small denominator all."""
    told = publishable(
        [figure("a", 0, 50), figure("b", 9, 50), figure("c", 10, 50), figure("d", 3, 9), figure("e", 1, 60)]
    )
    assert [(item.numerator, item.denominator, item.suppressed) for item in told] == [
        (0, 50, False), (None, 50, True), (10, 50, False), (None, None, True), (None, 60, True),
    ]  # fmt: skip
    assert [item.rate for item in told if item.suppressed] == [None, None, None]


def test_a_single_withheld_count_takes_the_next_smallest_with_it():
    """Otherwise it could be subtracted from the whole."""
    told = publishable([figure("a", 40, 50), figure("b", 9, 50), figure("c", 20, 50), figure("d", 0, 50)])
    assert [item.group for item in told if item.suppressed] == ["b", "c"]


def test_small_is_one_to_nine():
    """None and zero are not small."""
    assert [number for number in (None, 0, 1, 9, 10) if small(number)] == [1, 9]


def test_a_single_withheld_cause_takes_another_with_it(report):
    """Causes add up to what is missed: one alone could be worked out."""
    told = {item.metric: item for item in publishable(figures(report.rows[:1]))}
    hidden = [name for name, item in told.items() if name.startswith("missed.") and item.suppressed]
    assert sorted(hidden) == ["missed.mismatch", "missed.unknown"]
    assert told["missed"].numerator == 650
