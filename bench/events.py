"""Dossier events a second, signed, in batches of 100, durable, with deliveries running: `python -m bench events`.

The target is 2,000 events/s (issue 3). CPU figures are of the gateway's workers and of PostgreSQL, a single event's.
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

import orjson

from bench.cpu import cpu_us, groups_below
from gateway.client import Client
from gateway.sandbox.installation import Sandbox

BATCH, TARGET = 100, 2000
STEPS = (1, 2, 4, 9, 10)
START = datetime(2026, 11, 1, 1, tzinfo=UTC)


def events(count: int) -> Iterator[dict[str, Any]]:
    """Yield the events of dossiers from filing to hand-over, five each, dossier by dossier."""
    for number in range(count):
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


def _cpu() -> dict[str, float]:
    groups = groups_below(os.getpid())
    return {"workers": cpu_us(groups.workers), "postgres": cpu_us(groups.postgres)}


def main(options: list[str]) -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m bench events")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=4)
    chosen = parser.parse_args(options)
    lines = list(events(chosen.events))
    bodies = [orjson.dumps({"events": lines[at : at + BATCH]}) for at in range(0, len(lines), BATCH)]
    directory = Path(tempfile.mkdtemp(prefix="lt-bench-"))
    sandbox = Sandbox(directory / "DIR", 0, workers=2)
    try:
        url = sandbox.start()
        before = _cpu()
        seconds, waits = asyncio.run(push(url, sandbox.layout.client_toml("H99.igate"), bodies, chosen.connections))
        spent = {name: (us - before[name]) / len(lines) for name, us in _cpu().items()}
    finally:
        sandbox.remove()
        shutil.rmtree(directory, ignore_errors=True)
    p50, p99 = waits[len(waits) // 2] * 1000, waits[int(len(waits) * 0.99) - 1] * 1000
    print(f"{len(lines)} events in {seconds:.1f} s: {len(lines) / seconds:.0f}/s (target {TARGET})")
    print(f"a batch of {BATCH}: p50 {p50:.0f} ms, p99 {p99:.0f} ms; {chosen.connections} connections")
    print(
        f"CPU an event: workers {spent['workers']:.0f} µs, PostgreSQL {spent['postgres']:.0f} µs (deliveries included)"
    )
    sys.stdout.flush()
