"""A recount in parts: whole days, each once."""

from datetime import date, timedelta

import pytest

from gateway.reuse.recount import Difference, Recount, _parts, _together
from gateway.store.reuse import Span

JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))


@pytest.mark.parametrize("processes", [2, 3, 8, 64])
def test_every_day_is_in_one_part(processes):
    """Parts follow each other without gap, none is empty, and no process is left without one while days last."""
    parts = _parts(JUNE, processes)
    days = [part.first + timedelta(step) for part in parts for step in range((part.past - part.first).days)]
    assert days == [JUNE.first + timedelta(step) for step in range(30)]
    assert len(parts) >= min(processes, 10)


def test_one_day_or_one_processor_makes_one_part():
    """There is nothing to share."""
    day = Span(JUNE.first, JUNE.first + timedelta(1))
    assert _parts(JUNE, 1) == [JUNE]
    assert _parts(day, 8) == [day]


def test_what_parts_found_is_added_up():
    """Numbers are sums, and no difference of any part is lost."""
    found = [Difference("2026-06-01 H99.01", "evidenced", 2, 1), Difference("2026-06-09 H99.02", "declared", 0, 1)]
    parts = [Recount(3, 5, (found[0],)), Recount(4, 7, ()), Recount(0, 0, (found[1],))]
    assert _together(parts) == Recount(7, 12, tuple(found))
