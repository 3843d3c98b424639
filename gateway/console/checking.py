"""A check of every log in the background, in a thread with its own event loop, so that pages stay quick.

The rule: bounded in time; how far it is and what it found are kept for every auditor to see.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from gateway.console.desk import Desk
from gateway.evidence.audit import audit_verify
from gateway.evidence.report import Report
from gateway.store.database import Database, StoreError

KIND = "verify"
_LONGEST_S = 3600.0
_TELL_S = 1.0
_SHOWN = 20
_log = structlog.get_logger("gateway.console")


async def check_log(desk: Desk, job: int) -> None:
    """Run one check and keep its progress and result under the job's number."""
    seen = [0]

    def count() -> None:
        seen[0] += 1

    telling = asyncio.create_task(_tell(desk, job, seen), name="tell")
    result: dict[str, Any]
    try:
        async with asyncio.timeout(_LONGEST_S):
            result = described(await asyncio.to_thread(_verified, desk, count))
    except (StoreError, TimeoutError) as error:
        _log.warning("check_failed", error=type(error).__name__)
        result = {"ok": None, "error": type(error).__name__, "entries": seen[0]}
    finally:
        telling.cancel()
    await desk.doorman.store.end_job(job, desk.clock(), result)


def described(report: Report) -> dict[str, Any]:
    """Return a report as it is kept."""
    return {
        "ok": report.ok,
        "entries": report.entries,
        "logs": len(report.logs),
        "problems": [str(problem) for problem in report.problems[:_SHOWN]],
        "unanchored": list(report.unanchored),
        "notes": list(report.notes[:_SHOWN]),
    }


def _verified(desk: Desk, count: Callable[[], None]) -> Report:
    return asyncio.run(_verify(desk, count))


async def _verify(desk: Desk, count: Callable[[], None]) -> Report:
    database = await Database.connect(desk.console.database_url, max_size=2, timeout_s=30.0)
    try:
        return await audit_verify(database, desk.keys.verifier, pins=desk.pins, seen=count)
    finally:
        await database.close()


async def _tell(desk: Desk, job: int, seen: list[int]) -> None:
    while True:
        await asyncio.sleep(_TELL_S)
        await desk.doorman.store.job_progress(job, {"entries": seen[0]})
