"""The two-working-day clock, over weekends and Tết."""

from datetime import datetime

import pytest

from gateway.citizen.clock import answer_due
from schemas.dates import LOCAL


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ((2026, 11, 23, 9), (2026, 11, 26)),  # Monday: Tuesday, Wednesday
        ((2026, 11, 26, 23), (2026, 12, 1)),  # Thursday late: Friday, Monday
        ((2026, 11, 28, 9), (2026, 12, 2)),  # Saturday: Monday, Tuesday
        ((2026, 2, 13, 9), (2026, 2, 25)),  # the Friday before Tết: its first working days after it
    ],
)
def test_the_term_ends_with_the_second_working_day(received, due):
    """The day of receipt, weekends and holidays do not count; the term ends at midnight in Hanoi."""
    found = answer_due(datetime(*received, tzinfo=LOCAL))
    assert found == datetime(*due, tzinfo=LOCAL)


def test_years_beyond_the_calendar_are_refused():
    """Where Tết is not known, no term is guessed."""
    with pytest.raises(ValueError, match="calendar"):
        answer_due(datetime(2099, 1, 5, tzinfo=LOCAL))
