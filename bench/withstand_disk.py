"""The disk runs full under load, and then has room again (THREATS G).

The rule: the whole installation stands on the full disk, database, pins and logs; what becomes free meanwhile is
filled at once. Afterwards `bench.faults` holds the client's history and the registries' journals against the log.
"""

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import aiohttp

from bench.faults import History, judge, load
from bench.withstand_place import INSURANCE, OK, Place, Report, Skipped

_MB, _SIZE_MB = 1 << 20, 400
_NOTICED_S, _AFTER_S, _PATIENCE_S = 1.0, 20.0, 60.0
_UNAVAILABLE = 503


@contextmanager
def small_disk() -> Iterator[Path]:
    """Lend a directory on a small file system of its own."""
    directory = Path(tempfile.mkdtemp(prefix="lienthong-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MB}m,mode=0755", "tmpfs", str(directory)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
        if done.returncode:
            raise Skipped("it may not mount a small file system here")
        try:
            sandbox = directory / "sandbox"
            sandbox.mkdir(mode=0o711)  # so that PostgreSQL, which is another user's where we are root, stands here too
            yield sandbox
        finally:
            subprocess.run(["umount", "--lazy", str(directory)], check=False)
    except FileNotFoundError:
        raise Skipped("there is no `mount` here") from None
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def disk(place: Place, seconds: float) -> Report:
    """Fill the disk for a while under 50 look-ups/s."""
    report, history = Report(), History()
    toml = place.sandbox.layout.client_toml("H99.igate")
    until = time.monotonic() + 5 + seconds + _AFTER_S
    judged = asyncio.create_task(load(place.url, toml, history, until, rest_s=0.8))
    loading = asyncio.create_task(place.paced(INSURANCE, 40, 5 + seconds + _AFTER_S))
    await asyncio.sleep(5)
    before = _gateway(place)
    full = time.perf_counter()
    async with asyncio.timeout(seconds + 30):
        await _filled(place.sandbox.layout.root, seconds)
    freed = time.perf_counter()
    report.hold("ready again after", await _ready(place, freed) - freed, 10, "s")
    told = await loading
    await judged
    during = [one for one in told if full + _NOTICED_S < one.at < freed - _NOTICED_S]
    report.note(f"while it was full {len(during)} look-ups came: {dict(Counter(one.status for one in during))}")
    wrong = sum(one.status not in {OK, _UNAVAILABLE} for one in told)
    report.hold("answers that are neither data nor 503", wrong, 0, "")
    report.note(f"an answer took {max(one.ms for one in told):.0f} ms at most")
    late = [one.at + one.ms / 1000 for one in told if one.at > freed and one.status != OK]
    report.hold("normal again after", max(late, default=freed) - freed, 10, "s")
    report.hold("processes of the gateway that died", len(before - _gateway(place)), 0, "")
    verdict = await judge(place.sandbox.layout.root, history)
    report.note(f"{len(history.ok)} acknowledged by the judge's callers, {verdict.calls} calls, {history.failed}")
    report.hold("broken invariants", len(verdict.broken), 0, "")
    report.lines.extend(verdict.broken[:5])
    return report


async def _ready(place: Place, freed: float) -> float:
    """Return when the keeper said that all is well: the log is sealed and pinned, the workers answer."""
    assert place.sandbox.addresses is not None
    async with aiohttp.ClientSession() as session:
        while time.perf_counter() < freed + _PATIENCE_S:
            with suppress(aiohttp.ClientError):
                async with session.get(place.sandbox.addresses.operations + "/readyz") as answer:
                    if answer.status == OK:
                        break
            await asyncio.sleep(0.1)
    return time.perf_counter()


def _gateway(place: Place) -> set[int]:
    return {pid for word in ("gateway.worker", "gateway.keeper") for pid in place.processes(word)}


async def _filled(root: Path, seconds: float) -> None:
    """Leave no room on the disk of this directory for so long, then give it all back."""
    until = time.monotonic() + seconds
    with TemporaryFile(dir=root, buffering=0) as out:
        while time.monotonic() < until:
            for size in (_MB, 4096):
                while _written(out, size):
                    pass
            await asyncio.sleep(0.05)


def _written(out: IO[bytes], size: int) -> bool:
    try:
        return out.write(bytes(size)) > 0
    except OSError:
        return False
