"""Dossier events through kills and an outage of the portal: `python -m bench faults --dossiers` and `--outage SECONDS`.

The rule: a run is judged by what an undisturbed one ends in. Every event is told twice and shuffled while workers, the
keeper and the portal are killed; afterwards the dossiers must stand as in a quiet installation that was told
everything once and in order, and the portal must hold each event once in effect, in the gateway's `sequence` order.
"""

import asyncio
import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import asyncpg
import orjson
from dotenv import dotenv_values

from bench.cpu import command_of, groups_below
from bench.load import people
from gateway.client import Client, Refused, Unknown
from gateway.sandbox.installation import Sandbox

LIFE = (1, 2, 4, 5, 4, 9, 10)
BATCH, PATIENCE_S = 20, 240.0
BEGUN = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
_STATES = """
    SELECT d.code, d.status, d.occurred_at, d.received_at, d.due_at, d.channel, d.procedure, d.agency, d.final,
           d.events, d.result::text, (SELECT array_agg(to_jsonb(c) - 'sequence' ORDER BY c.code)::text
                            FROM lienthong.dossier_component c WHERE c.dossier = d.code) AS components,
           (SELECT array_agg(p.role ORDER BY p.role) FROM lienthong.dossier_party p WHERE p.dossier = d.code) AS parties
    FROM lienthong.dossier d ORDER BY d.code
"""
_ORDER = "SELECT dossier, event_id FROM lienthong.dossier_event ORDER BY dossier, sequence"
_PENDING = "SELECT count(*) FROM lienthong.delivery WHERE delivered_at IS NULL"
_TOLD = ("TrangThaiHoSo", "NgayTiepNhan", "NgayHenTra", "NgayTra", "KenhThucHien", "DonViXuLy")
"""Members that every event of these lives states, or that only the newest may set."""
_T = TypeVar("_T")
Ending = tuple[list[tuple[Any, ...]], dict[str, dict[str, Any]]]
"""Where every dossier stands in the database, and the members that matter at the portal, by dossier."""


def lives(dossiers: int) -> list[dict[str, Any]]:
    """Return the events of whole lives, dossier by dossier, each at a minute of its own and with a note of its own."""
    return [_event(number, step) for number in range(dossiers) for step in range(len(LIFE))]


def _event(number: int, step: int) -> dict[str, Any]:
    event = {
        "event_id": f"D{number:04}-{step}",
        "dossier": f"H99.01-261120-{number:05}",
        "procedure": "9.999901",
        "agency": "H99.01",
        "status": LIFE[step],
        "occurred_at": (BEGUN + timedelta(minutes=step)).isoformat(),
        "received_at": BEGUN.isoformat(),
        "due_at": (BEGUN + timedelta(days=3)).isoformat(),
        "channel": "online",
        "note": f"D{number:04}-{step}",
        "components": [{"code": f"TP0{step % 3 + 1}", "obtained": "upload", "digitised": step > 2}],  # noqa: PLR2004 — later steps say otherwise
    }
    if step == 0:
        event["parties"] = [{"id_type": "personal_id", "id": "099191000001", "role": "applicant"}]
    return event


def in_sandbox(work: Callable[[Sandbox, str], Coroutine[Any, Any, _T]]) -> _T:
    """Run `work` in a sandbox of its own with two workers; nothing of it is left behind."""
    directory = Path(tempfile.mkdtemp(prefix="lienthong-dossiers-"))
    sandbox = Sandbox(directory, 0, 2)
    try:
        url = sandbox.start()
        return asyncio.run(work(sandbox, url))
    finally:
        sandbox.remove()
        shutil.rmtree(directory, ignore_errors=True)


async def push(client: Client, events: Sequence[dict[str, Any]]) -> float:
    """Report events until the gateway says what became of each; return the seconds that took."""
    begun, body = time.monotonic(), orjson.dumps({"events": events})
    while time.monotonic() < begun + PATIENCE_S:
        try:
            results = (await client.request("POST", "/v1/dossiers/events", body)).value["results"]
        except (Refused, Unknown):
            await asyncio.sleep(0.1)
            continue
        if any(result["result"] == "rejected" for result in results):
            raise SystemExit("an event was rejected: the run is void")
        return time.monotonic() - begun
    raise SystemExit("the gateway does not come back")


async def kill(sandbox: Sandbox, what: str) -> None:
    """Kill one `worker`, the `keeper` or the `portal` with SIGKILL, as soon as there is one."""
    mark = os.fsencode(str(sandbox.layout.root))
    while True:
        groups = groups_below(os.getpid())
        chosen = {"worker": groups.workers, "keeper": groups.keeper, "portal": groups.registries}[what]
        found = [pid for pid in chosen if _is_of(pid, mark) and (what != "portal" or " portal" in command_of(pid))]
        if found:
            os.kill(random.choice(found), signal.SIGKILL)
            return
        await asyncio.sleep(0.1)


def _is_of(pid: int, mark: bytes) -> bool:
    try:
        return mark in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


async def watch(sandbox: Sandbox) -> None:
    """Start again what died, until cancelled."""
    while True:
        sandbox.check()
        await asyncio.sleep(0.2)


async def pending(sandbox: Sandbox) -> int:
    """Return how many events wait for delivery."""
    rows = await _rows(sandbox, _PENDING)
    return int(rows[0][0])


async def drained(sandbox: Sandbox) -> float:
    """Wait until nothing waits for delivery and return the seconds that took."""
    begun = time.monotonic()
    while await pending(sandbox):
        if time.monotonic() > begun + PATIENCE_S:
            raise SystemExit("the outbox does not drain")
        await asyncio.sleep(0.25)
    return time.monotonic() - begun


async def _rows(sandbox: Sandbox, sql: str) -> list[Any]:
    url = dotenv_values(sandbox.layout.root / "env")["LIENTHONG_MIGRATION_URL"]
    database = await asyncpg.connect(url)
    try:
        return list(await database.fetch(sql))
    finally:
        await database.close()


async def held(sandbox: Sandbox) -> dict[str, Any]:
    """Return what the portal holds, by dossier."""
    addresses = sandbox.addresses
    assert addresses is not None
    async with aiohttp.ClientSession() as session, session.get(addresses.mocks["portal"] + "/_state") as response:
        dossiers: dict[str, Any] = (await response.json())["dossiers"]
    return dossiers


async def ending(sandbox: Sandbox) -> Ending:
    """Return where every dossier stands here, and the members that matter at the portal."""
    states = [tuple(row) for row in await _rows(sandbox, _STATES)]
    told = {code: {name: one["members"].get(name) for name in _TOLD} for code, one in (await held(sandbox)).items()}
    return states, told


async def misdelivered(sandbox: Sandbox) -> list[str]:
    """Name every dossier whose events are not at the portal once each, in our order."""
    wanted: dict[str, list[str]] = {}
    for row in await _rows(sandbox, _ORDER):
        wanted.setdefault(row["dossier"], []).append(row["event_id"])
    found = {code: [line["NoiDungXuLy"] for line in one["progress"]] for code, one in (await held(sandbox)).items()}
    return [code for code, events in wanted.items() if found.get(code) != events]


async def undisturbed(sandbox: Sandbox, url: str, events: Sequence[dict[str, Any]]) -> Ending:
    """Tell everything once and in order, and return what that ends in."""
    watching = asyncio.create_task(watch(sandbox))
    async with Client(url, sandbox.layout.client_toml("H99.igate")) as client:
        for start in range(0, len(events), BATCH):
            await push(client, events[start : start + BATCH])
    await drained(sandbox)
    watching.cancel()
    broken = await misdelivered(sandbox)
    if broken:
        raise SystemExit(f"an undisturbed run misdelivers {len(broken)} dossiers")
    return await ending(sandbox)


async def disturbed(
    sandbox: Sandbox, url: str, events: Sequence[dict[str, Any]], wanted: Ending, seed: int
) -> list[str]:
    """Tell everything twice and shuffled through 20 kills of the gateway and 5 of the portal; name what broke."""
    chance = random.Random(seed)
    arrivals = [*events, *events]
    chance.shuffle(arrivals)
    batches = [arrivals[start : start + BATCH] for start in range(0, len(arrivals), BATCH)]
    victims = ["worker"] * 15 + ["keeper"] * 5 + ["portal"] * 5
    chance.shuffle(victims)
    waits, begun = [], time.monotonic()
    watching = asyncio.create_task(watch(sandbox))
    async with Client(url, sandbox.layout.client_toml("H99.igate"), timeout_s=5) as client:
        for number, batch in enumerate(batches):
            while victims and len(victims) * len(batches) > (len(batches) - number) * 25:
                pushing = asyncio.create_task(push(client, batch))
                await asyncio.sleep(chance.uniform(0.0, 0.3))
                await kill(sandbox, victims.pop())
                waits.append(await pushing)
            waits.append(await push(client, batch))
    drain = await drained(sandbox)
    watching.cancel()
    states, told = await ending(sandbox)
    broken = [f"delivery of {code}" for code in await misdelivered(sandbox)]
    broken += [f"state of {one[0]}" for one, other in zip(states, wanted[0], strict=True) if one != other]
    broken += [f"portal's {code}" for code, members in wanted[1].items() if told.get(code) != members]
    print(
        f"{len(arrivals)} events ({len(events)} told twice, shuffled) through 15 kills of workers, 5 of the keeper and "
        f"5 of the portal in {time.monotonic() - begun:.0f} s: slowest answer {max(waits):.1f} s, drained "
        f"{drain:.1f} s after the last; broken: {len(broken)}"
    )
    return broken


async def outage(sandbox: Sandbox, url: str, seconds: float) -> list[str]:
    """Push 20 events/s and look up 20 times/s while the portal's port is dead; name what broke."""
    client_toml = sandbox.layout.client_toml("H99.igate")
    async with Client(url, client_toml) as client:
        before = await _lookups(client, 10.0)
        await kill(sandbox, "portal")  # nobody watches: it stays dead
        looking = asyncio.create_task(_lookups(client, seconds))
        events, until = lives(int(seconds * BATCH) // len(LIFE)), time.monotonic() + seconds
        events.sort(key=lambda event: (event["occurred_at"], event["dossier"]))
        for start in range(0, len(events), BATCH):
            await push(client, events[start : start + BATCH])
            await asyncio.sleep(1.0)
        during = await looking
        await asyncio.sleep(max(0.0, until - time.monotonic()))
    waiting = await pending(sandbox)
    watching = asyncio.create_task(watch(sandbox))
    drain = await drained(sandbox)
    watching.cancel()
    broken = [f"delivery of {code}" for code in await misdelivered(sandbox)]
    print(
        f"portal dead for {seconds:.0f} s: {waiting} of {len(events)} events waited, all delivered {drain:.1f} s after "
        f"it was started again, broken: {len(broken)}; look-ups p50 {during[0]:.0f} ms, p99 {during[1]:.0f} ms "
        f"(before: {before[0]:.0f} and {before[1]:.0f})"
    )
    return broken


async def _lookups(client: Client, seconds: float) -> tuple[float, float]:
    """Look up 20 times a second; return p50 and p99 in ms."""
    persons, waits, until = people(200, 12, "population/person"), [], time.monotonic() + seconds
    purpose = {"procedure": "9.999901", "legal_basis": "law"}
    for number in range(int(seconds * BATCH)):
        person, begun = persons[number % len(persons)], time.monotonic()
        subject = {"id_type": "personal_id", "id": person["personal_id"]}
        subject |= {name: person[name] for name in ("full_name", "birth_date")}
        officer = {"id": f"0990850{number % 50:05}", "name": "Trần Văn Cán", "unit": "H99.01"}
        await client.lookup("population/person", subject, {**purpose, "officer": officer}, ("full_name",))
        waits.append((time.monotonic() - begun) * 1000)
        if time.monotonic() > until:
            break
        await asyncio.sleep(max(0.0, begun + 1 / BATCH - time.monotonic()))
    waits.sort()
    return waits[len(waits) // 2], waits[int(len(waits) * 0.99) - 1]


def run(dossiers: int, runs: int) -> bool:
    """Run undisturbed once and disturbed `runs` times; return whether everything held."""
    events = lives(dossiers)
    wanted = in_sandbox(lambda sandbox, url: undisturbed(sandbox, url, events))
    held_all = True
    for seed in range(1, runs + 1):
        held_all &= not _told(in_sandbox(partial(disturbed, events=events, wanted=wanted, seed=seed)))
    return held_all


def run_outage(seconds: float) -> bool:
    """Run with a dead portal; return whether everything held."""
    return not _told(in_sandbox(partial(outage, seconds=seconds)))


def _told(broken: list[str]) -> list[str]:
    for line in broken[:10]:
        print(f"  {line}")
    return broken
