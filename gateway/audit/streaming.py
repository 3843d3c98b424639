"""The audit's reader: follows every log and the dossiers' feed, judges what is new, and writes what it finds.

The rule: a batch's findings and the mark of how far was read are one transaction, so a reader that is killed goes on
where it was and a second one changes nothing. An entry is judged within seconds of its commit (an alert is due within
60 s), and again when a dossier that may explain it is reported.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog

from gateway.audit.explanations import REPORTED_WITHIN
from gateway.audit.facts import Lookup, Staff
from gateway.audit.gathering import gather
from gateway.audit.judging import judge_batch
from gateway.audit.reading import lookup_of
from gateway.audit.scoring import precisions
from gateway.audit.staff import put_in_tables, staff_of
from gateway.audit.tuning import Setting, Tuning, tried, tuning_of
from gateway.reuse.catalogue import Catalogue, catalogues_of
from gateway.store.alerts import rule_settings
from gateway.store.configuration import ConfigurationStore
from gateway.store.database import Database, StoreError
from gateway.store.findings import Batch, Mark, count_days, explanations_of, heads, marks, outcomes, put
from gateway.store.reuse import configurations

INDEXES, EVENTS, JUDGED = 500, 200, 500
POLL_S, PAUSE_S = 2.0, 5.0
LATE = timedelta(seconds=10)
"""So far behind the log the audit rests no more: an alert is due within a minute."""
_EVENTS = "events"
_AGES = timedelta(days=400)
_log = structlog.get_logger("gateway.audit")


def rest_s(worked_s: float, behind: timedelta, *, more: bool) -> float:
    """Return how long to rest after a step, in seconds.

    With nothing more to judge a while, so that what comes is one batch: many small ones cost several times as much.
    With more as long as the step took: look-ups share the processors, and work of two seconds in one go delays them.
    """
    if not more:
        return POLL_S
    return worked_s if behind < LATE else 0.0


class Auditor:
    """Reads and judges. One is enough for an installation; two do no harm."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock
        self._version = -1
        self._staff, self._catalogues = Staff(), list[Catalogue]()
        self._precisions, self._tuning = precisions({}, Tuning()), Tuning()
        self._reached = clock()

    async def run(self) -> None:
        """Judge whatever comes; ends by cancellation."""
        while True:
            begun = monotonic()
            try:
                more = await self.step()
            except StoreError as error:
                _log.warning("audit waits for the database", error=type(error).__name__)
                await asyncio.sleep(PAUSE_S)
                continue
            except Exception as error:  # noqa: BLE001 — one odd entry must not end the watch; its mark stays, it is told
                _log.error("audit cannot judge", error=type(error).__name__)
                await asyncio.sleep(PAUSE_S)
                continue
            await asyncio.sleep(rest_s(monotonic() - begun, self._clock() - self._reached, more=more))

    async def catch_up(self) -> None:
        """Judge everything that is there. Raises `StoreError`."""
        while await self.step():
            pass

    async def step(self) -> bool:
        """Judge one batch of every source, and count it; whether more waits. Raises `StoreError`."""
        await self._refresh()
        read, more = await marks(self._database), await count_days(self._database)
        for log_id, head in (await heads(self._database)).items():
            source = f"log {log_id}"
            start = read.get(source, 0)
            if start < head:
                end = min(head, start + INDEXES)
                rows = await self._database.fetch("findings.fresh", log_id, start, end)
                lookups = [lookup_of(row) for row in rows]
                await self._judge(lookups, Mark(source, start, end))
                self._reached = max((one.at for one in lookups), default=self._reached)
                more = more or end < head
        return await self._events(read.get(_EVENTS, 0)) or more

    async def _events(self, start: int) -> bool:
        events = await self._database.fetch("findings.fresh_events", start, EVENTS)
        if not events:
            return False
        codes = sorted({row["dossier"] for row in events if row["matters"]})  # may explain, or end before its time
        since = self._clock() - _AGES
        rows = await self._database.fetch("findings.touched", codes, since)
        lookups = [lookup_of(row) for row in rows]
        await self._judge(lookups, Mark(_EVENTS, start, events[-1]["sequence"]))
        return len(events) == EVENTS

    async def _judge(self, lookups: Sequence[Lookup], mark: Mark) -> None:
        """Judge; all but the last part without moving the mark, which judging again would not change."""
        for first in range(0, max(len(lookups), 1), JUDGED):
            part = lookups[first : first + JUDGED]
            last = first + JUDGED >= len(lookups)
            batch, again = await self._found(part)
            if not await put(self._database, mark if last else Mark(), self._clock(), batch):
                return
            if again:
                await self._judge_again(again, part)

    async def _found(self, lookups: Sequence[Lookup]) -> tuple[Batch, list[str]]:
        if not lookups:
            return Batch(), []
        facts = await gather(self._database, lookups, self._staff, self._catalogues, self._tuning)
        return judge_batch(lookups, facts, self._precisions)

    async def _judge_again(self, entries: list[str], near: Sequence[Lookup]) -> None:
        first, last = min(one.at for one in near), max(one.at for one in near)
        rows = await self._database.fetch("findings.by_ids", entries, first - REPORTED_WITHIN, last)
        batch, _ = await self._found([lookup_of(row) for row in rows])
        await put(self._database, Mark(), self._clock(), batch)

    async def recompute(self, since: datetime, until: datetime) -> int:
        """Explain and judge anew all that ended in [since, until); return how many. Raises `StoreError`."""
        await self._refresh()
        number = 0
        async for lookups in self._pages(since, until):
            await self._judge(lookups, Mark())
            number += len(lookups)
        return number

    async def compare(self, since: datetime, until: datetime) -> tuple[int, list[str]]:
        """Explain anew all that ended in [since, until), writing nothing; return how many, and which differ.

        A look-up whose stored explanation is missing or another one is named by its entry. Raises `StoreError`.
        """
        await self._refresh()
        number, differing = 0, list[str]()
        async for lookups in self._pages(since, until):
            batch, _ = await self._found(lookups)
            stored = await explanations_of(self._database, [row["entry_id"] for row in batch.explanations])
            differing += [
                row["entry_id"]
                for row in batch.explanations
                if stored.get(row["entry_id"]) != (row["kind"], row["version"], row["detail"])
            ]
            number += len(batch.explanations)
        return number, differing

    async def try_out(
        self, setting: Setting, since: datetime, until: datetime, seen: Callable[[int], None] = lambda _: None
    ) -> int:
        """Return how many alerts a rule set so would have raised in [since, until); writes nothing.

        `seen` is told how many entries were judged so far. Raises `StoreError`.
        """
        await self._refresh()
        tuning, keys, number = tried(self._tuning, setting), set[str](), 0
        async for lookups in self._pages(since, until):
            facts = await gather(self._database, lookups, self._staff, self._catalogues, tuning)
            batch, _ = judge_batch(lookups, facts, self._precisions)
            keys |= {alert["key"] for alert in batch.alerts if alert["rule"] == setting.rule}
            number += len(lookups)
            seen(number)
        return len(keys)

    async def _pages(self, since: datetime, until: datetime) -> AsyncIterator[list[Lookup]]:
        after: tuple[Any, ...] = (since - timedelta(microseconds=1), 2**31 - 1, 2**62)
        while rows := await self._database.fetch("findings.page_to_explain", *after, until, JUDGED):
            yield [lookup_of(row) for row in rows]
            after = (rows[-1]["at"], rows[-1]["log_id"], rows[-1]["index"])

    async def _refresh(self) -> None:
        """Learn a new configuration's staff and procedures, the rules' settings, and what closed cases say of them."""
        store = ConfigurationStore(self._database)
        version = await store.version()
        if version != self._version:
            _, documents = await store.current()
            self._staff = staff_of(documents)
            self._catalogues = catalogues_of(await configurations(self._database, 0))
            await put_in_tables(self._database, version, documents)
            self._version = version
        self._tuning = tuning_of(await rule_settings(self._database))
        self._precisions = precisions(await outcomes(self._database), self._tuning)
