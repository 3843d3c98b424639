"""Writes a plan through the gateway's own log and dossier tables, in the order in which things happened.

The rule: only into a database of the simulation's own; nothing of it can be told from real traffic afterwards.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.audit.simulation.plan import Plan, PlannedEvent, PlannedLookup
from gateway.dossiers.receiving import Receiver
from gateway.evidence.contract import Draft, Evidence, Kind, Recorded
from gateway.evidence.leaf import uuid7
from gateway.store.scope import Scope
from schemas.dossiers import DossierEvent, Party

_AT_ONCE, _EVENTS_AT_ONCE = 400, 100
_TOOK = timedelta(milliseconds=80)


@dataclass(frozen=True, slots=True)
class Written:
    """The closing entry of a planned look-up."""

    entry_id: str
    planned: PlannedLookup


async def write_events(receiver: Receiver, plan: Plan) -> int:
    """Report all events in the order of their reporting; return how many."""
    events = sorted(plan.events, key=lambda event: event.recorded_at)
    number = 0
    for client in sorted({event.client for event in events}):
        scope = Scope.of([f"{client.partition('.')[0]}*"])
        for part in _within_minutes([event for event in events if event.client == client]):
            now = part[-1].recorded_at
            parsed = [_parsed(event, number + step) for step, event in enumerate(part)]
            number += len(part)
            await receiver.receive(client, scope, parsed, request_id=_request_id(now), now=now)
    return number


def _within_minutes(events: Sequence[PlannedEvent]) -> Iterator[list[PlannedEvent]]:
    """Cut into batches that were reported within an hour."""
    part: list[PlannedEvent] = []
    for event in events:
        if part and (len(part) >= _EVENTS_AT_ONCE or event.recorded_at - part[0].recorded_at > timedelta(hours=1)):
            yield part
            part = []
        part.append(event)
    if part:
        yield part


def _parsed(event: PlannedEvent, number: int) -> DossierEvent:
    parties = (
        tuple(Party("personal_id", person, role) for role, person in event.parties)
        if event.parties is not None
        else None
    )
    return DossierEvent(
        f"sim-{number:08d}", event.dossier, event.procedure, event.agency, event.status, event.occurred_at,
        parties=parties,
    )  # fmt: skip


async def write_lookups(evidence: Evidence, lookups: Sequence[PlannedLookup]) -> list[Written]:
    """Append every look-up's two entries, or its refusal, in the order of time."""
    ordered = sorted(lookups, key=lambda one: one.at)
    written: list[Written] = []
    for first in range(0, len(ordered), _AT_ONCE):
        part = ordered[first : first + _AT_ONCE]
        questions = await asyncio.gather(*(_append(evidence, _question(one)) for one in part if not one.refused))
        asked = iter(questions)
        ends = [_refusal(one) if one.refused else _answer(one, next(asked)) for one in part]
        placed = await asyncio.gather(*(_append(evidence, draft) for draft in ends))
        written += [Written(place.entry_id, one) for place, one in zip(placed, part, strict=True)]
    return written


async def _append(evidence: Evidence, draft: Draft) -> Recorded:
    placed = await evidence.append(draft)
    if not isinstance(placed, Recorded):
        raise AssertionError("a simulated entry reserves nothing, yet it lost")  # noqa: TRY004 — a broken promise
    return placed


def _request_id(at: datetime) -> str:
    return uuid7(int(at.timestamp() * 1000))


def _draft(kind: Kind, one: PlannedLookup, at: datetime, **members: object) -> Draft:
    keyid = one.keyid or (f"{one.client}-1" if one.client else None)
    subject = ("personal_id", one.subject) if one.subject else None
    return Draft(
        kind, _request_id(one.at), at, one.client, keyid, one.service, one.procedure, one.dossier,
        legal_basis=one.legal_basis, unit=one.unit, officer=one.officer, subject=subject, mode="lookup",
        address=one.address,
        **members,  # type: ignore[arg-type] # names of its own members
    )  # fmt: skip


def _question(one: PlannedLookup) -> Draft:
    return _draft(Kind.ASKED, one, one.at, fields=one.fields, deadline=one.at + timedelta(seconds=3))


def _answer(one: PlannedLookup, question: Recorded) -> Draft:
    return _draft(
        Kind.ANSWERED, one, one.at + _TOOK, fields=one.fields, outcome=one.outcome, question=question.entry_id
    )


def _refusal(one: PlannedLookup) -> Draft:
    return _draft(Kind.REFUSED, one, one.at, outcome=one.outcome, reason=one.reason)
