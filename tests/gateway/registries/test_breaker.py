"""The breaker: never a call while it is open, one probe while it is half-open."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.registries.breaker import Breaker, Pass, State

WINDOW, PROBE_AFTER, MIN_CALLS = 10.0, 2.0, 4


def _breaker() -> Breaker:
    return Breaker(min_calls=MIN_CALLS, failure_rate=0.5, window_s=WINDOW, probe_after_s=PROBE_AFTER)


def _end(made: Breaker, now: float, *, failed: bool, times: int = 1) -> None:
    for _ in range(times):
        granted = made.enter(now)
        assert granted is not None
        made.leave(granted, now, failed=failed)


def test_stays_closed_below_the_least_number_of_calls():
    """A handful of failures is no pattern yet."""
    made = _breaker()
    _end(made, 0.0, failed=True, times=MIN_CALLS - 1)
    assert made.state(0.0) is State.CLOSED


def test_opens_at_half_failed():
    """At least `min_calls` ended and half of them failed: open, nothing is let through."""
    made = _breaker()
    _end(made, 0.0, failed=False, times=2)
    _end(made, 0.0, failed=True, times=2)
    assert made.state(0.0) is State.OPEN
    assert made.enter(0.1) is None


def test_stays_closed_under_the_rate():
    """One failure less than half keeps it closed."""
    made = _breaker()
    _end(made, 0.0, failed=False, times=3)
    _end(made, 0.0, failed=True, times=2)
    assert made.state(0.0) is State.CLOSED


def test_forgets_what_lies_before_the_window():
    """Failures older than the window do not count."""
    made = _breaker()
    _end(made, 0.0, failed=True, times=MIN_CALLS - 1)
    _end(made, WINDOW + 0.1, failed=True)
    assert made.state(WINDOW + 0.1) is State.CLOSED


def test_one_probe_after_the_pause_and_no_second():
    """After `probe_after_s` exactly one call is let through until it has ended."""
    made = _breaker()
    _end(made, 0.0, failed=True, times=MIN_CALLS)
    assert made.enter(PROBE_AFTER - 0.01) is None
    assert made.enter(PROBE_AFTER) is Pass.PROBE
    assert made.state(PROBE_AFTER) is State.HALF_OPEN
    assert made.enter(PROBE_AFTER + 100) is None


def test_a_good_probe_closes_and_starts_the_count_anew():
    """After a good probe the old failures are forgotten."""
    made = _breaker()
    _end(made, 0.0, failed=True, times=MIN_CALLS)
    _end(made, PROBE_AFTER, failed=False)
    assert made.state(PROBE_AFTER) is State.CLOSED
    _end(made, PROBE_AFTER, failed=True, times=MIN_CALLS - 1)
    assert made.state(PROBE_AFTER) is State.CLOSED


def test_a_failed_probe_opens_for_another_pause():
    """A failed probe waits for the whole pause again."""
    made = _breaker()
    _end(made, 0.0, failed=True, times=MIN_CALLS)
    _end(made, 5.0, failed=True)
    assert made.enter(5.0 + PROBE_AFTER - 0.01) is None
    assert made.enter(5.0 + PROBE_AFTER) is Pass.PROBE


def test_calls_that_began_before_it_opened_change_nothing():
    """A slow call's end, good or bad, neither closes nor prolongs an open breaker."""
    made = _breaker()
    early = made.enter(0.0)
    _end(made, 0.0, failed=True, times=MIN_CALLS)
    made.leave(early, 1.0, failed=False)
    assert made.state(1.0) is State.OPEN
    assert made.enter(PROBE_AFTER) is Pass.PROBE


class Calls(RuleBasedStateMachine):
    """Any order of calls, ends and waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.made, self.now, self.under_way = _breaker(), 0.0, []

    @rule(seconds=st.floats(0, 5))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @rule()
    def begin(self) -> None:
        """Ask to call."""
        before, admits = self.made.state(self.now), self.made.admits(self.now)
        granted = self.made.enter(self.now)
        assert (granted is not None) == admits, "what `admits` says, `enter` does"
        if before is State.OPEN:
            assert granted is None, "open admits nobody"
        if granted is Pass.PROBE:
            assert before is State.HALF_OPEN
        if granted is not None:
            self.under_way.append(granted)

    @precondition(lambda self: self.under_way)
    @rule(failed=st.booleans(), position=st.integers(0, 10))
    def finish(self, failed: bool, position: int) -> None:
        """End one of the calls."""
        granted = self.under_way.pop(position % len(self.under_way))
        self.made.leave(granted, self.now, failed=failed)
        if granted is Pass.PROBE:
            assert self.made.state(self.now) is (State.OPEN if failed else State.CLOSED)

    @invariant()
    def one_probe_at_most(self) -> None:
        """No second probe is out."""
        assert self.under_way.count(Pass.PROBE) <= 1

    @invariant()
    def a_probe_under_way_blocks_everybody(self) -> None:
        """Nobody passes beside a probe."""
        if Pass.PROBE in self.under_way:
            assert not self.made.admits(self.now)


TestCalls = Calls.TestCase
TestCalls.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
