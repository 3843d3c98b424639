"""`python -m bench console`: the console at five million log entries, while the gateway answers 200 look-ups a second.

A sandbox is filled with a year (`bench.year`). Then every page is asked for, each filter of the list alone and several
at once, while look-ups go on; then the gateway's latency is measured with nobody at the console and with an auditor
who opens page after page, in turn; meanwhile some look-ups are out of order, and it is noted when alerts are there.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

import asyncpg
from dotenv import dotenv_values
from rich.console import Console
from rich.table import Table

from bench.auditor import OK, Auditor, View, known, leisurely, views, views_of_a_province
from bench.cpu import children_of, command_of, cpu_us, groups_below
from bench.traffic import SERVICE, Watch, misuse, prepare
from bench.year import Filled, fill, filled
from gateway.sandbox.installation import Sandbox
from gateway.sandbox.layout import AUDITOR, PROVINCE
from gateway.store.embedded import APPLICATION, OWNER, EmbeddedPostgres
from gateway.store.migrations import migrate

PACED = f"/v1/lookups/{SERVICE}"
OTHER = "tinh12"
"""A second auditor, who sees one province."""
JUDGED = 6000
_READ = "SELECT next FROM lienthong.audit_mark WHERE source = $1"
_JUDGED = """
SELECT bool_and(m.next = h.next_index) FROM lienthong.log_head h
JOIN lienthong.audit_mark m ON m.source = 'log ' || h.log_id WHERE h.next_index > 0
"""
_BACK = "UPDATE lienthong.audit_mark SET next = next - $2 WHERE source = $1 RETURNING next + $2"
out = Console(width=120)


@dataclass(slots=True)
class Seen:
    """What was measured."""

    filled: Filled | None = None
    filling_s: float = 0.0
    gigabytes: float = 0.0
    pages: dict[View, list[float]] = field(default_factory=dict)
    rounds: dict[str, list[dict[str, float]]] = field(default_factory=lambda: {"off": [], "on": []})
    alerts: list[float] = field(default_factory=list)
    judged: tuple[int, float, float] = (0, 0.0, 0.0)
    """Look-ups judged, µs of the keeper and of PostgreSQL for one."""


def main(arguments: list[str]) -> None:
    """Fill, measure, print, and leave nothing behind."""
    parser = argparse.ArgumentParser(prog="python -m bench console", description=__doc__)
    parser.add_argument("--entries", type=int, default=5_000_000)
    parser.add_argument("--rate", type=float, default=200.0, help="look-ups a second")
    parser.add_argument("--workers", type=int, default=1, help="of the gateway: one carries 200 look-ups a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each round with and without the console")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of rounds: without, with the console")
    parser.add_argument("--turns", type=int, default=6, help="how often each page is asked for")
    parser.add_argument("--directory", type=Path, help="keep the filled sandbox here, and use it again")
    parser.add_argument("--pages", type=float, default=2.0, help="pages a second that the auditor opens in a round")
    options = parser.parse_args(arguments)
    directory = options.directory or Path(tempfile.mkdtemp(prefix="lienthong-bench-"))
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    sandbox = Sandbox(directory / "DIR", 0, options.workers)
    try:
        seen = Seen()
        seen.filled, seen.filling_s = _filled(sandbox, options.entries)
        url = sandbox.start()
        _add_auditor(sandbox)
        asyncio.run(Bench(sandbox, url, options, seen).run())
        show(seen, options)
    finally:
        if options.directory:
            sandbox.stop()
        else:
            sandbox.remove()
            shutil.rmtree(directory, ignore_errors=True)


def _filled(sandbox: Sandbox, entries: int) -> tuple[Filled, float]:
    """Fill the sandbox's database before anything else runs, on a server that need not survive a crash meanwhile."""
    server = EmbeddedPostgres(sandbox.layout.postgres, scratch=True)
    server.start()
    try:
        return asyncio.run(_fill(server.url(OWNER), entries))
    finally:
        server.stop()


async def _fill(url: str, entries: int) -> tuple[Filled, float]:
    await migrate(url, APPLICATION)
    begun = perf_counter()
    made = await filled(url) or await fill(url, entries, datetime.now(UTC))
    return made, perf_counter() - begun


def _add_auditor(sandbox: Sandbox) -> None:
    if _secrets(sandbox, OTHER).exists():
        return
    words = ["--role", "auditor", "--scope", "H12*", "--name", "Kiểm soát viên", "--out", _secrets(sandbox, OTHER)]
    command = [sys.executable, "-m", "gateway.cli", "console", "user", "add", OTHER, *map(str, words)]
    environment = {**os.environ, "LIENTHONG_ENV_FILE": str(sandbox.layout.env)}
    subprocess.run(command, env=environment, check=True, capture_output=True)


def _secrets(sandbox: Sandbox, login: str) -> Path:
    return sandbox.layout.auditor if login == AUDITOR else sandbox.layout.root / f"{login}.toml"


class Bench:
    """One run."""

    def __init__(self, sandbox: Sandbox, url: str, options: argparse.Namespace, seen: Seen) -> None:
        self._sandbox, self._url, self._options, self.seen = sandbox, url, options, seen
        self._client, self._bodies = sandbox.layout.client_toml(PROVINCE), sandbox.layout.root / "bodies"
        self._settings = dotenv_values(sandbox.layout.env)

    async def run(self) -> None:
        """Fill, then measure everything."""
        owner = await asyncpg.connect(self._settings["LIENTHONG_MIGRATION_URL"])
        self.seen.gigabytes = await owner.fetchval("SELECT pg_database_size(current_database())") / 1e9
        good, wrong = await prepare(self._url, self._client)
        await asyncio.to_thread(self._bodies.write_bytes, b"\n".join(good))
        wanted = views(await known(owner, AUDITOR))
        console = self._sandbox.addresses.console if self._sandbox.addresses else ""
        async with (
            Auditor(console, _secrets(self._sandbox, AUDITOR)) as lead,
            Auditor(console, _secrets(self._sandbox, OTHER)) as other,
        ):
            await self._pages(lead, wanted)
            await self._pages(other, views_of_a_province())
            await self._rounds(lead, wanted, owner, wrong)
        self.seen.judged = await self._judging(owner)
        await owner.close()

    async def _pages(self, auditor: Auditor, wanted: Sequence[View]) -> None:
        """Ask for every page in turn, one after another without a pause, while look-ups go on."""
        for turn in range(self._options.turns + 1):
            going = await self._paced(3600)
            for view in wanted:
                status, took = await auditor.look(view.path)
                if status != OK:
                    out.print(f"[red]{view.name}: {status}")
                if turn:  # the first fills caches
                    self.seen.pages.setdefault(view, []).append(took)
            going.terminate()
            await going.wait()

    async def _rounds(
        self, auditor: Auditor, wanted: Sequence[View], owner: asyncpg.Connection, wrong: Sequence[bytes]
    ) -> None:
        """Measure the gateway without and with somebody at the console, in turn; and the alerts meanwhile."""
        watch = Watch(owner, PROVINCE)
        every_s = 2 * self._options.rounds * self._options.seconds / len(wrong)
        mischief = asyncio.create_task(misuse(self._url, self._client, wrong, every_s))
        watching = asyncio.create_task(watch.run(len(wrong)))
        for _ in range(self._options.rounds):
            self.seen.rounds["off"].append(await self._round())
            looking = asyncio.create_task(leisurely(auditor, wanted, self._options.pages))
            self.seen.rounds["on"].append(await self._round())
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        sent = await mischief
        await watching
        self.seen.alerts = [seen - asked for asked, seen in zip(sent, watch.seen, strict=False)]

    async def _round(self) -> dict[str, float]:
        """Send look-ups for so long; return what was seen, and CPU time in µs a look-up."""
        before = _cpu()
        process = await self._paced(self._options.seconds)
        told, _ = await process.communicate()
        seen: dict[str, float] = json.loads(told)
        if seen["errors"]:
            out.print(f"[red]{seen['errors']:.0f} look-ups failed: the round is void")
        return seen | {name: (us - before[name]) / seen["sent"] for name, us in _cpu().items()}

    async def _paced(self, seconds: float) -> asyncio.subprocess.Process:
        arguments = (self._client.parent, self._url, PACED, self._bodies, self._options.rate, seconds)
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.pacing", *map(str, arguments), stdout=subprocess.PIPE
        )

    async def _judging(self, owner: asyncpg.Connection) -> tuple[int, float, float]:
        """Have the keeper judge the newest of the year again; return how many look-ups, and the µs of each."""
        filled = self.seen.filled
        if filled is None:
            return 0, 0.0, 0.0
        source, lookups = f"log {filled.log_id}", min(JUDGED, filled.lookups)
        while not await owner.fetchval(_JUDGED):  # noqa: ASYNC110 — another process reads on
            await asyncio.sleep(0.5)
        before = _cpu()
        head = await owner.fetchval(_BACK, source, 2 * lookups)
        while await owner.fetchval(_READ, source) < head:  # noqa: ASYNC110 — another process moves it
            await asyncio.sleep(0.5)
        spent = {name: us - before[name] for name, us in _cpu().items()}
        return lookups, spent["keeper"] / lookups, spent["PostgreSQL"] / lookups


def _cpu() -> dict[str, float]:
    groups = groups_below(os.getpid())
    console = [pid for pid in children_of(os.getpid()) if "gateway.cli console" in command_of(pid)]
    named = {"gateway": groups.workers, "keeper": groups.keeper, "PostgreSQL": groups.postgres, "console": console}
    return {name: cpu_us(pids) for name, pids in named.items()}


def show(seen: Seen, options: argparse.Namespace) -> None:
    """Print the tables, each figure beside what it has to reach."""
    entries = seen.filled.entries if seen.filled else 0
    out.print(f"filled in {seen.filling_s:.0f} s, {seen.gigabytes:.1f} GB")
    table = Table("page", "p50 ms", "p95 ms", "to reach", title=f"{entries:,} entries, {options.rate:.0f} look-ups/s")
    for view, took in seen.pages.items():
        p95 = _share(took, 0.95)
        missed = view.goal_ms is not None and p95 > view.goal_ms
        goal = f"{view.goal_ms:.0f}" if view.goal_ms else ""
        table.add_row(view.name, f"{median(took):.0f}", f"{'[red]' if missed else ''}{p95:.0f}", goal)
    every = [one for view, took in seen.pages.items() if view.name.startswith("list") for one in took]
    table.add_row("every list", f"{median(every):.0f}", f"{_share(every, 0.95):.0f}", "500")
    out.print(table)
    names = ("p50_ms", "p99_ms", "max_ms", "gateway", "keeper", "PostgreSQL", "console")
    rounds = Table(
        "console", *(name.replace("_", " ") for name in names), title="the gateway, medians; CPU: µs a look-up"
    )
    for state, rows in seen.rounds.items():
        rounds.add_row(state, *(f"{median(row[name] for row in rows):.1f}" for name in names))
    out.print(rounds)
    off, on = (median(row["p99_ms"] for row in seen.rounds[state]) for state in ("off", "on"))
    out.print(f"p99 with the console / without: {on / off:.2f} (to reach 1.2)")
    if seen.alerts:
        late = sorted(seen.alerts)
        out.print(f"{len(late)} alerts: {median(late):.1f} s after the look-up, at most {late[-1]:.1f} s (to reach 60)")
    number, keeper, postgres = seen.judged
    out.print(f"judging one of {number:,} look-ups: {keeper:.0f} µs keeper, {postgres:.0f} µs PostgreSQL")


def _share(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
