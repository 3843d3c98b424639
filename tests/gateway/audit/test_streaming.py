"""How the audit's reader shares the processors: it works in steps and rests, unless it is late."""

from datetime import timedelta

from gateway.audit.streaming import LATE, POLL_S, rest_s

NOW, SOON = timedelta(), LATE - timedelta(seconds=1)


def test_with_nothing_to_judge_it_waits_for_a_batch():
    """Whatever the last step took, and however old what it judged was."""
    assert rest_s(0.2, NOW, more=False) == rest_s(3.0, 2 * LATE, more=False) == POLL_S


def test_between_steps_it_rests_as_long_as_it_worked():
    """Half of the time at most is its own."""
    rests = [rest_s(worked, behind, more=True) for worked in (0.1, 0.4) for behind in (NOW, SOON)]
    assert rests == [0.1, 0.1, 0.4, 0.4]


def test_late_it_does_not_rest():
    """An alert is due within a minute, so a backlog is worked off at full speed."""
    assert rest_s(0.4, LATE, more=True) == rest_s(0.4, 10 * LATE, more=True) == 0


def test_a_clock_set_back_does_not_keep_it_from_resting():
    """What it judged seems to come from the future then."""
    assert rest_s(0.4, timedelta(hours=-2), more=True) == 0.4
