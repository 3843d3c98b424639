"""The lease of a writer slot: which log a worker writes, for as long as its connection lives.

The rule: a lease is taken on a connection of its own, and a log is served only after its pin was checked.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from gateway.store.database import Database, Session
from gateway.store.housekeeping import make_partitions
from gateway.store.logs import lease_slot, open_log

_LOCAL = timezone(timedelta(hours=7))
PinCheck = Callable[[str], Awaitable[None]]
"""Given the origin about to be served: raises `LogBehindPin` where any log is behind its pin."""


class NoFreeSlot(Exception):  # noqa: N818 — named for what is missing
    """Every writer slot is leased by somebody else."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A slot held, its open log, and whether it was lost."""

    session: Session
    slot: int
    log_id: int
    origin: str
    year: int
    lost: asyncio.Event


class _Alarm(asyncio.Event):
    """An event that wakes a second one as well."""

    def __init__(self, also: asyncio.Event) -> None:
        super().__init__()
        self._also = also

    def set(self) -> None:
        super().set()
        self._also.set()


def local_year(moment: datetime) -> int:
    """Return the year of Asia/Ho_Chi_Minh: logs are opened yearly."""
    return moment.astimezone(_LOCAL).year


async def _free_slot(session: Session) -> int:
    slot = await lease_slot(session)
    if slot is None:
        raise NoFreeSlot("every writer slot of the log is taken")
    return slot


async def take_lease(
    database: Database, origin_base: str, now: datetime, check: PinCheck, wake: asyncio.Event
) -> Lease:
    """Lease a free slot and open its log of the year. `wake` is set when the lease is lost.

    Raises `StoreError`, `NoFreeSlot` or what `check` raises; the slot is then free again.
    """
    session = await database.session()
    try:
        await make_partitions(database, now)
        slot = await _free_slot(session)
        year = local_year(now)
        log_id, origin, _size = await open_log(session, slot, year, origin_base)
        await check(origin)
        lost = _Alarm(wake)
        session.when_lost(lost)
        return Lease(session, slot, log_id, origin, year, lost)
    except BaseException:
        session.terminate()
        raise
