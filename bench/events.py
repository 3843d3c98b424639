"""Dossier events a second, signed, in batches of 100, durable, with deliveries running: `python -m bench events`.

The targets are 2,000 events/s received and 300/s delivered in order to the portal, while more come in and afterwards
from the backlog. CPU figures are a single event's. The lag is from an event's commit to the portal's acknowledgement,
measured in a second part that pushes 300 events/s and no more.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from dotenv import dotenv_values

from bench.cpu import cpu_us, groups_below
from gateway.client import Client
from gateway.sandbox.installation import Sandbox

BATCH, TARGET = 100, 2000
PACE, DELIVERED_TARGET = 300, 300
_WAITING = "SELECT count(*) FROM lienthong.delivery WHERE delivered_at IS NULL"
_LAGS = """
    SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM delivered_at - queued_at))
    FROM lienthong.delivery WHERE sequence > $1
"""
STEPS = (1, 2, 4, 9, 10)
START = datetime(2026, 11, 1, 1, tzinfo=UTC)


def events(count: int, first: int = 0) -> Iterator[dict[str, Any]]:
    """Yield the events of dossiers from filing to hand-over, five each, dossier by dossier; `first` a multiple of 5."""
    for number in range(first, first + count):
        dossier, step = divmod(number, len(STEPS))
        at = START + timedelta(minutes=dossier, hours=step)
        event = {
            "event_id": f"B{number}",
            "dossier": f"H99.{dossier % 30 + 1:02}-261101-{dossier:07}",
            "procedure": "9.999901",
            "agency": f"H99.{dossier % 30 + 1:02}",
            "status": STEPS[step],
            "occurred_at": at.isoformat(),
        }
        yield {**event, **_accepted(dossier, at)} if step == 1 else event


def _accepted(dossier: int, at: datetime) -> dict[str, Any]:
    return {
        "received_at": at.isoformat(),
        "due_at": (at + timedelta(days=3)).isoformat(),
        "channel": "online",
        "parties": [{"id_type": "personal_id", "id": f"099191{dossier % 900_000:06}", "role": "applicant"}],
        "components": [
            {"code": "TP01", "name": "Giấy khai sinh", "obtained": "registry", "digitised": True, "reused": True},
            {"code": "TP02", "name": "Giấy tờ chứng minh nơi cư trú", "obtained": "upload", "digitised": True},
        ],
        "officer": {"id": "099085000009", "name": "Trần Văn Cán", "unit": "H99.01"},
    }


async def push(url: str, client: Path, bodies: list[bytes], connections: int) -> tuple[float, list[float]]:
    """Send every batch and return the seconds it took and each batch's."""
    waits: list[float] = []
    todo = iter(bodies)

    async def sender() -> None:
        async with Client(url, client) as caller:
            for body in todo:
                begun = time.perf_counter()
                results = (await caller.request("POST", "/v1/dossiers/events", body)).value["results"]
                waits.append(time.perf_counter() - begun)
                if any(result["result"] != "accepted" for result in results):
                    raise SystemExit("an event was not accepted: the run is void")

    begun = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(connections)))
    return time.perf_counter() - begun, sorted(waits)


async def pace(url: str, client: Path, bodies: list[bytes]) -> None:
    """Send the batches one after another at 300 events a second."""
    async with Client(url, client) as caller:
        begun = time.perf_counter()
        for number, body in enumerate(bodies):
            await asyncio.sleep(max(0.0, begun + number * BATCH / PACE - time.perf_counter()))
            await caller.request("POST", "/v1/dossiers/events", body)


async def drained(database: str) -> int:
    """Wait until nothing waits for the portal; return how much did at first."""
    connection = await asyncpg.connect(database)
    try:
        first = waiting = int(await connection.fetchval(_WAITING))
        while waiting:
            await asyncio.sleep(0.1)
            waiting = await connection.fetchval(_WAITING)
    finally:
        await connection.close()
    return first


async def lags(database: str, after: int) -> tuple[float, float]:
    """Return p50 and p95 in seconds, from commit to acknowledgement, of the events after a sequence number."""
    connection = await asyncpg.connect(database)
    try:
        p50, p95 = await connection.fetchval(_LAGS, after)
    finally:
        await connection.close()
    return p50, p95


def _cpu() -> dict[str, float]:
    groups = groups_below(os.getpid())
    return {name: cpu_us(getattr(groups, name)) for name in ("workers", "keeper", "postgres")}


def _bodies(lines: list[dict[str, Any]]) -> list[bytes]:
    return [orjson.dumps({"events": lines[at : at + BATCH]}) for at in range(0, len(lines), BATCH)]


def main(options: list[str]) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench events")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--paced", type=int, default=6_000, help="events of the second part")
    chosen = parser.parse_args(options)
    directory = Path(tempfile.mkdtemp(prefix="lt-bench-"))
    sandbox = Sandbox(directory / "DIR", 0, workers=2)
    try:
        url = sandbox.start()
        _report(sandbox, url, chosen.events, chosen.connections, chosen.paced)
    finally:
        sandbox.remove()
        shutil.rmtree(directory, ignore_errors=True)
    sys.stdout.flush()


def _report(sandbox: Sandbox, url: str, count: int, connections: int, paced: int) -> None:
    client = sandbox.layout.client_toml("H99.igate")
    database = str(dotenv_values(sandbox.layout.root / "env")["LIENTHONG_MIGRATION_URL"])
    bodies, before, begun = _bodies(list(events(count))), _cpu(), time.perf_counter()
    seconds, waits = asyncio.run(push(url, client, bodies, connections))
    pushed, drain_begun = {name: (us - before[name]) / count for name, us in _cpu().items()}, time.perf_counter()
    backlog = asyncio.run(drained(database))
    drain, whole = time.perf_counter() - drain_begun, time.perf_counter() - begun
    spent = {name: (us - before[name]) / count for name, us in _cpu().items()}
    asyncio.run(pace(url, client, _bodies(list(events(paced, count)))))
    asyncio.run(drained(database))
    p50, p95 = asyncio.run(lags(database, count))
    print(f"{count} events in {seconds:.1f} s: {count / seconds:.0f}/s (target {TARGET})")
    print(f"a batch of {BATCH}: {_percentiles(waits)}; {connections} connections")
    print(
        f"delivered in order meanwhile {(count - backlog) / seconds:.0f}/s, then the backlog of {backlog} at "
        f"{backlog / drain:.0f}/s; over all {count / whole:.0f}/s (target {DELIVERED_TARGET})"
    )
    print(f"lag at {PACE} events/s: p50 {p50:.2f} s, p95 {p95:.2f} s ({paced} events)")
    print(
        f"CPU an event: workers {spent['workers']:.0f} µs, PostgreSQL {pushed['postgres']:.0f} µs while receiving, "
        f"{spent['postgres']:.0f} µs with its delivery, keeper {spent['keeper']:.0f} µs"
    )


def _percentiles(waits: list[float]) -> str:
    p50, p99 = waits[len(waits) // 2] * 1000, waits[int(len(waits) * 0.99) - 1] * 1000
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
