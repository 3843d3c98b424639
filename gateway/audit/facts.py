"""What the audit knows of one look-up and of what was around it: frozen values without any rule.

People are pseudonyms (bytes), different in every year of the key (DESIGN section 3); times are aware. Everything is
as of the look-up, but for dossiers, which may be reported later than they were opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, NamedTuple

from gateway.audit.calendar import local
from gateway.audit.tuning import Tuning
from schemas.frozen import valueclass

_EMPTY: frozenset[bytes] = frozenset()


@valueclass
class Lookup:
    """One entry of the log, as far as the audit reads it. `question` is the look-up's id."""

    log_id: int
    index: int
    at: datetime
    kind: str
    question: str
    client: str | None = None
    keyid: str | None = None
    service: str | None = None
    procedure: str | None = None
    dossier: str | None = None
    component: str | None = None
    legal_basis: str | None = None
    unit: str | None = None
    officer: bytes | None = None
    subject: bytes | None = None
    person: bytes | None = None
    address: bytes | None = None
    """The network address that the request came from."""
    year: int | None = None
    outcome: str | None = None
    reason: str | None = None
    mode: str | None = None
    fields: frozenset[str] = frozenset()
    """Names of the fields that were disclosed."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    day: str = field(init=False)
    """The local day."""
    people: frozenset[bytes] = field(init=False)
    """The pseudonyms under which the person is known: as asked, and as the registry answered."""

    @property
    def is_lookup(self) -> bool:
        """Whether somebody asked about a person, answered or not: only that needs an explanation."""
        return self.kind == "answered" or (self.kind == "refused" and bool(self.officer and self.subject))

    def __post_init__(self) -> None:
        """Compute once what every rule asks for."""
        object.__setattr__(self, "day", local(self.at).date().isoformat())
        object.__setattr__(self, "people", frozenset(filter(None, (self.subject, self.person))))


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier: whose it is, when it was open, and who its parties are, as (role, pseudonym)."""

    code: str
    agency: str
    client: str
    procedure: str
    opened_at: datetime
    recorded_at: datetime
    ended_at: datetime | None = None
    end_status: int | None = None
    parties: frozenset[tuple[str, bytes]] = frozenset()
    party_year: int | None = None
    steps: int = 1
    """How many events it has."""
    done_at: datetime | None = None
    """When its result was ready or handed over."""

    def is_open(self, at: datetime) -> bool:
        """Whether it was open at a moment."""
        return self.opened_at <= at and (self.ended_at is None or at <= self.ended_at)

    def has_party(self, lookup: Lookup) -> bool:
        """Whether the look-up is about a party. Pseudonyms of different years cannot be compared: then it may be."""
        if self.party_year is not None and lookup.year is not None and self.party_year != lookup.year:
            return bool(self.parties)
        return any(pseudonym in lookup.people for _, pseudonym in self.parties)


@dataclass(frozen=True, slots=True)
class Need:
    """What the catalogue says that a procedure needs of a service: the fields of all its components."""

    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer of the staff lists."""

    unit: str
    begins: time = time(7, 30)
    ends: time = time(17, 0)
    itself: frozenset[bytes] = _EMPTY
    relatives: frozenset[bytes] = _EMPTY
    household: frozenset[bytes] = _EMPTY


@dataclass(frozen=True, slots=True)
class Task:
    """An approved batch job or an assigned review: who, what for, from when to when."""

    officers: frozenset[bytes]
    client: str | None
    services: frozenset[str]
    agencies: tuple[str, ...]
    since: datetime
    until: datetime
    approval: str


@dataclass(frozen=True, slots=True)
class Staff:
    """The staff lists, and the persons to watch."""

    officers: Mapping[bytes, Officer] = field(default_factory=dict)
    jobs: tuple[Task, ...] = ()
    reviews: tuple[Task, ...] = ()
    protected: frozenset[bytes] = _EMPTY
    decoys: frozenset[bytes] = _EMPTY
    people: Mapping[bytes, str] = field(default_factory=dict)
    """The unit of every officer, by the pseudonym under which the officer would be looked up."""


class Past(NamedTuple):
    """An earlier or simultaneous look-up, by the same officer or about the same person. A batch has many thousands."""

    question: str
    at: datetime
    officer: bytes | None
    subject: bytes | None
    service: str | None
    dossier: str | None
    outcome: str | None
    explained: str | None = None
    """Kind of its explanation, `unexplained` included; None where it was not judged yet."""
    why: str = ""
    """Why its dossier did not explain it."""

    @property
    def day(self) -> date:
        """The local day."""
        return local(self.at).date()


@valueclass
class Surroundings:
    """All that rules may look at besides the look-up itself."""

    dossier: Dossier | None = None
    dossiers: tuple[Dossier, ...] = ()
    """Dossiers that the person is a party of."""
    needs: Mapping[str, Need] | None = None
    """By service, of the procedure that the dossier (else the look-up) names; None: the catalogue does not know it."""
    staff: Staff = field(default_factory=Staff)
    by_officer: tuple[Past, ...] = ()
    """The officer's look-ups of the last 24 hours, this one included."""
    about_person: tuple[Past, ...] = ()
    """Look-ups about the person in the last 30 days, this one included."""
    own_days: tuple[tuple[int, int], ...] = ()
    """(look-ups, persons) of the officer's earlier days."""
    peer_days: tuple[tuple[int, int], ...] = ()
    """The same of the officer's colleagues of the unit."""
    counted_today: tuple[int, int] = (0, 0)
    """(look-ups, persons) of the officer's day so far, where `by_officer` does not hold all of them."""
    known_keys: frozenset[str] | None = None
    """Keys that the client had used before; None: not looked for."""
    client_since: datetime | None = None
    """The client's first entry."""
    known_addresses: frozenset[bytes] = _EMPTY
    """Network addresses that the client had called from before, in the look-up's year."""
    addresses_since: datetime | None = None
    """The first of them."""
    acts: tuple[tuple[bytes, datetime], ...] = ()
    """(person, time) of what an auditor searched for or revealed in the last 24 hours, this one included."""
    refusals: int = 0
    """Refusals of this kind by this client in the last 10 minutes."""
    tuning: Tuning = field(default_factory=Tuning)
    """What a lead auditor set of the rules."""

    def dead_since(self, lookup: Lookup) -> datetime | None:
        """Return when a dossier about the person's death was done."""
        deaths = [
            one.done_at
            for one in self.dossiers
            if one.done_at and any(role == "deceased" and who in lookup.people for role, who in one.parties)
        ]
        return min(deaths, default=None)
