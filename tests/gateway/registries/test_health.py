"""Health comes from the calls that were made, and from nothing else."""

import pytest

from gateway.registries.breaker import State
from gateway.registries.health import WINDOW_S, HealthWindow


def _window(*calls: tuple[float, str | None]) -> HealthWindow:
    made = HealthWindow("population")
    for seconds, failure in calls:
        made.add(100.0, seconds, failure)
    return made


@pytest.mark.parametrize(
    ("failed", "good", "breaker", "state"),
    [
        (0, 0, State.CLOSED, "UNSURE"),
        (0, 10, State.CLOSED, "GOOD"),
        (1, 10, State.CLOSED, "GOOD"),
        (1, 9, State.CLOSED, "UNSURE"),
        (4, 6, State.CLOSED, "UNSURE"),
        (5, 5, State.CLOSED, "BAD"),
        (0, 10, State.HALF_OPEN, "UNSURE"),
        (0, 10, State.OPEN, "BAD"),
        (0, 0, State.OPEN, "BAD"),
    ],
)
def test_state_follows_the_rate_and_the_breaker(failed, good, breaker, state):
    """Under a tenth failed is GOOD, half or an open breaker BAD, all else UNSURE."""
    made = _window(*[(0.02, "registry-timeout")] * failed, *[(0.02, None)] * good)
    assert made.read(100.0, breaker).state == state


def test_tells_the_commonest_reason_and_the_median():
    """The row says how often, how fast, and why mostly not."""
    made = _window((0.01, None), (0.03, "registry-fault"), (0.02, "registry-fault"), (0.5, "registry-timeout"))
    row = made.read(100.0, State.CLOSED).as_json()
    assert row == {
        "registry": "population",
        "state": "BAD",
        "window_s": WINDOW_S,
        "calls": 4,
        "failed": 3,
        "p50_ms": 25.0,
        "breaker": "closed",
        "reason": "registry-fault",
    }


def test_older_calls_than_the_window_do_not_count():
    """A minute later nothing is known."""
    row = _window((0.01, "registry-fault")).read(100.0 + WINDOW_S + 1, State.CLOSED)
    assert (row.calls, row.failed, row.p50_ms, row.reason, row.state) == (0, 0, None, None, "UNSURE")


def test_memory_is_bounded():
    """However many calls there were, the newest few thousand are kept."""
    made = _window(*[(0.01, None)] * 10_000)
    assert made.read(100.0, State.CLOSED).calls == 4096
