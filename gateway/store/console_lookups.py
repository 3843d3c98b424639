"""Lists of look-ups for the console: filtered, counted, page by page (THREATS F, DESIGN section 4).

The rule: every query takes the scope of whoever reads; pages follow (time, log, index), never an offset.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from gateway.store.database import Database
from gateway.store.scope import Scope

FACET_ROWS = 2000
"""Over how many of the newest rows facets are counted."""

_USUAL_REASON = "open_dossier"
"""What most look-ups have, so that it is found by time."""


class Place(NamedTuple):
    """Where a page ends: the next begins before it."""

    at: datetime
    log_id: int
    position: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed by; None leaves it open. `before` is exclusive."""

    since: datetime
    before: Place
    client: str | None = None
    unit: str | None = None
    services: tuple[str, ...] | None = None
    procedure: str | None = None
    dossier: str | None = None
    outcome: str | None = None
    officer: tuple[bytes, ...] | None = None
    subject: tuple[bytes, ...] | None = None
    explained: str | None = None


class Lookup(NamedTuple):
    """One exchange as it ended."""

    entry_id: UUID
    log_id: int
    position: int
    at: datetime
    kind: str
    question: UUID | None
    client: str | None
    service: str | None
    procedure: str | None
    dossier: str | None
    unit: str | None
    officer: bytes | None
    outcome: str | None
    explained: str | None
    score: float | None

    @property
    def place(self) -> Place:
        """Where a page that ends with it ends."""
        return Place(self.at, self.log_id, self.position)


class Facet(NamedTuple):
    """How many rows have a value; None counts those without one."""

    facet: str
    value: str | None
    rows: int


class Alert(NamedTuple):
    """What a rule found in an exchange."""

    alert_id: int
    rule: str
    score: float
    vi: str
    en: str
    state: str


class Step(NamedTuple):
    """One event of a dossier."""

    occurred_at: datetime
    recorded_at: datetime
    status: int
    late: bool
    warning: str | None
    source: str


async def lookups(database: Database, scope: Scope, filters: Filters, limit: int) -> list[Lookup]:
    """Return the newest `limit` exchanges before the filters' place. Raises `StoreError`."""
    way = _way(filters)
    return [
        Lookup(*row)
        for row in await database.fetch(f"console_lookups.page{way}", *_arguments(scope, filters, way), limit)
    ]


async def facets(database: Database, scope: Scope, filters: Filters, limit: int = FACET_ROWS) -> list[Facet]:
    """Return counts by facet over the newest `limit` exchanges. Raises `StoreError`."""
    way = _way(filters)
    return [
        Facet(*row)
        for row in await database.fetch(f"console_lookups.facets{way}", *_arguments(scope, filters, way), limit)
    ]


async def one_lookup(database: Database, scope: Scope, entry_id: str) -> Lookup | None:
    """Return an exchange by the id of the entry that ended it; None where it lies outside the scope."""
    row = await database.fetchrow("console_lookups.one", entry_id, _likes(scope))
    return Lookup(*row) if row else None


async def ending_of(database: Database, question: str) -> str | None:
    """Return the id of the entry that ended a question."""
    found = await database.fetchval("console_lookups.ending_of", question)
    return str(found) if found else None


async def alerts_of(database: Database, entry_id: str) -> list[Alert]:
    """Return what rules found in an exchange, the strongest first."""
    return [Alert(*row) for row in await database.fetch("console_lookups.alerts_of", entry_id)]


async def cases_of(database: Database, scope: Scope, entry_id: str) -> list[tuple[int, str, str]]:
    """Return (number, title, state) of the cases in scope that hold an exchange."""
    rows = await database.fetch("console_lookups.cases_of", entry_id, scope.likes())
    return [(row[0], row[1], row[2]) for row in rows]


async def outcome_of(database: Database, question: UUID) -> tuple[Sequence[str], Sequence[str], datetime] | None:
    """Return what the caller told of an answer: fields used, fields that mismatched, when."""
    row = await database.fetchrow("console_lookups.outcome_of", question)
    return (row[0], row[1], row[2]) if row else None


async def timeline(database: Database, scope: Scope, dossier: str) -> list[Step]:
    """Return a dossier's events in order; none where it lies outside the scope."""
    return [Step(*row) for row in await database.fetch("console_lookups.timeline", dossier, _likes(scope))]


def _way(filters: Filters) -> str:
    """Return by which of the five ways of `console_lookups.sql` a list is read: the end of its queries' names."""
    if filters.subject is not None:
        return "_of_person"
    if filters.explained not in {None, _USUAL_REASON} and filters.dossier is None:
        return "_of_reason"
    if filters.officer is not None and len(filters.officer) > 1:
        return "_of_officer"
    return "_of_services" if filters.services is not None and len(filters.services) > 1 else ""


def _likes(scope: Scope) -> list[str] | None:
    """Return the patterns of a scope; None for everything: entries without an agency are seen by nobody else."""
    return None if scope.is_everything else scope.likes()


def _territory(scope: Scope, unit: str | None) -> tuple[list[str] | None, str | None, str | None]:
    """Return (patterns, first part, agency) that rows have: for a whole province or one agency, its index suffices."""
    patterns = sorted(scope.patterns)
    if scope.is_everything or len(patterns) != 1:
        return _likes(scope), None, unit
    (pattern,) = patterns
    base = pattern.removesuffix("*")
    if pattern != base and "." not in base:
        return None, base, unit
    if pattern == base and unit in {None, base}:
        return None, None, base
    return _likes(scope), None, unit


def _arguments(scope: Scope, filters: Filters, way: str) -> tuple[Any, ...]:
    at, log_id, position = filters.before
    likes, root, unit = _territory(scope, filters.unit)
    services = list(filters.services) if filters.services is not None else None
    return (
        filters.since,
        at,
        log_id,
        position,
        likes,
        root,
        filters.client,
        unit,
        services if way else next(iter(services or ()), None),
        filters.procedure,
        filters.dossier,
        filters.outcome,
        list(filters.officer) if filters.officer is not None else None,
        list(filters.subject) if filters.subject is not None else None,
        filters.explained,
    )
