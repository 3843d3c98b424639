"""Faults under load, judged from the client's own history (THREATS G): `python -m bench faults`.

A bounded load of look-ups runs while gateway workers or PostgreSQL are killed. Afterwards every acknowledged
look-up must have its question and its answer in the log, every call in a registry's journal a question that
was recorded before it, and the log must verify.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from dotenv import dotenv_values

from bench import dossier_faults
from bench.cpu import groups_below
from bench.load import people
from gateway.client import Client, Refused, Unknown
from gateway.sandbox.installation import Sandbox

SERVICES = (("population/person", ("full_name",)), ("insurance/health-card", ("status",)))
CALLERS = 8


@dataclass(slots=True)
class History:
    """What the callers saw: each acknowledged request, and when."""

    ok: list[tuple[float, str]] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=dict)
    unknown: int = 0

    def longest_gap_s(self) -> float:
        """Return the longest time without any acknowledged look-up."""
        times = sorted(at for at, _ in self.ok)
        return max((late - early for early, late in pairwise(times)), default=0.0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found broken; empty where every invariant held."""

    history: History
    calls: int
    broken: tuple[str, ...]


async def load(url: str, client_toml: Path, history: History, until: float, rest_s: float = 0.0) -> None:
    """Call from eight callers until `until` (monotonic seconds); every outcome goes into the history.

    Each rests `rest_s` seconds between its calls.
    """
    persons = people(400, 11, "insurance/health-card")

    async def calling(number: int) -> None:
        async with Client(url, client_toml, timeout_s=10) as client:
            await _call(client, persons, history, until, number, rest_s)

    await asyncio.gather(*map(calling, range(CALLERS)))


async def _call(
    client: Client, persons: list[dict[str, Any]], history: History, until: float, number: int, rest_s: float
) -> None:
    chance = random.Random(number)
    while time.monotonic() < until:
        person = chance.choice(persons)
        service, fields = SERVICES[chance.randrange(len(SERVICES))]
        subject = {"id_type": "personal_id", "id": person["personal_id"]}
        subject |= {name: person[name] for name in ("full_name", "birth_date")}
        officer = {"id": f"0990850000{number + 10}", "name": "Trần Văn Cán", "unit": "H99.01"}
        purpose = {"procedure": "9.999901", "legal_basis": "law", "officer": officer}
        try:
            answer = await client.lookup(service, subject, purpose, fields)
            history.ok.append((time.monotonic(), answer.request_id or ""))
            await asyncio.sleep(rest_s)
        except Refused as refused:
            code = refused.problem.code
            history.failed[code] = history.failed.get(code, 0) + 1
            await asyncio.sleep(0.05)
        except Unknown:
            history.unknown += 1
            await asyncio.sleep(0.05)


def kill_worker(sandbox: Sandbox) -> None:
    """End one of the sandbox's gateway workers as hard as can be."""
    mark = os.fsencode(str(sandbox.layout.root))
    workers = [pid for pid in groups_below(os.getpid()).workers if mark in Path(f"/proc/{pid}/environ").read_bytes()]
    if workers:
        os.kill(random.choice(workers), signal.SIGKILL)


def kill_postgres(sandbox: Sandbox) -> None:
    """End the sandbox's PostgreSQL as hard as can be; the sandbox starts it again."""
    if sandbox.postgres_pid is not None:
        os.kill(sandbox.postgres_pid, signal.SIGKILL)


async def run(
    sandbox: Sandbox, url: str, *, seconds: float, kills: int, kill: Callable[[Sandbox], None], rest_s: float = 0.0
) -> Verdict:
    """Load the sandbox for `seconds`, kill `kills` times in between, then judge; callers rest between calls."""
    directory = sandbox.layout.root
    history = History()
    begun = time.monotonic()
    loading = asyncio.create_task(
        load(url, directory / "clients" / "H99.igate" / "client.toml", history, begun + seconds, rest_s)
    )
    watching = asyncio.create_task(_watch(sandbox))
    for number in range(kills):
        await asyncio.sleep(max(0.0, begun + seconds * (number + 0.5) / kills - time.monotonic()))
        kill(sandbox)
    await loading
    await asyncio.sleep(2.0)
    watching.cancel()
    return await judge(directory, history)


async def _watch(sandbox: Sandbox) -> None:
    while True:
        sandbox.check()
        await asyncio.sleep(0.2)


async def judge(directory: Path, history: History, *, in_time: bool = True) -> Verdict:
    """Hold the client's history and the registries' journals against the log; times too, where no clock jumped."""
    broken: list[str] = []
    kinds, asked_at = await _entries(directory)
    for _, request_id in history.ok:
        if kinds.get(request_id) != {"asked", "answered"}:
            broken.append(f"acknowledged {request_id} has the entries {kinds.get(request_id)}")
    broken += [
        f"{request_id} has two ends" for request_id, found in kinds.items() if found >= {"answered", "abandoned"}
    ]
    calls = await _journals(directory)
    for at, request_id in calls:
        recorded = asked_at.get(request_id)
        if recorded is None:
            broken.append(f"a registry was called for {request_id} without a question")
        elif in_time and at + timedelta(milliseconds=5) < recorded:
            broken.append(f"a registry was called for {request_id} before its question")
    verified = await _command(directory, "audit", "verify")
    if verified != 0:
        broken.append(f"audit verify ended with {verified}")
    return Verdict(history, len(calls), tuple(broken))


async def _entries(directory: Path) -> tuple[dict[str, set[str]], dict[str, datetime]]:
    database = await asyncpg.connect(dotenv_values(directory / "env")["LIENTHONG_DATABASE_URL"])
    rows = await database.fetch("SELECT request_id, kind, at FROM lienthong.entry")
    await database.close()
    kinds: dict[str, set[str]] = {}
    asked: dict[str, datetime] = {}
    for row in rows:
        kinds.setdefault(row["request_id"], set()).add(row["kind"])
        if row["kind"] == "asked":
            asked[row["request_id"]] = row["at"]
    return kinds, asked


async def _journals(directory: Path) -> list[tuple[datetime, str]]:
    urls = (directory / "urls.toml").read_text().split("[mocks]")[1]
    calls = []
    async with aiohttp.ClientSession() as session:
        for line in urls.splitlines():
            name, _, url = line.partition("=")
            if name.strip() in {"population", "insurance"}:
                async with session.get(url.strip().strip('"') + "/_journal") as response:
                    for entry in (await response.text()).splitlines():
                        call = json.loads(entry)
                        calls.append((datetime.fromisoformat(call["time"]), call["request_id"]))
    return calls


async def _command(directory: Path, *words: str) -> int:
    environment = {**os.environ, "LIENTHONG_ENV_FILE": str(directory / "env")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.cli", *words, env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    return await process.wait()


def main(arguments: list[str]) -> None:
    """Run the faults named, print what was seen, exit 1 where an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m bench faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--dossiers", type=int, default=0, help="so many dossiers' events through kills instead")
    parser.add_argument("--runs", type=int, default=2, help="how often, with --dossiers")
    parser.add_argument("--outage", type=float, default=0.0, help="so many seconds without a portal instead")
    options = parser.parse_args(arguments)
    if options.dossiers or options.outage:
        held = not options.dossiers or dossier_faults.run(options.dossiers, options.runs)
        held &= not options.outage or dossier_faults.run_outage(options.outage)
        raise SystemExit(0 if held else 1)
    faults: dict[str, Callable[[Sandbox], None]] = {
        "kill -9 of a worker": kill_worker,
        "kill -9 of PostgreSQL": kill_postgres,
    }
    failed = False
    for name, kill in faults.items():
        verdict = _in_sandbox(
            lambda sandbox, url, kill=kill: run(  # type: ignore[misc]
                sandbox, url, seconds=options.seconds, kills=options.kills, kill=kill
            )
        )
        seen = verdict.history
        print(
            f"{name} × {options.kills} in {options.seconds:.0f} s: {len(seen.ok)} acknowledged, "
            f"{seen.unknown} unknown, refused {seen.failed}, {verdict.calls} registry calls, "
            f"longest gap {seen.longest_gap_s():.2f} s, "
            f"broken invariants: {len(verdict.broken)}"
        )
        for line in verdict.broken[:10]:
            print(f"  {line}")
        failed |= bool(verdict.broken)
    raise SystemExit(1 if failed else 0)


def _in_sandbox(work: Callable[[Sandbox, str], Awaitable[Verdict]]) -> Verdict:
    directory = Path(tempfile.mkdtemp(prefix="lienthong-faults-"))
    sandbox = Sandbox(directory, 0, 2)
    try:
        url = sandbox.start()
        return asyncio.run(work(sandbox, url))  # type: ignore[arg-type]
    finally:
        sandbox.remove()
        shutil.rmtree(directory, ignore_errors=True)
