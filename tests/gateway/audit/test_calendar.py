"""Working days and hours, Tết included."""

from datetime import UTC, date, datetime, time

import pytest

from gateway.audit.calendar import add_working_days, is_holiday, is_off_hours, is_working_day, tet

MORNING, EVENING = time(7, 30), time(17, 0)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 18), True),
        (date(2026, 11, 21), False),
        (date(2026, 2, 16), False),
        (date(2026, 2, 20), False),
        (date(2026, 2, 23), True),
        (date(2026, 4, 30), False),
        (date(2026, 9, 2), False),
        (date(2027, 4, 16), False),
    ],
)
def test_offices_rest_on_weekends_holidays_and_tet(day, works):
    """A day is a working day unless it is a weekend, Tết, the Hùng Kings' or a fixed holiday."""
    assert is_working_day(day) is works


def test_tet_moves_with_the_moon():
    """Each year has its own first day; a year beyond the table is an error, not a silent workday."""
    assert tet(2026) == date(2026, 2, 17)
    assert all(is_holiday(tet(year)) for year in range(2020, 2036))
    with pytest.raises(ValueError, match="does not reach"):
        tet(2040)


def test_two_working_days_leap_over_tet():
    """The clock of an answer stands still on holidays."""
    assert add_working_days(date(2026, 2, 13), 2) == date(2026, 2, 24)


@pytest.mark.parametrize(
    ("hour", "minute", "off"), [(0, 20, True), (1, 0, False), (10, 30, False), (11, 30, True), (17, 0, True)]
)
def test_hours_are_local_and_an_hour_of_slack_is_given(hour, minute, off):
    """UTC is turned into local time; what lies an hour beyond the officer's hours is outside."""
    hour_before = datetime(2026, 11, 17 if hour == 17 else 18, hour, minute, tzinfo=UTC)
    moment = hour_before if (hour, minute) != (0, 20) else datetime(2026, 11, 17, 23, 20, tzinfo=UTC)
    assert is_off_hours(moment, MORNING, EVENING) is off
