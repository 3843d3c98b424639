"""Decision 766's questions about whole dossiers: on time, digitised, electronic, online (DOMAIN section 7). Pure.

The SQL of 0012_reuse_rollups.sql says the same, and a test holds the two against each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Literal

from gateway.reuse.catalogue import Catalogue
from gateway.reuse.facts import Dossier, Event, local_day_of

_DONE, _HANDED, _SUPPLEMENT, _WITHDRAWN = 9, 10, 5, 7
_ENDING = frozenset({3, 7, 8})
_ACCEPTED = frozenset({2, 4})


@dataclass(frozen=True, slots=True)
class Timeliness:
    """Whether a dossier ended in time: `ended` (`met` says), `open` until `due_day` (local), or not to be counted."""

    kind: Literal["ended", "open", "none"]
    met: bool = False
    due_day: date | None = None


@dataclass(frozen=True, slots=True)
class Quality:
    """The plain facts of one dossier."""

    declared: bool
    digitised: bool
    result_owed: bool
    result_electronic: bool
    online: bool
    covered: bool
    """Whether the catalogue in force at acceptance has its procedure."""
    time: Timeliness


def quality(dossier: Dossier, catalogue: Catalogue | None) -> Quality:
    """Tell a dossier's quality by the catalogue in force at its acceptance."""
    procedure = catalogue.procedures.get(dossier.procedure) if catalogue else None
    ended = any(event.status in {_DONE, _HANDED} for event in dossier.events)
    owed = ended and (procedure is None or procedure.result_due)
    return Quality(
        declared=any(component.reused for component in dossier.components),
        digitised=any(component.digitised for component in dossier.components) and (dossier.electronic or not owed),
        result_owed=owed,
        result_electronic=owed and dossier.electronic,
        online=dossier.channel == "online" and dossier.electronic,
        covered=procedure is not None,
        time=timeliness(dossier),
    )


def timeliness(dossier: Dossier) -> Timeliness:
    """Tell whether a dossier ended in time; waiting for the citizen's supplements is not counted.

    End: the first 9, else the first 10, else the newest event where that is 3, 8, or, once accepted, 7. With none of
    these, one request for supplement is the end, and two are late. Without a due time nothing is told.
    """
    events = dossier.events
    if dossier.due_at is None or not events:
        return Timeliness("none")
    requests = [event for event, before in zip(events, (None, *events), strict=False) if _asks(event, before)]
    ended, late = _end(events, requests)
    if ended is None:
        if events[-1].status == _WITHDRAWN:
            return Timeliness("none")
        return Timeliness("open", due_day=local_day_of(dossier.due_at))
    return Timeliness("ended", met=not late and ended - _waited(events, ended) <= dossier.due_at)


def _asks(event: Event, before: Event | None) -> bool:
    return event.status == _SUPPLEMENT and (before is None or before.status != _SUPPLEMENT)


def _end(events: Sequence[Event], requests: Sequence[Event]) -> tuple[datetime | None, bool]:
    """Return when a dossier ended, and whether it is late whenever that was."""
    for status in (_DONE, _HANDED):
        times = [event.occurred_at for event in events if event.status == status]
        if times:
            return min(times), False
    newest = events[-1]
    if newest.status in _ENDING:
        accepted = any(event.status in _ACCEPTED for event in events)
        return (None if newest.status == _WITHDRAWN and not accepted else newest.occurred_at), False
    return (requests[0].occurred_at, len(requests) > 1) if requests else (None, False)


def _waited(events: Sequence[Event], ended: datetime) -> timedelta:
    """Return how long the dossier waited for the citizen before it ended."""
    turns = [
        event
        for event, before in zip(events, (None, *events), strict=False)
        if (event.status == _SUPPLEMENT) != (before is not None and before.status == _SUPPLEMENT)
    ]
    untils = [*(after.occurred_at for _, after in pairwise(turns)), ended]
    spans = [
        min(until, ended) - event.occurred_at
        for event, until in zip(turns, untils, strict=False)
        if event.status == _SUPPLEMENT and event.occurred_at < ended
    ]
    return sum(spans, timedelta())
