"""Dossier events and the state that follows from them (PROTOCOL section 5, DOMAIN section 5). Pure.

The rule: a dossier's state is a function of the set of its events, never of their arrival. Events stand in the
order of `order_key`; each member has the value of the newest event that states it; the first final status in
that order ends the dossier, and later events with another status are kept without effect until an operator
reopens it. The SQL of `0010_dossiers.sql` computes the same, and a test holds the two against each other.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

OBTAINED = ("registry", "store", "earlier_dossier", "card", "prefilled", "typed", "upload", "paper", "waived")
"""How a component came about."""
CHANNELS = ("counter", "online", "post")
"""Where a dossier was filed; the portal's 1, 2, 3."""
STATUS_ORDER = (1, 2, 4, 5, 6, 8, 9, 10, 3, 7)
"""Statuses by rank: of two events of the same moment, the one further on wins."""
RANK: Mapping[int, int] = {status: rank for rank, status in enumerate(STATUS_ORDER)}
FINAL = frozenset({3, 7, 10})
"""Refused, withdrawn, result handed over."""
USUAL: Mapping[int, frozenset[int]] = {
    1: frozenset({2, 3, 5, 7}),
    2: frozenset({4, 5, 6, 7, 8, 9}),
    4: frozenset({5, 6, 7, 8, 9}),
    5: frozenset({2, 4, 7, 8, 9}),
    6: frozenset({2, 4, 7, 8, 9}),
    8: frozenset({4}),
    9: frozenset({10}),
}
"""Changes that raise no warning; telling a status again raises none either."""

Warned = Literal["unusual-transition", "after-final-status"]
OrderKey = tuple[datetime, int, str]


@dataclass(frozen=True, slots=True)
class Party:
    """A person in a dossier. `id` is canonical; `role` for example `applicant`, `child`, `mother`."""

    id_type: str
    id: str
    role: str


@dataclass(frozen=True, slots=True)
class DossierEvent:
    """One reported event, in parsed values. `None` and absent members are unstated: they change nothing.

    `procedure` is the national code, `agency` is written big to small, times are in UTC. `stated` holds any of
    `received_at`, `due_at` (RFC 3339, UTC), `channel`, `fee_due` and `result`.
    """

    event_id: str
    dossier: str
    procedure: str
    agency: str
    status: int
    occurred_at: datetime
    stated: Mapping[str, Any] = field(default_factory=dict)
    components: tuple[Mapping[str, Any], ...] | None = None
    """Each has a `code`, all different, and what is stated of `name`, `obtained`, `lookup_id` and the flags."""
    parties: tuple[Party, ...] | None = None
    officer: Mapping[str, str] | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DossierState:
    """What is true of a dossier after all its events. `kept` names the events without effect."""

    procedure: str
    agency: str
    status: int
    occurred_at: datetime
    stated: Mapping[str, Any]
    components: Mapping[str, Mapping[str, Any]]
    parties: tuple[Party, ...]
    officer: Mapping[str, str] | None
    note: str | None
    final: bool
    kept: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fate:
    """What an event is on its arrival: older than the newest, and perhaps odd."""

    late: bool
    warning: Warned | None


def order_key(event: DossierEvent) -> OrderKey:
    """Return an event's place within its dossier; of two clients' events at one place that recorded later is newer."""
    return event.occurred_at, RANK[event.status], event.event_id


def usual(before: int, after: int) -> bool:
    """Whether a change of status is a usual one."""
    return before == after or after in USUAL.get(before, ())


def fate(history: Sequence[DossierEvent], event: DossierEvent, lifted: Collection[str] = ()) -> Fate:
    """Judge an event against those of its dossier that arrived before it. `lifted` as in `project`."""
    place = order_key(event)
    earlier = [held for held in history if order_key(held) < place]
    ending = _ending(sorted(history, key=order_key), lifted)
    warning: Warned | None = None
    if ending is not None and order_key(ending) < place and ending.status != event.status:
        warning = "after-final-status"
    elif earlier and not usual(max(earlier, key=order_key).status, event.status):
        warning = "unusual-transition"
    return Fate(late=any(order_key(held) > place for held in history), warning=warning)


def project(events: Iterable[DossierEvent], lifted: Collection[str] = ()) -> DossierState:
    """Return the state after `events`, at least one, all of one dossier, in any order.

    `lifted` names the events that were recorded before an operator reopened the dossier: their final statuses end
    nothing any more. Raises `ValueError` without events.
    """
    ordered = sorted(events, key=order_key)
    if not ordered:
        raise ValueError("a dossier without events has no state")
    ending = _ending(ordered, lifted)
    applied = [event for event in ordered if _takes_effect(event, ending)]
    stated: dict[str, Any] = {}
    components: dict[str, dict[str, Any]] = {}
    parties: tuple[Party, ...] = ()
    officer: Mapping[str, str] | None = None
    note: str | None = None
    for event in applied:
        stated |= event.stated
        for component in event.components or ():
            components.setdefault(component["code"], {}).update(component)
        parties = parties if event.parties is None else event.parties
        officer = officer if event.officer is None else event.officer
        note = note if event.note is None else event.note
    newest = applied[-1]
    return DossierState(
        newest.procedure,
        newest.agency,
        newest.status,
        newest.occurred_at,
        stated,
        components,
        parties,
        officer,
        note,
        final=ending is not None,
        kept=frozenset(event.event_id for event in ordered if not _takes_effect(event, ending)),
    )


def event_members(event: DossierEvent) -> dict[str, Any]:
    """Return an event as a JSON object in canonical values; lists whose order says nothing are sorted."""
    members: dict[str, Any] = {
        "event_id": event.event_id,
        "dossier": event.dossier,
        "procedure": event.procedure,
        "agency": event.agency,
        "status": event.status,
        "occurred_at": utc_text(event.occurred_at),
        **event.stated,
    }
    if event.components is not None:
        members["components"] = sorted(event.components, key=lambda component: str(component["code"]))
    if event.parties is not None:
        people = {(party.role, party.id_type, party.id) for party in event.parties}
        members["parties"] = [{"role": role, "id_type": kind, "id": number} for role, kind, number in sorted(people)]
    if event.officer is not None:
        members["officer"] = event.officer
    if event.note is not None:
        members["note"] = event.note
    return members


def canonical_event(event: DossierEvent) -> bytes:
    """Return the bytes over which duplicates are told from conflicts: equal for equal parsed values."""
    return orjson.dumps(event_members(event), option=orjson.OPT_SORT_KEYS)


def restored_event(canonical: bytes) -> DossierEvent:
    """Read back what `canonical_event` wrote. Raises `ValueError` or `KeyError` on anything else."""
    members = orjson.loads(canonical)
    parties, components = members.get("parties"), members.get("components")
    return DossierEvent(
        members["event_id"],
        members["dossier"],
        members["procedure"],
        members["agency"],
        members["status"],
        datetime.fromisoformat(members["occurred_at"]),
        {name: members[name] for name in ("received_at", "due_at", "channel", "fee_due", "result") if name in members},
        None if components is None else tuple(components),
        None if parties is None else tuple(Party(item["id_type"], item["id"], item["role"]) for item in parties),
        members.get("officer"),
        members.get("note"),
    )


def utc_text(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC; a fraction only where there is one."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _ending(ordered: Sequence[DossierEvent], lifted: Collection[str]) -> DossierEvent | None:
    return next((event for event in ordered if event.status in FINAL and event.event_id not in lifted), None)


def _takes_effect(event: DossierEvent, ending: DossierEvent | None) -> bool:
    return ending is None or event.status == ending.status or order_key(event) <= order_key(ending)
