"""The writer of a log: queued drafts become batches, one commit each, and a place or a loss comes back.

The rule (DESIGN section 3): nothing is acknowledged before its commit, and a commit whose outcome is unknown
is never tried again: its drafts are `EvidenceUnavailable`. The loop clocks itself: the next batch is
whatever queued while the last one was being committed. A writer holds a slot by an advisory lock on its own
connection; when that connection ends it stops serving at once and leases again.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from gateway.evidence.contract import Draft, EvidenceUnavailable, Loss, Nonce, Recorded
from gateway.evidence.keys import LogKeys
from gateway.evidence.leaf import Encoded, encode
from gateway.evidence.lease import Lease, NoFreeSlot, PinCheck, local_year, take_lease
from gateway.evidence.pins import LogBehindPin
from gateway.evidence.pseudonyms import Pseudonyms, nonce_key
from gateway.evidence.sealing import DataKey, MinuteSealer, Sealer
from gateway.store.append import Appended, EntryRow, SealingKey, SpendRow, append_batch
from gateway.store.database import Database, StoreError

BATCH, QUEUE = 500, 4096
INTERVAL_S, SPACING = 0.010, 1.2
"""A batch starts so many times as long after the last one as that took, but after the interval at the latest.

What queues meanwhile shares a commit, which costs as much as eight rows do. A draft that comes alone never waits.
"""
_RETRY_S = 0.25
_LOSSES = (None, Loss.REPLAYED, Loss.EXPIRED, Loss.QUOTA, Loss.GUESSED, Loss.STALE)
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return the wall clock's time."""
    return datetime.now(UTC)


@dataclass(slots=True)
class _Waiting:
    """A draft in the queue and who waits for it."""

    draft: Draft
    place: "asyncio.Future[Recorded | Loss]"


@dataclass(slots=True)
class _Spending:
    """A bare nonce in the queue and who waits for it."""

    row: SpendRow
    place: "asyncio.Future[Loss | None]"


@dataclass(slots=True)
class _Batch:
    """What one commit holds: rows and who waits for each, then spends; the data key that all rows share."""

    rows: list[EntryRow] = field(default_factory=list)
    places: "list[asyncio.Future[Recorded | Loss]]" = field(default_factory=list)
    spends: list[_Spending] = field(default_factory=list)
    key: DataKey | None = None

    def __len__(self) -> int:
        return len(self.rows) + len(self.spends)


class EvidenceLog:
    """The append side of the evidence, for one worker. Made by `start`; implements `contract.Evidence`."""

    def __init__(
        self,
        database: Database,
        *,
        pseudonyms: Pseudonyms,
        sealer: Sealer,
        origin_base: str,
        clock: Clock,
        check: PinCheck,
        interval_s: float,
    ) -> None:
        self._database, self._origin_base, self._clock, self._check = database, origin_base, clock, check
        self._pseudonyms, self._sealer = pseudonyms, sealer
        self._queue: deque[_Waiting | _Spending] = deque()
        self._interval_s = interval_s
        self._wake = asyncio.Event()
        self._lease: Lease | None = None
        self._stored_key: bytes | None = None
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self.why_unhealthy: str | None = "not started"

    @classmethod
    async def start(
        cls,
        database: Database,
        *,
        keys: LogKeys,
        origin_base: str,
        clock: Clock = utc_now,
        sealer: Sealer | None = None,
        check: PinCheck | None = None,
        interval_s: float = INTERVAL_S,
    ) -> Self:
        """Lease a slot and begin to serve.

        `check` is run at every lease and keeps a log that fell behind its pin from serving (`pins.pin_check`).
        A batch waits for `interval_s` after the last one's start at most: longer may mean fewer commits.
        Raises `StoreError` where the database cannot be used, `NoFreeSlot`, or `LogBehindPin`.
        """
        log = cls(
            database,
            pseudonyms=Pseudonyms(keys.pseudonyms),
            sealer=sealer or MinuteSealer(keys.reveal),
            origin_base=origin_base,
            clock=clock,
            check=check or _no_check,
            interval_s=interval_s,
        )
        await log._take_lease()
        log._task = asyncio.create_task(log._run(), name="evidence-log")
        return log

    @property
    def healthy(self) -> bool:
        """Whether an append would be tried now; `why_unhealthy` says what is wrong otherwise."""
        return self._lease is not None and not self._lease.lost.is_set() and not self._closing

    @property
    def origin(self) -> str | None:
        """The origin of the log written now; None while there is no lease."""
        return self._lease.origin if self._lease else None

    @property
    def pseudonyms(self) -> Pseudonyms:
        """The pseudonyms that entries are written under."""
        return self._pseudonyms

    def append(self, draft: Draft) -> "asyncio.Future[Recorded | Loss]":
        """Durably append one entry; what is awaited is the commit. Raises `EvidenceUnavailable`."""
        self._ready()
        place: asyncio.Future[Recorded | Loss] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(draft, place))
        self._wake.set()
        return place

    async def spend(self, nonce: Nonce) -> Loss | None:
        """Durably spend a nonce without an entry. Raises `EvidenceUnavailable`."""
        self._ready()
        place: asyncio.Future[Loss | None] = asyncio.get_running_loop().create_future()
        self._queue.append(_Spending(SpendRow(nonce_key(nonce), nonce.created), place))
        self._wake.set()
        return await place

    async def close(self) -> None:
        """Commit what is queued, give the slot back and stop. Harmless when called twice."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None

    def _ready(self) -> None:
        lease = self._lease
        if lease is None or lease.lost.is_set() or self._closing:
            raise EvidenceUnavailable("the log is not being written")
        if len(self._queue) >= QUEUE:
            raise EvidenceUnavailable("the log's queue is full")

    async def _run(self) -> None:
        while True:
            if self._lease is not None:
                await self._serve(self._lease)
                await self._drop_lease()
            if self._closing:
                return
            try:
                await self._take_lease()
            except (StoreError, NoFreeSlot, LogBehindPin) as error:
                self.why_unhealthy = str(error)
                self._fail_queue()
                await asyncio.sleep(_RETRY_S)

    async def _take_lease(self) -> None:
        self._lease = await take_lease(self._database, self._origin_base, self._clock(), self._check, self._wake)
        self.why_unhealthy = None

    async def _drop_lease(self) -> None:
        lease, self._lease = self._lease, None
        if lease is None:
            return
        if lease.lost.is_set() or self._closing:
            self._fail_queue()  # at the year's end what queued goes into the next log instead
        await lease.session.close()

    async def _serve(self, lease: Lease) -> None:
        """Commit batches until the lease is lost, the year ends or the log is closed."""
        loop = asyncio.get_running_loop()
        while not lease.lost.is_set() and local_year(self._clock()) == lease.year:
            if not self._queue:
                if self._closing:
                    return
                self._wake.clear()
                await self._wake.wait()
                continue
            started = loop.time()
            batch = self._take_batch(lease)
            if len(batch) and not await self._commit(lease, batch):
                lease.lost.set()
                return
            took = loop.time() - started
            pause = min(self._interval_s, SPACING * took) - took
            if pause > 0 and not self._closing:
                await asyncio.sleep(pause)

    def _take_batch(self, lease: Lease) -> _Batch:
        """Take what queued, at most `BATCH`: one data key, no nonce twice (the later one lost it).

        Drafts are encoded here, for the log that is leased now, one after the other.
        """
        batch, nonces = _Batch(), set[bytes]()
        for _ in range(min(BATCH, len(self._queue))):
            waiting = self._queue[0]
            encoded = self._encoded(waiting, lease.origin) if isinstance(waiting, _Waiting) else None
            if encoded and batch.key is not encoded.key:
                if batch.key:
                    break
                batch.key = encoded.key
            self._queue.popleft()
            nonce = encoded.row.nonce if encoded else waiting.row.nonce if isinstance(waiting, _Spending) else b""
            if nonce:
                if nonce in nonces:
                    _resolve(waiting.place, Loss.REPLAYED)
                    continue
                nonces.add(nonce)
            if isinstance(waiting, _Spending):
                batch.spends.append(waiting)
            elif encoded:
                batch.rows.append(encoded.row)
                batch.places.append(waiting.place)
        return batch

    def _encoded(self, waiting: _Waiting, origin: str) -> Encoded | None:
        """Return a draft's leaf and row for that log; None after telling who waits why it has none."""
        try:
            return encode(waiting.draft, origin, self._pseudonyms, self._sealer)
        except Exception as error:  # noqa: BLE001 — a draft that cannot be written fails alone, with its own error
            if not waiting.place.done():
                waiting.place.set_exception(error)
            return None

    async def _commit(self, lease: Lease, batch: _Batch) -> bool:
        """Commit one batch and tell everyone in it; False where the lease can be served no longer."""
        key = batch.key if batch.key and batch.key.key_id != self._stored_key else None
        try:
            appended = await append_batch(
                lease.session,
                lease.log_id,
                lease.slot,
                batch.rows,
                spends=[spending.row for spending in batch.spends],
                key=SealingKey(key.key_id, key.wrapped) if key else None,
            )
        except StoreError as error:
            self.why_unhealthy = str(error)
            _fail([*batch.places, *(spending.place for spending in batch.spends)])
            return False
        if key is not None:
            self._stored_key = key.key_id
        _tell(lease, batch, appended)
        return True

    def _fail_queue(self) -> None:
        _fail([waiting.place for waiting in self._queue])
        self._queue.clear()


async def _no_check(_origin: str) -> None:
    """Keep no pin."""


def _tell(lease: Lease, batch: _Batch, appended: Appended) -> None:
    index = appended.first
    for number, (row, place) in enumerate(zip(batch.rows, batch.places, strict=True)):
        loss = _LOSSES[appended.lost[number]] if appended.lost else None
        if loss is None:
            _resolve(place, Recorded(row.entry_id, lease.origin, lease.slot, index, row.at))
            index += 1
        else:
            _resolve(place, loss)
    for number, spending in enumerate(batch.spends, len(batch.rows)):
        _resolve(spending.place, _LOSSES[appended.lost[number]] if appended.lost else None)


def _resolve(
    place: "asyncio.Future[Recorded | Loss] | asyncio.Future[Loss | None]", value: Recorded | Loss | None
) -> None:
    if not place.done():
        place.set_result(value)  # type: ignore[arg-type]  # each future gets its own kind of value, see the callers


def _fail(places: "list[asyncio.Future[Recorded | Loss] | asyncio.Future[Loss | None]]") -> None:
    for place in places:
        if not place.done():
            place.set_exception(EvidenceUnavailable("the log could not be written"))
