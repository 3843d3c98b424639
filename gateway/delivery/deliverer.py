"""The deliverer: claims dossiers that are due, commits, calls the portal, settles (DESIGN section 6).

The rule: nothing is called that was not claimed, no call begins that could outlive its lease, and whatever is not
settled, because this process or the database went away, is found in doubt by the next claim.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

import structlog

from adapters.contract import RegistryError, RegistryTimeout
from adapters.portal import PortalClient, PortalError
from adapters.portal_fields import PortalProcedure
from gateway.delivery.metrics import DeliveryMetrics
from gateway.delivery.pause import Pause, backoff
from gateway.delivery.plan import Step, Unplannable, steps_of
from gateway.delivery.sending import LEASE_OVER, Sending, Work
from gateway.dossiers.carrying import CarriedError, Carrier
from gateway.store.database import Database, StoreError
from gateway.store.delivery import Claimed, Settlement, claim, recall, settle
from gateway.telemetry import where

POLL_S, STORE_RETRY_S, RECALL_S = 0.1, 1.0, 5.0
_LEASE_DEADLINES, _LEASE_MORE_S = 3.0, 5.0
_CATALOGUE_LIFE_S, _CATALOGUE_AGAIN_S = 3600.0, 30.0
_LEAST_CALL_S = 0.2
_log = structlog.get_logger("gateway.delivery")


@dataclass(frozen=True, slots=True)
class Pace:
    """How much at once, and how long a call may take (seconds)."""

    batch: int
    concurrency: int
    deadline_s: float

    @property
    def lease_s(self) -> float:
        """How long a claim is held: three calls and a little more."""
        return _LEASE_DEADLINES * self.deadline_s + _LEASE_MORE_S


DatabasesOf = Callable[[str, Sequence[Mapping[str, Any]]], tuple[str, ...]]
"""Of a procedure and the dossier's components: the portal's codes of the registries that were asked."""


class Deliverer:
    """Delivers for one portal account. Run it as a task; several in several processes share the work."""

    def __init__(
        self,
        database: Database,
        portal: PortalClient,
        carrier: Carrier,
        pace: Pace,
        *,
        metrics: DeliveryMetrics,
        databases_of: DatabasesOf,
        now: Callable[[], datetime],
    ) -> None:
        self._database, self._portal, self._carrier, self._pace = database, portal, carrier, pace
        self._metrics, self._databases_of, self._now = metrics, databases_of, now
        self._pause = Pause(monotonic, random.random)
        self._looking = asyncio.Lock()
        self._procedures: Mapping[str, PortalProcedure] = {}
        self._asked_at = -_CATALOGUE_LIFE_S

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(self._pace.concurrency):
                lanes.create_task(self._lane())
            lanes.create_task(self._recall())

    async def _recall(self) -> None:
        """Look now and then for what waits by a clock that was set back."""
        while True:
            with suppress(StoreError):  # the lanes tell
                if recalled := await recall(self._database, self._pace.lease_s):
                    _log.warning("deliveries recalled", count=recalled)
            await asyncio.sleep(RECALL_S)

    async def _lane(self) -> None:
        while True:
            try:
                async with self._looking:  # one lane looks for all: what nothing comes to costs the same however many
                    await asyncio.sleep(self._pause.left_s)
                    claimed, until = await self._claim()
                    if not claimed:
                        await asyncio.sleep(POLL_S)
                await self._deliver(claimed, until)
            except StoreError as error:
                _log.warning("outbox unavailable", reason=str(error))
                await asyncio.sleep(STORE_RETRY_S)
            except Exception as error:  # noqa: BLE001 — whatever it is, its claims run out and the lane goes on
                _log.error("delivery failed", error=type(error).__name__, where=where(error))
                await asyncio.sleep(STORE_RETRY_S)

    async def turn(self) -> int:
        """Claim once, deliver what was claimed, settle it; return how many. Raises `StoreError`."""
        claimed, until = await self._claim()
        await self._deliver(claimed, until)
        return len(claimed)

    async def _claim(self) -> tuple[Sequence[Claimed], float]:
        """Claim what is due, one dossier where the portal failed last; and say until when it is ours."""
        until = monotonic() + self._pace.lease_s
        batch = 1 if self._pause.failures else self._pace.batch
        return await claim(self._database, batch, self._pace.lease_s), until

    async def _deliver(self, claimed: Sequence[Claimed], until: float) -> None:
        if not claimed:
            return
        works = await self._planned(claimed, until)
        fresh = [work for work in works if work.claimed.attempts == 0 and work.fate is None]
        tried = [[work] for work in works if work.claimed.attempts and work.fate is None]
        for group in ([fresh] if fresh else []) + tried:
            await self._send(group, until)
        settlements = [self._settlement(work) for work in works]
        await settle(self._database, settlements)
        for settlement in settlements:
            self._metrics.settled(settlement.fate)

    async def _send(self, group: Sequence[Work], until: float) -> None:
        sending = Sending(_Timed(self._portal, self._pace.deadline_s, until, self._now))
        await sending.send(group)
        if sending.failed:
            self._pause.failed()
            _log.warning("portal unwell", reason=group[0].error, count=self._pause.failures)
        elif any(work.fate in {"sent", "held"} for work in group):
            self._pause.succeeded()

    async def _planned(self, claimed: Sequence[Claimed], until: float) -> list[Work]:
        """Open every event and plan its steps; what cannot be planned has its fate already."""
        works = []
        await self._refresh_procedures(_CATALOGUE_LIFE_S, until)
        for one in claimed:
            work = Work(one, ())
            works.append(work)
            try:
                work.steps = await self._steps(one, until)
            except Unplannable as reason:
                away = not self._procedures and str(reason) == "procedure-unknown"
                work.end("retry" if away else "park", str(reason))
            else:
                if not work.steps:
                    work.end("withheld")
        return works

    async def _steps(self, one: Claimed, until: float) -> tuple[Step, ...]:
        if one.payload is None:
            raise Unplannable("content-dropped")
        try:
            parcel = self._carrier.open(one.client, one.event_id, one.payload)
        except CarriedError:
            raise Unplannable("content-unreadable") from None
        if parcel.event.procedure not in self._procedures:
            await self._refresh_procedures(_CATALOGUE_AGAIN_S, until)
        databases = self._databases_of(parcel.event.procedure, one.components)
        return steps_of(one, parcel, self._procedures, databases)

    async def _refresh_procedures(self, age_s: float, until: float) -> None:
        """Ask for the portal's catalogue where ours is older than `age_s`; keep the old one where it does not say."""
        if monotonic() - self._asked_at < age_s and (self._procedures or self._pause.failures == 0):
            return
        try:
            timed = _Timed(self._portal, self._pace.deadline_s, until, self._now)
            self._procedures = await timed.procedures()
            self._asked_at = monotonic()
        except (RegistryError, PortalError) as error:
            self._pause.failed()
            _log.warning("portal catalogue unavailable", error=type(error).__name__)

    def _settlement(self, work: Work) -> Settlement:
        one = work.claimed
        fate = work.fate or "doubt"
        if fate == "retry" and one.doubtful:
            fate = "doubt"  # nobody has asked the portal yet
        wait_s = backoff(one.attempts + 1, random.random()) if fate in {"retry", "doubt"} else 0.0  # noqa: S311 — jitter
        return Settlement(one.dossier, one.token, one.sequence, fate, wait_s, work.error)


class _Timed:
    """The portal with each call's time bound by the deadline and by what is left of the lease."""

    def __init__(self, portal: PortalClient, deadline_s: float, until: float, now: Callable[[], datetime]) -> None:
        self._portal, self._deadline_s, self._until, self._now = portal, deadline_s, until, now

    async def sync(self, items: Sequence[Mapping[str, Any]], *, updating: bool) -> None:
        await self._portal.sync(items, updating=updating, now=self._now(), timeout_s=self._left())

    async def progress(self, items: Sequence[Mapping[str, Any]]) -> None:
        await self._portal.progress(items, now=self._now(), timeout_s=self._left())

    async def held(self, codes: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        return await self._portal.held(codes, now=self._now(), timeout_s=self._left())

    async def procedures(self) -> Mapping[str, PortalProcedure]:
        return await self._portal.procedures(now=self._now(), timeout_s=self._left())

    def _left(self) -> float:
        left = min(self._deadline_s, self._until - monotonic() - _LEAST_CALL_S)
        if left < _LEAST_CALL_S:
            raise RegistryTimeout(LEASE_OVER, unanswered=True)
        return left
