"""Cases as the database holds them: a row that says how each stands, and its steps, which are never changed.

The rule: a step is one statement that also holds the number of steps it follows, so of two at once one is refused;
every read takes the scope of whoever reads, and a case without an agency is for those who may see all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.store.database import Database, StoreRefused
from gateway.store.logs import StoredEntry
from gateway.store.scope import Scope

FIRST_PAGE = 2**62
STATES = ("new", "asked", "proposed", "closed")


@dataclass(frozen=True, slots=True)
class CaseRow:
    """How a case stands."""

    case_id: int
    opened_at: datetime
    opened_by: str
    source: str
    agency: str | None
    title: str
    state: str
    verdict: str | None
    proposed_by: str | None
    closed_by: str | None
    closed_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseStep:
    """One step; `entry_id` is the log's entry of it."""

    step: int
    at: datetime
    by: str
    action: str
    note: str | None
    entry_id: str


@dataclass(frozen=True, slots=True)
class CaseEntry:
    """An entry attached to a case; `entry` is None where the log does not hold it."""

    entry_id: str
    added_at: datetime
    added_by: str
    entry: StoredEntry | None


@dataclass(frozen=True, slots=True)
class CaseAlert:
    """An alert that led to a case."""

    alert_id: int
    rule: str
    sentence_vi: str
    sentence_en: str
    at: datetime
    entry_id: str


@dataclass(frozen=True, slots=True)
class RevealRow:
    """One reveal that took place."""

    entry_id: str
    by: str
    second: str | None
    at: datetime
    recorded: str


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case about to be opened. `recorded` is the log's entry of the opening."""

    at: datetime
    by: str
    source: str
    agency: str | None
    title: str
    due_at: datetime | None
    note: str | None
    recorded: str
    entries: Sequence[str] = ()
    alerts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step about to be taken, after `after` others, and how the case stands with it."""

    after: int
    at: datetime
    by: str
    state: str
    verdict: str | None
    proposed_by: str | None
    closed_by: str | None
    due_at: datetime | None
    action: str
    note: str | None
    recorded: str
    entries: Sequence[str] = ()


async def open_case(database: Database, new: NewCase) -> int:
    """Open a case with its entries and alerts; return its number. Raises `StoreError`."""
    number: int = await database.fetchval(
        "cases.open",
        new.at,
        new.by,
        new.source,
        new.agency,
        new.title,
        new.due_at,
        new.note,
        new.recorded,
        list(new.entries),
        list(new.alerts),
    )
    return number


async def take_step(database: Database, scope: Scope, case_id: int, new: NewStep) -> bool:
    """Take a step; whether it was taken: not if another was taken first, or the case is out of scope.

    Raises `StoreError`.
    """
    values = (
        new.after,
        new.at,
        new.by,
        new.state,
        new.verdict,
        new.proposed_by,
        new.closed_by,
        new.due_at,
        new.action,
        new.note,
        new.recorded,
        list(new.entries),
    )
    try:
        return await database.fetchval("cases.step", case_id, *values, scope.likes()) is not None
    except StoreRefused:  # two at the same moment counted alike: the first one's number is taken
        return False


async def read_case(database: Database, scope: Scope, case_id: int) -> CaseRow | None:
    """Return a case; None where there is none in scope."""
    row = await database.fetchrow("cases.one", case_id, scope.likes())
    return CaseRow(*row) if row else None


async def case_page(
    database: Database,
    scope: Scope,
    *,
    states: Sequence[str] = STATES,
    source: str | None = None,
    before: int = FIRST_PAGE,
    limit: int = 50,
) -> list[CaseRow]:
    """Return cases, newest first, from before the number `before`."""
    rows = await database.fetch("cases.page", before, list(states), source, limit, scope.likes())
    return [CaseRow(*row) for row in rows]


async def case_counts(database: Database, scope: Scope) -> dict[str, int]:
    """Return how many cases there are by state."""
    return {row[0]: row[1] for row in await database.fetch("cases.counts", scope.likes())}


async def case_steps(database: Database, case_id: int) -> list[CaseStep]:
    """Return a case's steps in order. The caller has read the case in scope."""
    rows = await database.fetch("cases.steps", case_id)
    return [CaseStep(row[0], row[1], row[2], row[3], row[4], str(row["entry_id"])) for row in rows]


async def case_entries(database: Database, case_id: int) -> list[CaseEntry]:
    """Return the entries attached to a case, by time. The caller has read the case in scope."""
    found = []
    for row in await database.fetch("cases.entries", case_id):
        entry = StoredEntry(*row[3:]) if row["leaf"] is not None else None
        found.append(CaseEntry(str(row["entry_id"]), row["added_at"], row["added_by"], entry))
    return found


async def case_alerts(database: Database, case_id: int) -> list[CaseAlert]:
    """Return the alerts that led to a case. The caller has read the case in scope."""
    rows = await database.fetch("cases.alerts", case_id)
    return [CaseAlert(row[0], row[1], row[2], row[3], row[4], str(row["entry_id"])) for row in rows]


async def case_reveals(database: Database, case_id: int) -> list[RevealRow]:
    """Return what was revealed under a case. The caller has read the case in scope."""
    rows = await database.fetch("cases.reveals", case_id)
    return [RevealRow(str(row[0]), row[1], row[2], row[3], str(row[4])) for row in rows]


async def case_holds(database: Database, case_id: int, entry_id: str) -> bool:
    """Whether an entry is attached to a case."""
    return bool(await database.fetchval("cases.holds_entry", case_id, entry_id))


async def agencies_of_entries(database: Database, entries: Sequence[str]) -> dict[str, str | None]:
    """Return the unit that each of these entries names, None where it names none; those the log lacks are left out."""
    rows = await database.fetch("cases.agencies_of_entries", list(entries))
    return {str(row[0]): row[1] for row in rows}


async def question_of(database: Database, entry_id: str) -> StoredEntry | None:
    """Return the question that an entry closes; None where it closes none."""
    row = await database.fetchrow("cases.question_of", entry_id)
    return StoredEntry(*row) if row else None


async def reveals_since(database: Database, login: str, since: datetime) -> int:
    """Return how often a person has revealed since a moment."""
    return int(await database.fetchval("cases.reveals_since", login, since))


async def put_reveal(database: Database, case_id: int, reveal: RevealRow, since: datetime, cap: int) -> bool:
    """Keep that something is revealed; whether it may be: alone, at most `cap` times since `since`.

    Raises `StoreError`.
    """
    row = reveal.entry_id, case_id, reveal.by, reveal.second, reveal.at, reveal.recorded
    return await database.fetchval("cases.put_reveal", *row, since, cap) is not None
