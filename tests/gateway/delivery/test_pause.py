"""How long to wait, and when the portal counts as well again."""

import pytest

from gateway.delivery.pause import LONGEST_S, Pause, backoff


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 0.25), (2, 0.5), (5, 4.0), (7, LONGEST_S), (10_000, LONGEST_S)])
def test_waits_double_up_to_a_bound(attempts, seconds):
    """Each failure doubles the wait, at most to fifteen seconds, however many there were."""
    assert backoff(attempts, 0.0) == seconds


def test_chance_spreads_waits():
    """Jitter takes up to half off, so that nobody comes back in step."""
    assert backoff(3, 0.999) == pytest.approx(0.5, rel=0.01)


def test_a_success_ends_the_pause():
    """Failures make everybody wait longer and longer; one success ends it."""
    now = [100.0]
    pause = Pause(lambda: now[0], lambda: 0.0)
    assert pause.left_s == 0
    pause.failed()
    pause.failed()
    assert (pause.failures, pause.left_s) == (2, 0.5)
    now[0] += 0.5
    assert pause.left_s == 0
    pause.failed()
    pause.succeeded()
    assert (pause.failures, pause.left_s) == (0, 0)
