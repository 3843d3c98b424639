"""What every fault of `bench.withstand` is told with: a sandbox, who calls it at their own pace, and a report."""

import asyncio
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp

from bench.cpu import children_of, command_of
from bench.load import Client as Signer
from bench.load import lookups, people
from bench.pacing import Caller, Told
from gateway.sandbox.installation import Sandbox

POPULATION, INSURANCE = "population/person", "insurance/health-card"
FIELDS = {POPULATION: ("full_name",), INSURANCE: ("status",)}
OK, DEADLINE_MS = 200, 3000
_persons = count(21)


class Skipped(Exception):  # noqa: N818 — nothing went wrong
    """This machine cannot hold the fault; the text says what it lacks."""


@contextmanager
def ordinary_ground() -> Iterator[Path]:
    """Lend a directory for a sandbox."""
    directory = Path(tempfile.mkdtemp(prefix="lienthong-withstand-"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@dataclass(slots=True)
class Report:
    """What was seen, line by line, and what of it missed its figure."""

    lines: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def hold(self, what: str, value: float, most: float, unit: str = "ms") -> None:
        """Note a figure that shall not be above `most`."""
        self.lines.append(f"{what}: {value:.4g} {unit} (at most {most:.4g})")
        if not value <= most:
            self.missed.append(what)

    def note(self, line: str) -> None:
        """Note something that has no figure."""
        self.lines.append(line)


@dataclass(frozen=True, slots=True)
class Place:
    """A running sandbox and who calls it."""

    sandbox: Sandbox
    url: str

    @property
    def signer(self) -> Signer:
        """The province's key."""
        return Signer.load(self.sandbox.layout.client_toml("H99.igate").parent)

    async def paced(self, service: str, rate: float, seconds: float) -> list[Told]:
        """Send look-ups of a service at a rate and return what became of each."""
        bodies = bodies_of(service)
        caller = Caller(self.signer, self.url, f"/v1/lookups/{service}", connections=400)
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                due = begun + number / rate
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                group.create_task(caller.send(next(bodies), due))
        return caller.told

    async def behave(self, registry: str, mode: dict[str, Any] | None) -> None:
        """Switch a misbehaviour of a registry on, or off with None."""
        assert self.sandbox.addresses is not None
        url = self.sandbox.addresses.mocks[registry] + "/_behaviour"
        async with aiohttp.ClientSession() as session:
            await (session.put(url, json=mode) if mode else session.delete(url))

    async def calls(self, registry: str) -> int:
        """Return how often a registry was called."""
        assert self.sandbox.addresses is not None
        async with (
            aiohttp.ClientSession() as session,
            session.get(self.sandbox.addresses.mocks[registry] + "/_journal/count") as answer,
        ):
            return int((await answer.json())["calls"])

    def processes(self, word: str) -> list[int]:
        """Return the sandbox's processes of this name."""
        return [pid for pid in children_of(os.getpid()) if word in command_of(pid)]


def bodies_of(service: str) -> Iterator[bytes]:
    """Return bodies of look-ups about other persons than before."""
    return lookups(people(400, next(_persons), service), FIELDS[service])


def good(told: Sequence[Told]) -> list[float]:
    """Return how long each answer took, in ms."""
    return [one.ms for one in told if one.status == OK]


def failures(told: Sequence[Told]) -> dict[int, int]:
    """Count what was not answered, by status; 0 is none at all."""
    return dict(Counter(one.status for one in told if one.status != OK))
