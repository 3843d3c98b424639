"""`make bench`: what one look-up costs, and how many a second two cores carry with everything on them.

Three interleaved rounds of peer, REST (insurance) and SOAP (population); the median of each figure. CPU is
that of the processes named, in µs a look-up, from /proc; every look-up is signed, granted, logged twice.
"""

import argparse
import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import asyncpg
from dotenv import dotenv_values
from rich.console import Console
from rich.table import Table

from bench.cpu import cpu_us, groups_below, rss_mb
from bench.load import Client, Run, drive, lookups, people, presign
from bench.peer import COMPONENTS, PATH, URL, Peer
from gateway.sandbox.installation import Sandbox

REST = ("insurance/health-card", ("card_number", "full_name", "birth_date", "status", "valid_from", "valid_to"))
SOAP = ("population/person", ("full_name", "birth_date", "sex", "permanent_address", "father", "mother"))
WARM_UP = 600
MOST_A_SECOND = 2600
out = Console(width=150)


@dataclass(frozen=True, slots=True)
class Figures:
    """One measured run."""

    run: Run
    gateway_us: float
    keeper_us: float
    postgres_us: float
    rss: float


_COLUMNS: dict[str, Callable[[Figures], float]] = {
    "µs gateway": lambda one: one.gateway_us,
    "µs keeper": lambda one: one.keeper_us,
    "µs PostgreSQL": lambda one: one.postgres_us,
    "look-ups/s": lambda one: one.run.rate,
    "p50 ms": lambda one: one.run.p50_ms,
    "p99 ms": lambda one: one.run.p99_ms,
    "max ms": lambda one: one.run.max_ms,
    "MB/worker": lambda one: one.rss,
    "stolen %": lambda one: 100 * one.run.stolen,
}


def main(arguments: list[str]) -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench lookups", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--connections", type=int, default=25, help="look-ups under way at once")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--pin", action="store_true", help="keep each worker on a processor of its own")
    parser.add_argument("--commit-delay", action="store_true", help="also with 3 ms added to every commit")
    options = parser.parse_args(arguments)
    if shutil.which("wrk") is None:
        raise SystemExit("make bench needs wrk: apt-get install wrk")
    for workers in (int(word) for word in options.workers.split(",")):
        measure(workers, options, delay=False)
    if options.commit_delay:
        measure(2, options, delay=True)


def measure(workers: int, options: argparse.Namespace, *, delay: bool) -> None:
    """Start a sandbox, run the rounds, print one table."""
    directory = Path(tempfile.mkdtemp(prefix="lienthong-bench-"))
    sandbox = Sandbox(directory, 0, workers, pin=options.pin)
    peer = None
    try:
        url = sandbox.start()
        client = Client.load(directory / "clients" / "H99.igate")
        if delay:
            asyncio.run(slow_commits(directory))
        missing = Peer.missing()
        peer = None if missing or delay else Peer(client)
        if missing:
            out.print(f"[dim]without the peer: {missing}")
        rows = rounds(directory, url, client, peer, options)
        show(rows, workers, options, delay=delay)
    finally:
        if peer is not None:
            peer.stop()
        sandbox.remove()
        shutil.rmtree(directory, ignore_errors=True)


def rounds(
    directory: Path, url: str, client: Client, peer: Peer | None, options: argparse.Namespace
) -> dict[str, list[Figures]]:
    """Run each contestant once a round, in turn."""
    contestants: dict[str, Callable[[int], Figures]] = {}
    if peer is not None:
        contestants["peer nginx+Lua"] = lambda warm: _peer(directory, client, peer, options, warm)
    for name, (service, fields) in (("REST insurance", REST), ("SOAP population", SOAP)):
        bodies = lookups(people(2000, 7, service), fields)
        contestants[name] = _lookups(directory, url, client, service, bodies, options)
    rows: dict[str, list[Figures]] = {name: [] for name in contestants}
    for number in range(options.rounds):
        for name, contestant in contestants.items():
            rows[name].append(contestant(number))
    return rows


def _lookups(
    directory: Path, url: str, client: Client, service: str, bodies: Iterator[bytes], options: argparse.Namespace
) -> Callable[[int], Figures]:
    path = f"/v1/lookups/{service}"

    def run(_: int) -> Figures:
        file = directory / "requests.bin"
        presign(file, client, url, path, bodies, WARM_UP + MOST_A_SECOND * options.seconds)
        drive(file, url, seconds=1, connections=4)
        groups = groups_below(os.getpid())
        before = [cpu_us(group) for group in (groups.workers, groups.keeper, groups.postgres)]
        seen = drive(file, url, seconds=options.seconds, connections=options.connections, start=MOST_A_SECOND)
        after = [cpu_us(group) for group in (groups.workers, groups.keeper, groups.postgres)]
        spent = [(late - early) / seen.requests for early, late in zip(before, after, strict=True)]
        return Figures(seen, *spent, max(rss_mb(pid) for pid in groups.workers))

    return run


def _peer(directory: Path, client: Client, peer: Peer, options: argparse.Namespace, _: int) -> Figures:
    file = directory / "peer.bin"
    bodies = lookups(people(2000, 7, REST[0]), REST[1])
    presign(file, client, URL, PATH, bodies, WARM_UP + 9000 * options.seconds, COMPONENTS)
    before = cpu_us(peer.pids)
    seen = drive(file, URL, seconds=options.seconds, connections=options.connections)
    return Figures(seen, (cpu_us(peer.pids) - before) / seen.requests, 0, 0, max(rss_mb(pid) for pid in peer.pids))


def show(rows: dict[str, list[Figures]], workers: int, options: argparse.Namespace, *, delay: bool) -> None:
    """Print the medians and the ratios asked for."""
    title = f"{workers} {'pinned ' if options.pin else ''}worker(s), {options.connections} connections, "
    title += f"median of {options.rounds} rounds of {options.seconds} s"
    table = Table(title=title + (", 3 ms added to every commit" if delay else ""))
    for column in ("", *_COLUMNS, "errors"):
        table.add_column(column, justify="right")
    medians: dict[str, float] = {}
    for name, figures in rows.items():
        valid = [one for one in figures if not one.run.errors]  # a run with any error is void
        errors = str(sum(one.run.errors for one in figures))
        if valid:
            medians[name] = median(one.gateway_us for one in valid)
        cells = (f"{median(map(of, valid)):.1f}" if valid else "void" for of in _COLUMNS.values())
        table.add_row(name, *cells, errors)
    out.print(table)
    ratio(medians, "REST insurance", "peer nginx+Lua", "to reach 4.0, goal 3.0")
    ratio(medians, "SOAP population", "REST insurance", "to reach 1.3")


def ratio(medians: dict[str, float], ours: str, theirs: str, wanted: str) -> None:
    """Print one ratio, where both were measured."""
    if {ours, theirs} <= medians.keys():
        out.print(f"{ours} / {theirs} = {medians[ours] / medians[theirs]:.2f}   ({wanted})")


async def slow_commits(directory: Path) -> None:
    """Make each commit of the log wait 3 ms more, as a synchronous standby would."""
    owner = await asyncpg.connect(dotenv_values(directory / "env")["LIENTHONG_MIGRATION_URL"])
    await owner.execute(
        """CREATE FUNCTION lienthong.bench_wait() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_sleep(0.003); RETURN NULL; END $$;
           CREATE CONSTRAINT TRIGGER bench_wait AFTER UPDATE ON lienthong.log_head
           DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lienthong.bench_wait()"""
    )
    await owner.close()
