"""Events from parsed values to durable rows, and what to tell of each (PROTOCOL section 5).

The rule: people appear in the database as pseudonyms and sealed, never in clear; an event is `accepted` or `late`
only when it is committed. Whoever calls records the push in the log first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

import orjson

from gateway.dossiers.carrying import Carrier
from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import DataKey, Sealer, seal
from gateway.store.append import SealingKey
from gateway.store.database import Database, StoreError
from gateway.store.dossiers import Batch, EventFate, EventRow, Received, receive_events
from gateway.store.scope import Scope
from schemas.dates import LOCAL
from schemas.dossier_events import BrokenEvent
from schemas.dossiers import RANK, DossierEvent, canonical_event
from schemas.identifiers import dossier_agency
from schemas.pointers import FieldError

_NONE: Mapping[str, bytes] = MappingProxyType({})
Parsed = DossierEvent | BrokenEvent
Count = Callable[[str, Iterable[tuple[str, str]]], None]
"""Counts a push: where it came from, and each event's result with its problem code, else an empty text."""
_DIGEST = "lienthong event digest v1"
_WORDS = {Received.ACCEPTED: "accepted", Received.LATE: "late", Received.DUPLICATE: "duplicate"}
_REFUSED = {
    Received.CONFLICT: ("event-conflict", "/event_id", "This event_id was reported before with other content."),
    Received.FOREIGN: ("agreement-missing", "/dossier", "The dossier belongs to another agency."),
    Received.TOO_MANY: ("request-invalid", "/dossier", "The dossier holds as many events as it may."),
}
_FOREIGN_AGENCY = ("agreement-missing", "/agency", "The agreement does not name this agency for reporting.")
_FOREIGN_CODE = ("agreement-missing", "/dossier", "The dossier's code names an agency that the agreement does not.")


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an event was not kept: a problem code and what to point at."""

    code: str
    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class EventResult:
    """What became of one event. `result` is `accepted`, `late`, `duplicate` or `rejected`."""

    event_id: str | None
    result: str
    sequence: int | None = None
    warning: str | None = None
    rejection: Rejection | None = None


class Receiver:
    """Stores events, for the signed interface and for the drop-in door alike."""

    def __init__(
        self, database: Database, *, pseudonyms: Pseudonyms, sealer: Sealer, count: Count = lambda *_: None
    ) -> None:
        self._database, self._pseudonyms, self._sealer = database, pseudonyms, sealer
        self._count = count
        self._carrier = Carrier(pseudonyms)
        self._stored_key: bytes | None = None

    async def receive(
        self,
        client: str,
        scope: Scope,
        parsed: Sequence[Parsed],
        *,
        request_id: str,
        now: datetime,
        source: str = "api",
        binds: bool = True,
        originals: Mapping[str, bytes] = _NONE,
    ) -> list[EventResult]:
        """Store what may be stored and tell of each event, in the order given.

        `scope` holds the agencies that the client reports for; `binds` says whether look-ups may be bound to what
        it reports; `originals` are messages in the portal's dialect, by event id. Raises `EvidenceUnavailable`
        where the database does not confirm: send the same events again.
        """
        results = [_refused_before(scope, event, number) for number, event in enumerate(parsed)]
        kept = [
            (number, event)
            for number, event in enumerate(parsed)
            if results[number] is None and isinstance(event, DossierEvent)
        ]
        key = self._sealer.data_key(now.timestamp())
        year = self._pseudonyms.year(now.astimezone(LOCAL).year)
        batch = Batch(
            client,
            source,
            binds,
            request_id,
            now,
            year,
            [self._row(client, event, year, key, originals.get(event.event_id)) for _, event in kept],
            None if key.key_id == self._stored_key else SealingKey(key.key_id, key.wrapped),
        )
        try:
            fates = await receive_events(self._database, batch)
        except StoreError as error:
            raise EvidenceUnavailable(str(error)) from None
        if fates:
            self._stored_key = key.key_id
        for (number, event), fate in zip(kept, fates, strict=True):
            results[number] = _result(event.event_id, number, fate)
        told = [result for result in results if result is not None]
        self._count(source, ((one.result, one.rejection.code if one.rejection else "") for one in told))
        return told

    def _row(self, client: str, event: DossierEvent, year: int, key: DataKey, original: bytes | None) -> EventRow:
        content: dict[str, Any] = dict(event.stated)
        if event.components is not None:
            content["components"] = event.components
        canonical = canonical_event(event)
        return EventRow(
            event.event_id,
            event.dossier,
            event.procedure,
            event.agency,
            event.status,
            RANK[event.status],
            event.occurred_at,
            self._digest(event, canonical),
            orjson.dumps(content).decode(),
            self._parties(event, year),
            _sealed(client, event, key),
            self._carrier.pack(client, event.event_id, canonical, year, original),
        )

    def _digest(self, event: DossierEvent, canonical: bytes) -> bytes:
        """Return the keyed hash of all values: under the key of the event's own year, so that it stays the same."""
        year = self._pseudonyms.year(event.occurred_at.astimezone(LOCAL).year)
        return self._pseudonyms.digest(year, _DIGEST, canonical)

    def _parties(self, event: DossierEvent, year: int) -> str | None:
        if event.parties is None:
            return None
        return orjson.dumps(
            [
                {
                    "role": party.role,
                    "id_type": party.id_type,
                    "pseudonym": self._pseudonyms.of(year, party.id_type, party.id).hex(),
                }
                for party in event.parties
            ]
        ).decode()


def event_associated_data(client: str, event_id: str) -> bytes:
    """Return what an event's seal is bound to."""
    return f"lienthong/1\0dossier-event\0{client}\0{event_id}".encode()


def _sealed(client: str, event: DossierEvent, key: DataKey) -> str | None:
    personal: dict[str, Any] = {}
    if event.parties:
        personal["parties"] = [
            {"role": party.role, "id_type": party.id_type, "id": party.id} for party in event.parties
        ]
    if event.officer:
        personal["officer"] = event.officer
    if event.note is not None:
        personal["note"] = event.note
    if not personal:
        return None
    box = seal(key, orjson.dumps(personal), event_associated_data(client, event.event_id))
    return orjson.dumps(box).decode()


def _refused_before(scope: Scope, event: Parsed, number: int) -> EventResult | None:
    """Refuse what needs no look at the database."""
    if isinstance(event, BrokenEvent):
        return EventResult(event.event_id, "rejected", rejection=Rejection("request-invalid", event.errors))
    if not scope.holds(event.agency):
        return _rejected(event.event_id, number, *_FOREIGN_AGENCY)
    named = dossier_agency(event.dossier)
    if named is not None and not scope.holds(named):
        return _rejected(event.event_id, number, *_FOREIGN_CODE)
    return None


def _rejected(event_id: str, number: int, code: str, pointer: str, detail: str) -> EventResult:
    errors = (FieldError(f"/events/{number}{pointer}", detail),)
    return EventResult(event_id, "rejected", rejection=Rejection(code, errors))


def _result(event_id: str, number: int, fate: EventFate) -> EventResult:
    if fate.received in _REFUSED:
        return _rejected(event_id, number, *_REFUSED[fate.received])
    return EventResult(event_id, _WORDS[fate.received], fate.sequence, fate.warning)


def count_results(results: Sequence[EventResult]) -> Iterator[tuple[str, int]]:
    """Yield each word with how often it was told."""
    for word in ("accepted", "late", "duplicate", "rejected"):
        yield word, sum(result.result == word for result in results)
