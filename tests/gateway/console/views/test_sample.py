"""Screen 9, *Random check*."""

from datetime import date

from gateway.console.views.sample import monday, secret_of


def test_a_week_begins_on_monday():
    """Sunday belongs to the week before the next Monday."""
    assert monday(date(2026, 11, 22)) == date(2026, 11, 16)
    assert monday(date(2026, 11, 23)) == date(2026, 11, 23)


def test_the_order_of_a_week_depends_on_the_console_s_key_and_on_the_week():
    """Nobody without the key can foresee it, and one week tells nothing of the next."""
    week = date(2026, 11, 16)
    assert secret_of(b"k" * 32, week) == secret_of(b"k" * 32, week)
    assert len({secret_of(b"k" * 32, week), secret_of(b"j" * 32, week), secret_of(b"k" * 32, date(2026, 11, 23))}) == 3
