"""The facts that reuse is judged from: a dossier as its events left it, and the look-ups that name it.

Unchanging values without any rule. People are pseudonyms (bytes); times are aware. What a dossier has many of is a
named tuple: a month has a million of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from schemas.dates import LOCAL


class Component(NamedTuple):
    """A component as it was reported; `None` is unstated."""

    code: str
    obtained: str | None = None
    lookup_id: str | None = None
    digitised: bool | None = None
    reused: bool | None = None
    required: bool | None = None


class Lookup(NamedTuple):
    """An answered question of the log that names a dossier.

    `fields` are those disclosed with values, or, where a verification ended in `match`, those claimed. `people` holds
    the pseudonyms of the subject and of the person the registry returned.
    """

    lookup_id: str
    client: str
    service: str
    component: str | None
    at: datetime
    outcome: str
    fields: frozenset[str]
    people: frozenset[bytes]
    mismatch: bool = False
    """Whether the caller reported that a value did not fit."""


class Event(NamedTuple):
    """An event that took effect, in the dossier's own order."""

    status: int
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier that was accepted, with everything that is known of it."""

    code: str
    agency: str
    client: str
    procedure: str
    received_at: datetime
    due_at: datetime | None = None
    channel: str | None = None
    electronic: bool = False
    """Whether its result was handed over electronically."""
    acknowledged: bool = False
    """Whether the National Portal has taken it; else it is self-asserted."""
    events: tuple[Event, ...] = ()
    components: tuple[Component, ...] = ()
    parties: Mapping[str, frozenset[bytes]] = field(default_factory=dict)
    """Pseudonyms of the parties by role."""
    lookups: tuple[Lookup, ...] = ()

    @property
    def day(self) -> date:
        """The local day of acceptance."""
        return local_day_of(self.received_at)


def local_day_of(moment: datetime) -> date:
    """Return the day of Asia/Ho_Chi_Minh."""
    return moment.astimezone(LOCAL).date()


def midnight(day: date) -> datetime:
    """Return the moment a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL)


def months_before(moment: datetime, months: int) -> datetime:
    """Return the moment as many calendar months earlier, on the last day of a shorter month, in UTC as SQL does."""
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = (first_of_next - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))
