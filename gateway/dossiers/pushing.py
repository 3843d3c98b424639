"""Reporting a whole file of events: in batches, again where no answer came, and on from where it stopped.

The rule: a batch counts as reported only when the gateway's signed answer says what became of each event. Sending
one again is harmless, so whatever stays unanswered is sent again; the state file only spares the work.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from gateway.client import Client, Refused, Unknown
from gateway.dossiers.files import FileEvent, as_line

BATCH, BATCH_BYTES = 100, 900_000
_ATTEMPTS, _FIRST_WAIT_S, _LONGEST_WAIT_S = 12, 0.2, 15.0
_WORDS = ("accepted", "late", "duplicate", "rejected")
Sleep = Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class Progress:
    """How far a file was reported. `done` counts its events, unreadable ones too."""

    digest: str
    """SHA-256 of the file: a changed file begins anew."""
    done: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_WORDS, 0))
    rejected: list[dict[str, Any]] = field(default_factory=list)
    """The first rejected events: line, event_id, code, pointer, detail."""


_REJECTED_KEPT = 100


def state_path(path: Path) -> Path:
    """Return where the progress of a file is kept: beside it."""
    return path.with_name(path.name + ".state")


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hex. Raises `OSError`."""
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def load_progress(path: Path) -> Progress:
    """Return how far a file was reported before; nothing where it has changed since. Raises `OSError`."""
    fresh = Progress(file_digest(path))
    try:
        known = orjson.loads(state_path(path).read_bytes())
        kept = Progress(known["digest"], int(known["done"]), dict(known["counts"]), list(known["rejected"]))
    except (FileNotFoundError, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return fresh
    return kept if kept.digest == fresh.digest and kept.counts.keys() == fresh.counts.keys() else fresh


def save_progress(path: Path, progress: Progress) -> None:
    """Keep the progress, whole or not at all. Raises `OSError`."""
    target = state_path(path)
    beside = target.with_name(target.name + ".new")
    members = {name: getattr(progress, name) for name in ("digest", "done", "counts", "rejected")}
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(orjson.dumps(members))
    beside.replace(target)


async def push_file(
    client: Client,
    events: Iterable[FileEvent],
    progress: Progress,
    *,
    reported: Callable[[Progress], None],
    sleep: Sleep = asyncio.sleep,
) -> Progress:
    """Report the events that `progress` does not count yet; `reported` is called after every batch.

    Raises `Refused` where the gateway refuses a whole batch for good, `Unknown` where it does not answer.
    """
    for batch in _batches(events, progress.done):
        sound = [event for event in batch if event.event is not None]
        results = await _sent(client, sound, sleep) if sound else []
        for event in batch:
            if event.event is None:
                _count(
                    progress, event, {"result": "rejected", "problem": {"code": "unreadable", "detail": event.fault}}
                )
        for event, result in zip(sound, results, strict=True):
            _count(progress, event, result)
        progress.done += len(batch)
        reported(progress)
    return progress


def _batches(events: Iterable[FileEvent], skip: int) -> Iterator[list[FileEvent]]:
    batch: list[FileEvent] = []
    size = 0
    for number, event in enumerate(events):
        if number < skip:
            continue
        weight = len(as_line(event.event)) + 1 if event.event is not None else 0
        if batch and (len(batch) == BATCH or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += weight
    if batch:
        yield batch


async def _sent(client: Client, events: list[FileEvent], sleep: Sleep) -> list[dict[str, Any]]:
    body = b'{"events":[' + b",".join(as_line(event.event or {}) for event in events) + b"]}"
    wait_s = _FIRST_WAIT_S
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            answer = await client.request("POST", "/v1/dossiers/events", body)
        except (Refused, Unknown) as error:
            if attempt == _ATTEMPTS or (isinstance(error, Refused) and not _passes(error)):
                raise
            await sleep(max(wait_s, _asked_wait(error)))
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)
        else:
            results: list[dict[str, Any]] = answer.value["results"]
            if len(results) != len(events):
                raise Unknown("bad-body", "the gateway told of another number of events than were sent")
            return results
    raise AssertionError("the last attempt raises or returns")


def _passes(error: Refused) -> bool:
    return error.problem.retryable or error.problem.status == 503  # noqa: PLR2004 — Service Unavailable


def _asked_wait(error: Exception) -> float:
    return float(error.problem.retry_after or 0) if isinstance(error, Refused) else 0.0


def _count(progress: Progress, event: FileEvent, result: dict[str, Any]) -> None:
    word = result["result"]
    progress.counts[word] += 1
    if word == "rejected" and len(progress.rejected) < _REJECTED_KEPT:
        problem = result.get("problem", {})
        errors = problem.get("errors") or [{}]
        pointer = str(errors[0].get("pointer", ""))
        progress.rejected.append(
            {
                "line": event.line,
                "event_id": result.get("event_id"),
                "code": problem.get("code"),
                "member": "/".join(pointer.split("/")[3:]),  # without /events/N, which is the batch's
                "detail": errors[0].get("detail") or problem.get("detail"),
            }
        )
