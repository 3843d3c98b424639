"""Screen 1, *Today*."""

from datetime import date, timedelta

from gateway.console.views.today import usual

DAY = date(2026, 11, 22)


def test_the_usual_is_the_median_of_the_same_weekday_in_the_four_weeks_before():
    """Other weekdays and the day itself do not count."""
    counts = {DAY - timedelta(weeks=back): number for back, number in ((0, 999), (1, 10), (2, 30), (3, 20), (5, 500))}
    assert usual({**counts, DAY - timedelta(days=1): 700}, DAY) == 20


def test_a_weekday_of_which_nothing_is_known_has_no_usual():
    """A new installation shows no mark instead of a made-up one."""
    assert usual({DAY: 5}, DAY) is None
