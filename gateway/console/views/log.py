"""Screen 10, *Log*: every log with its checkpoint and pin, and a check of the whole on demand.

The rule: the check runs beside the console, one at a time, and says what it found as `lienthong audit verify` would.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from gateway.console.checking import KIND, check_log
from gateway.console.screens import Route, Screen
from gateway.console.visit import Visit
from gateway.evidence.pins import LogBehindPin, pinned_checkpoint
from gateway.store.logs import LogState, log_states, newest_checkpoint

_SHOWN_JOBS, _TASK = 5, "check-log"


@dataclass(frozen=True, slots=True)
class Line:
    """One log: as the database has it, when it was sealed last, and what its pin says."""

    state: LogState
    sealed_at: datetime | None
    pinned: int | None
    problem: str | None


async def show(visit: Visit) -> web.StreamResponse:
    """Show the logs and the last checks."""
    desk = visit.desk
    jobs = await desk.doorman.store.jobs(KIND, _SHOWN_JOBS)
    return visit.render(
        "log.html",
        lines=[await _line(visit, state) for state in await log_states(desk.database)],
        jobs=jobs,
        running=desk.busy(_TASK),
        vkey=desk.reads.vkey,
    )


async def verify(visit: Visit) -> web.StreamResponse:
    """Begin a check of every log, unless one runs."""
    desk = visit.desk
    await visit.record("verify", {"running": desk.busy(_TASK)})
    if not desk.busy(_TASK):
        job = await desk.doorman.store.start_job(KIND, visit.user.login, visit.now)
        task = asyncio.create_task(check_log(desk, job), name=_TASK)
        desk.jobs.add(task)
        task.add_done_callback(desk.jobs.discard)
    return visit.redirect("/log")


async def checkpoint(visit: Visit) -> web.StreamResponse:
    """Hand out a log's newest signed checkpoint, to be kept elsewhere."""
    wanted = int(visit.path("log"))
    for state in await log_states(visit.desk.database):
        note = await newest_checkpoint(visit.desk.database, wanted) if state.log_id == wanted else None
        if note is not None:
            return visit.download(note.encode(), f"checkpoint-{wanted}-{state.sealed}.txt", "text/plain")
    return visit.missing()


async def _line(visit: Visit, state: LogState) -> Line:
    desk = visit.desk
    sealed = await desk.doorman.store.sealed_at(state.log_id)
    try:
        pinned = pinned_checkpoint(desk.pins, state.origin, desk.keys.verifier)
    except LogBehindPin as behind:
        return Line(state, sealed, None, str(behind))
    size = pinned.size if pinned else None
    problem = state.suspended or state.closed_why
    return Line(state, sealed, size, problem)


SCREEN = Screen(
    "log",
    10,
    (
        Route("log", "GET", "/log", show, act="log"),
        Route("log.verify", "POST", "/log/verify", verify),
        Route("log.checkpoint", "GET", "/log/{log:[0-9]{1,9}}/checkpoint", checkpoint, act="checkpoint"),
    ),
)
