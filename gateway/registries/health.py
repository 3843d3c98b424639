"""How a registry has been answering lately, from the very calls that were made: no active probing."""

from collections import deque
from dataclasses import dataclass
from statistics import median

from gateway.registries.breaker import State

WINDOW_S = 60
_MOST = 4096
_BAD, _UNSURE = 0.5, 0.1


@dataclass(frozen=True, slots=True)
class Health:
    """One registry's row of `GET /v1/registries/health` (PROTOCOL section 3)."""

    registry: str
    state: str
    calls: int
    failed: int
    p50_ms: float | None
    breaker: str
    reason: str | None

    def as_json(self) -> dict[str, object]:
        """Return the row as JSON members."""
        return {
            "registry": self.registry,
            "state": self.state,
            "window_s": WINDOW_S,
            "calls": self.calls,
            "failed": self.failed,
            "p50_ms": self.p50_ms,
            "breaker": self.breaker,
            "reason": self.reason,
        }


class HealthWindow:
    """The calls of the last minute (the newest 4,096 of them)."""

    def __init__(self, registry: str) -> None:
        self._registry = registry
        self._calls: deque[tuple[float, float, str | None]] = deque(maxlen=_MOST)

    def add(self, now: float, seconds: float, failure: str | None) -> None:
        """Note a call that ended at `now` after `seconds`; `failure` is a problem code."""
        self._calls.append((now, seconds, failure))

    def read(self, now: float, breaker: State) -> Health:
        """GOOD: under 10 % failed; BAD: half or more failed, or the breaker is open; UNSURE: else, or no calls."""
        recent = [call for call in self._calls if call[0] >= now - WINDOW_S]
        failures = [failure for _, _, failure in recent if failure is not None]
        rate = len(failures) / len(recent) if recent else None
        if breaker is State.OPEN or (rate is not None and rate >= _BAD):
            state = "BAD"
        elif rate is None or rate >= _UNSURE or breaker is State.HALF_OPEN:
            state = "UNSURE"
        else:
            state = "GOOD"
        p50 = round(median(seconds for _, seconds, _ in recent) * 1000, 1) if recent else None
        return Health(self._registry, state, len(recent), len(failures), p50, str(breaker), _reason(failures))


def _reason(failures: list[str]) -> str | None:
    return max(set(failures), key=failures.count) if failures else None
