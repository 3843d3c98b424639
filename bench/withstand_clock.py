"""The wall's clock jumps by two hours and back while look-ups run (THREATS G and A4).

The rule: what jumps is the clock that every process of the installation reads, PostgreSQL's too (`clock.c`), never the
machine's. Callers sign by the clock that has jumped; requests that were kept from before are sent again after it.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from bench.dossier_faults import drained, lives, push
from bench.faults import History, judge
from bench.load import HERE
from bench.pacing import Caller, Told, percentile
from bench.withstand_place import (
    INSURANCE,
    OK,
    POPULATION,
    Place,
    Report,
    Skipped,
    bodies_of,
    failures,
    good,
    ordinary_ground,
)
from gateway.client import Client

JUMPS = (2, 0, -2, 0, 3, 0)
_HOUR_S, _KEPT, _UNAUTHORISED = 3600, 20, 401
_SLOW_S, _AROUND_S = 1.0, 2.0
_TRUE_TIME = time.time
_OFFSET = "BENCH_CLOCK"


@contextmanager
def faked_clock() -> Iterator[Path]:
    """Lend a directory and have every process started meanwhile read a clock that can be set."""
    beside = Path(tempfile.mkdtemp(prefix="lienthong-clock-"))
    beside.chmod(0o755)  # PostgreSQL, which is another user's where we are root, reads it too
    library, offset = beside / "clock.so", beside / "offset"
    try:
        if shutil.which("cc") is None:
            raise Skipped("there is no C compiler to make the clock with")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", library, HERE / "clock.c", "-ldl"], check=True)
        offset.write_bytes(bytes(8))
        offset.chmod(0o644)
        faked = {"LD_PRELOAD": str(library), _OFFSET: str(offset)}
        with (
            patch.dict(os.environ, faked),
            patch.dict("gateway.store.embedded._ENVIRONMENT", faked),
            patch("time.time", lambda: _TRUE_TIME() + _ahead_s()),  # by which callers sign
            ordinary_ground() as directory,
        ):
            yield directory
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _ahead_s() -> float:
    return int.from_bytes(Path(os.environ[_OFFSET]).read_bytes(), sys.byteorder, signed=True) / 1e9


def _set(hours: int) -> None:
    """Set the clock so far ahead of the true one, at once for everybody."""
    ns = hours * _HOUR_S * 1_000_000_000
    with Path(os.environ[_OFFSET]).open("r+b", buffering=0) as offset:
        offset.write(ns.to_bytes(8, sys.byteorder, signed=True))


class _Kept:
    """Requests that were signed once, and how often each was answered with data."""

    def __init__(self, place: Place, count: int) -> None:
        bodies = bodies_of(INSURANCE)
        self._caller = Caller(place.signer, place.url, f"/v1/lookups/{INSURANCE}")
        self._requests = [self._caller.signed(next(bodies)) for _ in range(count)]
        self.answered = [0] * count
        self.others: Counter[int] = Counter()

    async def send(self) -> None:
        """Send them all once more."""
        for number, request in enumerate(self._requests):
            await self._caller.send_signed(request, time.perf_counter())
            status = self._caller.told[-1].status
            self.answered[number] += status == OK
            self.others.update([status] if status != OK else [])


async def clock(place: Place, seconds: float) -> Report:
    """Jump two hours ahead and back, two behind and back, three ahead and back; some look-ups take a second."""
    report, begun, jumps = Report(), time.perf_counter(), list[float]()
    await place.behave("population", {"mode": "slow", "seconds": _SLOW_S})
    length = seconds * (len(JUMPS) + 1)
    loading = asyncio.gather(place.paced(INSURANCE, 30, length), place.paced(POPULATION, 10, length))
    telling = asyncio.create_task(_tell(place, int(length)))
    sent, unsent = [_Kept(place, _KEPT)], _Kept(place, _KEPT)
    await sent[0].send()
    for number, hours in enumerate(JUMPS, 1):
        await asyncio.sleep(begun + number * seconds - time.perf_counter())
        if hours:  # what the portal does not take now will be due by a clock ahead
            await place.behave("portal", {"mode": "http_500"})
        _set(hours)
        jumps.append(time.perf_counter())
        sent.append(_Kept(place, _KEPT))
        for kept in (*sent, unsent):
            await kept.send()
        if not hours:
            await place.behave("portal", None)
    quick, slow = await loading
    pushed = await telling
    _judged(report, quick, slow, jumps)
    report.hold(
        "a kept request answered with data, most often",
        max(times for kept in sent for times in kept.answered),
        1,
        "times",
    )
    report.hold("of those never answered", sum(times == 0 for kept in sent for times in kept.answered), 0, "")
    report.note(f"the others: {dict(sum((kept.others for kept in sent), Counter()))}")
    report.hold("of those first sent after a jump, answered", sum(unsent.answered), 0, "")
    report.note(f"kept and first sent after a jump: {dict(unsent.others)}")
    report.hold("deliveries done after", await drained(place.sandbox), 60, "s")
    report.note(f"{pushed} events told")
    verdict = await judge(place.sandbox.layout.root, History(), in_time=False)
    report.hold("broken invariants", len(verdict.broken), 0, "")
    report.lines.extend(verdict.broken[:5])
    return report


def _judged(report: Report, quick: Sequence[Told], slow: Sequence[Told], jumps: Sequence[float]) -> None:
    """Hold what became of the look-ups against what would have without jumps."""
    told = [*quick, *slow]
    near = [one for one in told if any(-_AROUND_S < one.at - jump < _AROUND_S for jump in jumps)]
    apart = [one for one in told if one not in set(near)]
    report.note(f"{len(told)} look-ups; around jumps {failures(near)}")
    report.hold("look-ups that failed apart from jumps", len(apart) - len(good(apart)), 0, "")
    wrong = sum(one.status not in {OK, _UNAUTHORISED} for one in near)
    report.hold("answers that are neither data nor 401 around jumps", wrong, 0, "")
    report.note(f"p50 {percentile(good(quick), 0.5):.0f} ms, slow ones {percentile(good(slow), 0.5):.0f} ms")
    report.hold("a slow one, longest", max(good(slow), default=0), 1000 * _SLOW_S + 1500)
    report.note(f"the shortest of them {min(good(slow), default=0):.0f} ms")


async def _tell(place: Place, count: int) -> int:
    """Report an event a second."""
    events = lives(count // 7 + 1)[:count]
    async with Client(place.url, place.sandbox.layout.client_toml("H99.igate"), timeout_s=15) as client:
        for event in events:
            await asyncio.gather(push(client, [event]), asyncio.sleep(1))
    return count
