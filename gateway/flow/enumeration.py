"""A guard against walking through numbers: many look-ups of neighbouring numbers by one officer.

Ordinary work asks about scattered people; a thief asks about 000001, 000002, 000003 … The guard counts,
per client and officer, the numbers that lie close to another one asked shortly before, and refuses
beyond a limit. One person asked about at several registries is one number, and scattered ones pay neighbours off:
a busy officer meets neighbours by chance. It lives in one worker's memory, so the limit is shared out over the workers.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

_NEAR = 16
_REMEMBERED = 24
_ADMITTED = 64
_SCATTERED_FOR_ONE = 20
"""So many scattered numbers pay one neighbour off: chance makes about one neighbour in a hundred."""
_MOST_OFFICERS = 20_000


@dataclass(slots=True)
class _Track:
    numbers: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    admitted: deque[int] = field(default_factory=lambda: deque(maxlen=_ADMITTED))
    hits: deque[float] = field(default_factory=deque)
    scattered: int = 0

    def forget(self, before: float) -> None:
        """Drop the hits older than the window."""
        while self.hits and self.hits[0] < before:
            self.hits.popleft()

    def pay_off(self) -> None:
        """Count a scattered number."""
        self.scattered += 1
        if self.scattered >= _SCATTERED_FOR_ONE:
            self.scattered = 0
            if self.hits:
                self.hits.popleft()


class EnumerationGuard:
    """Limits look-ups of neighbouring numbers to `limit` per officer and `window_s` seconds."""

    def __init__(
        self,
        limit: int,
        window_s: int = 600,
        *,
        on_refusal: Callable[[str], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.window_s = window_s
        self._limit = limit
        self._on_refusal = on_refusal
        self._clock = clock
        self._tracks: OrderedDict[tuple[str, str], _Track] = OrderedDict()

    def admits(self, client: str, officer: str, person: tuple[str, str]) -> bool:
        """Note the look-up; `False` where it goes beyond the limit. Numbers with letters are not counted."""
        if not person[1].isdecimal():
            return True
        track = self._track((client, officer))
        number, now = int(person[1]), self._clock()
        if number in track.admitted:
            return True
        near = any(abs(number - other) <= _NEAR for other in track.numbers)
        if number not in track.numbers:
            track.numbers.append(number)
        track.forget(now - self.window_s)
        if near and len(track.hits) >= self._limit:
            self._on_refusal(client)
            return False
        track.admitted.append(number)
        if near:
            track.hits.append(now)
        else:
            track.pay_off()
        return True

    def _track(self, key: tuple[str, str]) -> _Track:
        track = self._tracks.get(key)
        if track is None:
            track = self._tracks[key] = _Track()
            if len(self._tracks) > _MOST_OFFICERS:
                self._tracks.popitem(last=False)
        else:
            self._tracks.move_to_end(key)
        return track
