"""What a steady load meets when something goes wrong (THREATS G): `python -m bench withstand [NAME…]`.

Each fault has a sandbox of its own, look-ups that come at their own pace whatever the gateway does, and figures to
reach. The rule: the client's own clock judges; a figure that is missed is printed as missed and the exit code is 1.
"""

import argparse
import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.cpu import Stolen, children_of, cpu_us, groups_below, rss_mb
from bench.dossier_faults import lives, push, watch
from bench.load import drive, presign
from bench.pacing import percentile
from bench.withstand_clock import clock, faked_clock
from bench.withstand_disk import disk, small_disk
from bench.withstand_place import (
    DEADLINE_MS,
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
from gateway.sandbox.installation import Sandbox


async def steady(place: Place, seconds: float) -> Report:
    """Send 200 look-ups/s and 50 pushes/s; every registry takes 20 ms."""
    report = Report()
    for registry in ("population", "insurance"):
        await place.behave(registry, {"mode": "slow", "seconds": 0.02})
    events = lives(int(50 * seconds / 7) + 1)
    async with Client(place.url, place.sandbox.layout.client_toml("H99.igate"), timeout_s=15) as client:

        async def pushing() -> list[float]:
            took, begun = [], time.perf_counter()
            for number in range(int(50 * seconds)):
                await asyncio.sleep(max(0.0, begun + number / 50 - time.perf_counter()))
                took.append(1000 * await push(client, [events[number]]))
            return took

        halves = await asyncio.gather(
            place.paced(POPULATION, 100, seconds), place.paced(INSURANCE, 100, seconds), pushing()
        )
    told = [*halves[0], *halves[1]]
    report.note(f"{len(told)} look-ups p50 {percentile(good(told), 0.5):.0f} ms, {len(halves[2])} pushes")
    report.hold("look-ups that failed", len(told) - len(good(told)), 0, "")
    report.hold("look-ups p99", percentile(good(told), 0.99), 100)
    return report


async def restart(place: Place, seconds: float) -> Report:
    """Restart the workers one by one (SIGHUP), every five seconds."""
    report, restarts = Report(), max(1, int(seconds // 5))
    master = next(pid for pid in place.processes("gateway.worker") if len(children_of(pid)) > 2)  # noqa: PLR2004 — it and two workers
    loading = asyncio.create_task(place.paced(INSURANCE, 80, seconds))
    before = set(groups_below(os.getpid()).workers)
    for _ in range(restarts):
        await asyncio.sleep(seconds / (restarts + 1))
        os.kill(master, signal.SIGHUP)
    told = await loading
    report.note(f"{restarts} restarts, {len(before - set(groups_below(os.getpid()).workers))} of 2 workers are others")
    report.hold("look-ups that failed", len(told) - len(good(told)), 0, "")
    report.note(f"failed: {failures(told)}")
    report.note(f"look-ups p99 {percentile(good(told), 0.99):.0f} ms, longest {max(good(told), default=0):.0f} ms")
    return report


async def hang(place: Place, seconds: float) -> Report:
    """Let the population registry, which has a quarter of the traffic, never answer."""
    report = Report()
    await place.paced(INSURANCE, 60, 3)
    _, usual = await asyncio.gather(place.paced(POPULATION, 20, seconds), place.paced(INSURANCE, 60, seconds))
    before = good(usual)
    await place.behave("population", {"mode": "hang"})
    hung, beside = await asyncio.gather(place.paced(POPULATION, 20, seconds), place.paced(INSURANCE, 60, seconds))
    waited = [one.ms for one in hung]
    quick = [one.ms for one in hung if one.at > hung[0].at + seconds / 2]
    report.note(f"hung: {failures(hung)}; p50 {percentile(waited, 0.5):.0f} ms, p90 {percentile(waited, 0.9):.0f} ms")
    report.hold("a hung call, longest", max(waited), DEADLINE_MS + 500)
    report.hold("a call once the breaker is open, p50 of the second half", percentile(quick, 0.5), 50)
    report.hold("the other registry's failures", len(beside) - len(good(beside)), 0, "")
    medians = [percentile(before, 0.5), percentile(good(beside), 0.5)]
    report.note(f"its p50 before {medians[0]:.0f} ms and then {medians[1]:.0f} ms")
    report.hold("its p99 against before", percentile(good(beside), 0.99) / percentile(before, 0.99), 1.2, "times")
    await place.behave("population", None)
    await _recovered(place, report, POPULATION)
    return report


async def storm(place: Place, seconds: float) -> Report:
    """Let a registry fail, reset, talk nonsense and drip, one after the other."""
    report = Report()
    for mode in ("http_500", "reset", "garbage", "drip"):
        called, before = await place.calls("insurance"), time.perf_counter()
        await place.behave("insurance", {"mode": mode, "seconds": 0.5} if mode == "drip" else {"mode": mode})
        told = await place.paced(INSURANCE, 40, seconds / 4)
        wrong = {status for status in failures(told) if status not in {502, 503, 504}}
        report.note(f"{mode}: {failures(told)} in {time.perf_counter() - before:.0f} s")
        report.hold(f"{mode}: answers of a wrong class", len(wrong) + len(good(told)), 0, "")
        report.hold(f"{mode}: calls for each look-up", (await place.calls("insurance") - called) / len(told), 1.2, "")
        await place.behave("insurance", None)
        await _recovered(place, report, INSURANCE)
    return report


async def _recovered(place: Place, report: Report, service: str) -> None:
    """Note how long it takes until everything is answered again."""
    begun = time.perf_counter()
    while len(failures(await place.paced(service, 20, 1))):
        if time.perf_counter() - begun > 60:  # noqa: PLR2004 — twice what is asked
            break
    report.hold("full rate again after", time.perf_counter() - begun - 1, 30, "s")


async def stop(place: Place, seconds: float) -> Report:
    """Let PostgreSQL stand still (SIGSTOP): nothing is told, soon, and all goes on by itself."""
    report = Report()
    loading = asyncio.create_task(place.paced(INSURANCE, 40, seconds + 20))
    await asyncio.sleep(5)
    server = groups_below(os.getpid()).postgres
    stopped = time.perf_counter()
    for pid in server:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    for pid in server:
        os.kill(pid, signal.SIGCONT)
    goes_on = time.perf_counter()
    told = await loading
    during = [one for one in told if stopped + 0.5 < one.at < goes_on]
    report.note(f"while it stood still {len(during)} look-ups came: {dict(Counter(one.status for one in during))}")
    report.hold(
        "answers with data meanwhile",
        sum(one.at + one.ms / 1000 < goes_on for one in during if one.status == OK),
        0,
        "",
    )
    report.hold("an answer, longest", max(one.ms for one in told if one.at < goes_on - 5), 5000)
    late = [one.at for one in told if one.at > goes_on and one.status != OK]
    report.hold("normal again after", max(late, default=goes_on) - goes_on, 5, "s")
    return report


async def overload(place: Place, seconds: float) -> Report:
    """Ask over five times the connections of full load, each again at once."""
    report, file = Report(), place.sandbox.layout.root / "requests.bin"
    bodies, length = bodies_of(INSURANCE), int(seconds)
    path = f"/v1/lookups/{INSURANCE}"

    def closed_loop(connections: int) -> tuple[float, int]:
        presign(file, place.signer, place.url, path, bodies, 4000 * length)
        run = drive(file, place.url, seconds=length, connections=connections)
        return (run.requests - run.errors) / run.seconds, run.errors

    await asyncio.to_thread(closed_loop, 8)
    full, _ = await asyncio.to_thread(closed_loop, 32)
    loading = asyncio.create_task(asyncio.to_thread(closed_loop, 160))
    await asyncio.sleep(2)
    memory = max(map(rss_mb, groups_below(os.getpid()).workers))
    goodput, refused = await loading
    memory = max(memory, *map(rss_mb, groups_below(os.getpid()).workers))
    report.note(f"32 connections {full:.0f}/s; 160 connections {goodput:.0f}/s and {refused} refused")
    report.hold("lost of the capacity", 100 * (1 - goodput / full), 20, "%")
    report.hold("memory of a worker", memory, 300, "MB")
    return report


async def soak(place: Place, seconds: float) -> Report:
    """Send 100 look-ups/s for long; look at the memory and file descriptors of the workers after the first quarter."""
    report = Report()
    loading = asyncio.create_task(place.paced(INSURANCE, 100, seconds))
    seen: list[tuple[float, float, int]] = []
    while not loading.done():
        await asyncio.sleep(5)
        pids = groups_below(os.getpid()).workers
        seen.append((time.perf_counter() / 60, sum(map(rss_mb, pids)) / 2, sum(map(_descriptors, pids))))
    told, kept = await loading, seen[len(seen) // 4 :]
    middle = sum(at for at, _, _ in kept) / len(kept)
    slope = sum((at - middle) * mb for at, mb, _ in kept) / sum((at - middle) ** 2 for at, _, _ in kept)
    report.note(f"{len(told)} look-ups, {failures(told)}")
    minutes = ", ".join(f"{mb:.1f}" for _, mb, _ in seen[11::12])
    report.note(f"MB a worker after every minute: {minutes}")
    report.hold("memory's slope", slope, 1, "MB a minute")
    report.hold("file descriptors more at the end", kept[-1][2] - kept[0][2], 4, "")
    return report


def _descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done, for how many seconds unless told, and where its sandbox stands."""

    done: Callable[[Place, float], Awaitable[Report]]
    seconds: float
    ground: Callable[[], AbstractContextManager[Path]] = ordinary_ground


FAULTS = {
    "steady": Fault(steady, 60),
    "restart": Fault(restart, 60),
    "hang": Fault(hang, 20),
    "storm": Fault(storm, 40),
    "stop": Fault(stop, 10),
    "disk": Fault(disk, 20, small_disk),
    "clock": Fault(clock, 10, faked_clock),
    "overload": Fault(overload, 15),
    "soak": Fault(soak, 300),
}


@asynccontextmanager
async def _watched(sandbox: Sandbox) -> AsyncIterator[None]:
    watching = asyncio.create_task(watch(sandbox))
    try:
        yield
    finally:
        watching.cancel()


async def _through(sandbox: Sandbox, url: str, name: str, seconds: float) -> Report:
    async with _watched(sandbox):
        before, begun, stolen = _cpu(), time.perf_counter(), Stolen()
        report = await FAULTS[name].done(Place(sandbox, url), seconds)
        took = 1e6 * (time.perf_counter() - begun)
        used = ", ".join(f"{group} {(us - before[group]) / took:.2f}" for group, us in _cpu().items())
        report.note(f"processors used: {used}; stolen by the hypervisor: {100 * stolen.share():.0f} %")
        return report


def _cpu() -> dict[str, float]:
    groups = groups_below(os.getpid())
    named = {"workers": groups.workers, "keeper": groups.keeper, "PostgreSQL": groups.postgres}
    return {
        name: cpu_us(pids) for name, pids in {**named, "registries": groups.registries, "load": (os.getpid(),)}.items()
    }


def main(arguments: list[str]) -> None:
    """Go through the faults named, print what was seen, exit 1 where a figure was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench withstand", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*FAULTS, []], help="which; all of them unless named")
    parser.add_argument("--seconds", type=float, default=0.0, help="for how long each; its own time unless told")
    options = parser.parse_args(arguments)
    missed = False
    for name in options.names or FAULTS:
        seconds = options.seconds or FAULTS[name].seconds
        try:
            report = _on_its_ground(name, seconds)
        except Skipped as reason:
            print(f"{name}: skipped, {reason}", flush=True)
            continue
        print(f"{name}, {seconds:.0f} s: {'MISSED ' + ', '.join(report.missed) if report.missed else 'held'}")
        print("\n".join(f"  {line}" for line in report.lines), flush=True)
        missed |= bool(report.missed)
    raise SystemExit(1 if missed else 0)


def _on_its_ground(name: str, seconds: float) -> Report:
    with FAULTS[name].ground() as directory:
        sandbox = Sandbox(directory, 0, 2)
        try:
            return asyncio.run(_through(sandbox, sandbox.start(), name, seconds))
        finally:
            sandbox.remove()
