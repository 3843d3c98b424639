"""A circuit breaker: closed, open, half-open with one probe (DESIGN section 5). No I/O, no clock.

It opens when at least `min_calls` calls ended within `window_s` and `failure_rate` of them failed;
after `probe_after_s` one call is let through, and its result closes or re-opens it. Times are seconds
of a monotonic clock, given by the caller.
"""

from collections import deque
from enum import StrEnum


class State(StrEnum):
    """What the breaker does with the next call."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Pass(StrEnum):
    """Leave to make one call."""

    ORDINARY = "ordinary"
    PROBE = "probe"


class Breaker:
    """One registry's breaker. Not thread-safe: one event loop owns it."""

    def __init__(self, *, min_calls: int, failure_rate: float, window_s: float, probe_after_s: float) -> None:
        self._min_calls = min_calls
        self._failure_rate = failure_rate
        self._window_s = window_s
        self._probe_after_s = probe_after_s
        self._ended: deque[tuple[float, bool]] = deque()
        self._failed = 0
        self._opened_at: float | None = None
        self._probing = False

    def state(self, now: float) -> State:
        """Return the state at `now`."""
        if self._opened_at is None:
            return State.CLOSED
        if self._probing or now - self._opened_at >= self._probe_after_s:
            return State.HALF_OPEN
        return State.OPEN

    def admits(self, now: float) -> bool:
        """Whether a call at `now` would be let through; changes nothing."""
        if self._opened_at is None:
            return True
        return self.state(now) is State.HALF_OPEN and not self._probing

    def enter(self, now: float) -> Pass | None:
        """Ask to make a call: a pass, to be given back by `leave`, or `None`: do not call."""
        if not self.admits(now):
            return None
        if self._opened_at is None:
            return Pass.ORDINARY
        self._probing = True
        return Pass.PROBE

    def leave(self, granted: Pass, now: float, *, failed: bool) -> None:
        """Report how an entered call ended. Only the probe's end counts while the breaker is not closed."""
        if granted is Pass.PROBE:
            self._probing = False
            self._opened_at = now if failed else None
            return
        if self._opened_at is not None:
            return
        self._ended.append((now, failed))
        self._failed += failed
        self._forget(now)
        if len(self._ended) >= self._min_calls and self._failed >= self._failure_rate * len(self._ended):
            self._opened_at = now
            self._ended.clear()
            self._failed = 0

    def _forget(self, now: float) -> None:
        oldest = now - self._window_s
        while self._ended and self._ended[0][0] < oldest:
            self._failed -= self._ended.popleft()[1]
