"""Workers that keep to a processor share what there is evenly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.processors import choose


@given(st.sets(st.integers(0, 63), min_size=1), st.integers(0, 40))
def test_workers_are_spread_evenly(allowed, workers):
    """However many there are, no processor has two workers more than another."""
    taken = []
    for _ in range(workers):
        taken.append(choose(allowed, taken))
    loads = [taken.count(processor) for processor in allowed]
    assert max(loads) - min(loads) <= 1
    assert set(taken) <= allowed


def test_a_worker_takes_the_place_of_the_one_that_died():
    """Whoever keeps to none counts for none."""
    assert choose({4, 5, 6}, [4, None, 6]) == 5


def test_without_a_processor_there_is_no_choice():
    """The system never allows none."""
    with pytest.raises(ValueError, match="empty"):
        choose((), [])
