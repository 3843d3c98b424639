"""A guard against walking through numbers: many look-ups of neighbouring numbers by one officer.

Ordinary work asks about scattered people; a thief asks about 000001, 000002, 000003 … The guard counts,
per client and officer, the numbers that lie close to another one asked shortly before, and refuses
beyond a limit. One person asked about at several registries is one number, and scattered ones pay neighbours off:
a busy officer meets neighbours by chance. It lives in one worker's memory, so the limit is shared out over the workers.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

_NEAR = 16
_REMEMBERED = 24
_ADMITTED = 64
_SCATTERED_FOR_ONE = 20
"""So many scattered numbers pay one neighbour off: chance makes about one neighbour in a hundred."""
_MOST_OFFICERS = 20_000
_MOST_DIGITS = 18
"""What fits into eight bytes; no registry's number is as long."""


def _integers() -> "array[int]":
    return array("q")


def _times() -> "array[float]":
    return array("d")


@dataclass(slots=True)
class _Track:
    """What is known of one officer, in arrays: a worker keeps thousands, and an empty deque alone takes 600 bytes."""

    numbers: "array[int]" = field(default_factory=_integers)
    admitted: "array[int]" = field(default_factory=_integers)
    hits: "array[float]" = field(default_factory=_times)
    scattered: int = 0

    def saw(self, number: int) -> None:
        """Remember a number that was asked about."""
        if number not in self.numbers:
            self.numbers.append(number)
            del self.numbers[:-_REMEMBERED]

    def admit(self, number: int) -> None:
        """Remember a number that was let through."""
        self.admitted.append(number)
        del self.admitted[:-_ADMITTED]

    def forget(self, before: float) -> None:
        """Drop the hits older than the window."""
        while self.hits and self.hits[0] < before:
            del self.hits[0]

    def pay_off(self) -> None:
        """Count a scattered number."""
        self.scattered += 1
        if self.scattered >= _SCATTERED_FOR_ONE:
            self.scattered = 0
            del self.hits[:1]


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
        """Note the look-up; `False` where it goes beyond the limit. Nothing but numbers of ordinary length counts."""
        if not person[1].isdecimal() or len(person[1]) > _MOST_DIGITS:
            return True
        track = self._track((client, officer))
        number, now = int(person[1]), self._clock()
        if number in track.admitted:
            return True
        near = any(abs(number - other) <= _NEAR for other in track.numbers)
        track.saw(number)
        track.forget(now - self.window_s)
        if near and len(track.hits) >= self._limit:
            self._on_refusal(client)
            return False
        track.admit(number)
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
