"""Unauthenticated refusals, recorded without letting a flood become the log (DESIGN section 3, *Floods*).

The rule: an address gets 20 entries of its own a second; what it does beyond that is counted by reason, and one
aggregate entry a minute tells the count. Memory is bounded: addresses beyond the bound share one count.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.evidence.contract import Draft, Evidence, EvidenceUnavailable, Kind, Recorded
from gateway.evidence.leaf import uuid7

PER_SECOND, AGGREGATE_S, ADDRESSES, AT_ONCE = 20, 60.0, 10_000, 64
_EVERYBODY = "*"
_REASONS = 32


@dataclass(slots=True)
class _Address:
    """What one address did: entries in the current second, and what was only counted since the last aggregate."""

    second: int = 0
    entries: int = 0
    counted: Counter[str] = field(default_factory=Counter)


class RefusalQueue:
    """Records refusals of strangers. `monotonic` is a clock in seconds that never jumps; `clock` the wall's."""

    def __init__(self, evidence: Evidence, *, clock: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._evidence, self._clock, self._monotonic = evidence, clock, monotonic
        self._addresses: OrderedDict[str, _Address] = OrderedDict()
        self._under_way = 0

    async def record(self, draft: Draft, address: str) -> Recorded | None:
        """Append the refusal, or only count it where its address had its share: then None.

        Raises `EvidenceUnavailable`.
        """
        known = self._known(address)
        second = int(self._monotonic())
        if known.second != second:
            known.second, known.entries = second, 0
        if known.entries >= PER_SECOND or self._under_way >= AT_ONCE:
            reason = draft.outcome or "unknown"
            known.counted[reason if reason in known.counted or len(known.counted) < _REASONS else "other"] += 1
            return None
        known.entries += 1
        self._under_way += 1
        try:
            placed = await self._evidence.append(draft)
        finally:
            self._under_way -= 1
        if not isinstance(placed, Recorded):
            raise EvidenceUnavailable("a stranger's refusal reserves nothing, yet it lost")
        return placed

    def _known(self, address: str) -> _Address:
        known = self._addresses.get(address)
        if known is None:
            if len(self._addresses) >= ADDRESSES and not self._forget_one():
                address = _EVERYBODY
            known = self._addresses.setdefault(address, _Address())
        self._addresses.move_to_end(address)
        return known

    def _forget_one(self) -> bool:
        """Make room by forgetting the address that was silent longest, unless something is counted for it."""
        address, oldest = next(iter(self._addresses.items()))
        if oldest.counted:
            return False
        del self._addresses[address]
        return True

    async def aggregate(self) -> int:
        """Append one entry for every address with counted refusals; return how many entries that made.

        Raises `EvidenceUnavailable`; what could not be told is kept for the next time.
        """
        told = 0
        for address, known in list(self._addresses.items()):
            if not known.counted:
                del self._addresses[address]
                continue
            counted, known.counted = known.counted, Counter()
            try:
                await self._evidence.append(self._aggregate_draft(address, counted))
            except EvidenceUnavailable:
                known.counted.update(counted)
                raise
            told += 1
        return told

    async def run(self) -> None:
        """Aggregate once a minute; ends by cancellation."""
        while True:
            await asyncio.sleep(AGGREGATE_S)
            try:
                await self.aggregate()
            except EvidenceUnavailable:
                continue

    def _aggregate_draft(self, address: str, counted: Counter[str]) -> Draft:
        now = self._clock()
        return Draft(
            kind=Kind.REFUSED,
            request_id=uuid7(int(now.timestamp() * 1000)),
            at=now,
            mode="flood",
            outcome="flood",
            detail={"count": counted.total(), "reasons": dict(counted), "seconds": AGGREGATE_S},
            address=address,
        )
