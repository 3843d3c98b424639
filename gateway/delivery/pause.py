"""When to try again: exponential back-off with jitter, for one dossier and for the whole portal.

The rule: no wait is longer than 15 s while the portal as a whole is away, so that a backlog moves soon after it is
back; while it is away it is probed with one dossier at a time.
"""

from collections.abc import Callable

FIRST_S, LONGEST_S = 0.25, 15.0
_DOUBLINGS = 16


def backoff(attempts: int, chance: float, *, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> float:
    """Return the seconds to wait after `attempts` failures (from 1); `chance` in [0, 1) takes up to half off."""
    whole = min(longest_s, first_s * float(1 << min(attempts - 1, _DOUBLINGS)))
    return whole * (1 - chance / 2)


class Pause:
    """How well the portal is: a failure makes everybody wait, a success ends it."""

    def __init__(self, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._clock, self._random = clock, random
        self._until = 0.0
        self.failures = 0

    @property
    def left_s(self) -> float:
        """Seconds until the next call may be made."""
        return max(0.0, self._until - self._clock())

    def failed(self) -> None:
        """Note that the portal was not there or not well."""
        self.failures += 1
        self._until = self._clock() + backoff(self.failures, self._random())

    def succeeded(self) -> None:
        """Note that it did what it was asked."""
        self.failures, self._until = 0, 0.0
