"""The keeper: one process at a time seals the logs, sweeps open questions and keeps the store small.

The rule: the keeper leads by an advisory lock on a connection of its own and stops when that ends; what it does
never blocks an append. Every process may run one; all but the leader wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import structlog

from gateway.evidence.contract import Evidence, EvidenceUnavailable
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.pins import LogBehindPin, Pin
from gateway.evidence.pseudonyms import day_bytes
from gateway.evidence.sealer import LogSealer
from gateway.evidence.sweeper import Sweeper
from gateway.store.database import Database, Session, StoreError
from gateway.store.housekeeping import drop_old_counters, drop_old_nonces, make_partitions

SEAL_S, SWEEP_S, CLEAN_S = 1.0, 10.0, 60.0
_LEADER = 0
_logger = structlog.get_logger("gateway.evidence.keeper")


class Keeper:
    """Seals, sweeps and cleans while it leads, and does `also` as often as it seals.

    `problem` says what went wrong last, None when all is well.
    """

    def __init__(
        self,
        database: Database,
        evidence: Evidence,
        *,
        keys: EvidenceKeys,
        pins: Pin,
        clock: Callable[[], datetime],
        seal_s: float = SEAL_S,
        also: Mapping[str, Callable[[], Awaitable[object]]] = MappingProxyType({}),
    ) -> None:
        self._database, self._evidence, self._keys, self._pins, self._clock = database, evidence, keys, pins, clock
        self._seal_s, self._also = seal_s, also
        self.leading = False
        self.problem: str | None = None

    async def run(self) -> None:
        """Wait for the lead, keep house, and begin again when the lead is lost; ends by cancellation."""
        while True:
            try:
                async with self._database.own_session() as session:
                    if await session.fetchval("logs.lead", _LEADER):
                        await self._lead(session)
            except StoreError as error:
                self.problem = str(error)
            finally:
                self.leading = False
            await asyncio.sleep(self._seal_s)

    async def _lead(self, session: Session) -> None:
        sealer = LogSealer(self._database, self._keys, self._pins, self._clock)
        loop = asyncio.get_running_loop()
        sweeper = Sweeper(self._database, self._evidence, clock=self._clock, monotonic=loop.time)
        self.leading = True
        jobs: dict[str, tuple[float, Callable[[], Awaitable[object]]]] = {
            "seal": (self._seal_s, sealer.seal_all),
            "sweep": (SWEEP_S, sweeper.sweep),
            "clean": (CLEAN_S, self._clean),
            **{name: (self._seal_s, job) for name, job in self._also.items()},
        }
        due = dict.fromkeys(jobs, 0.0)
        while not session.closed:
            self.problem, now = None, loop.time()
            for name, (every, job) in jobs.items():
                if now >= due[name]:
                    due[name] = now + every
                    await self._attempt(name, job)
            await asyncio.sleep(max(0.01, due["seal"] - loop.time()))

    async def _attempt(self, name: str, job: Callable[[], Awaitable[object]]) -> None:
        try:
            await job()
        except (StoreError, EvidenceUnavailable, LogBehindPin, OSError) as error:
            self.problem = f"{name}: {error}"
            _logger.error("evidence keeper", job=name, error=type(error).__name__)  # noqa: TRY400 — a state, no bug

    async def _clean(self) -> None:
        now = self._clock()
        await make_partitions(self._database, now)
        await drop_old_nonces(self._database)
        await drop_old_counters(self._database, day_bytes((now - timedelta(days=2)).timestamp()))
