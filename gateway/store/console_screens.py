"""What the console's counting screens read: today, officers, agencies, deliveries, the random check (THREATS F).

The rule: every query takes the scope of whoever reads, and what goes over weeks is read from counts by local day.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from gateway.store.database import Database
from gateway.store.scope import Scope


class Flagged(NamedTuple):
    """An alert as lists show it."""

    alert_id: int
    rule: str
    score: float
    vi: str
    en: str
    agency: str | None
    at: datetime


NEWEST = 2000
"""Over how many of the newest look-ups registries are judged: those of ten seconds at 200 a second."""


class Registry(NamedTuple):
    """How a registry answered lately, from the log."""

    registry: str
    calls: int
    failed: int
    last_at: datetime


class Waiting(NamedTuple):
    """What waits for the portal."""

    pending: int
    oldest: datetime | None
    parked: int


class Delivery(NamedTuple):
    """Where the delivery of one dossier stands."""

    dossier: str
    agency: str
    next: int | None
    attempts: int
    last_error: str | None
    parked: str | None
    parked_at: datetime | None
    due_at: datetime
    in_doubt: bool
    acknowledged_at: datetime | None
    pending: int


class Suspect(NamedTuple):
    """An officer with alerts; `entry_id` ends the look-up of the strongest one."""

    officer: bytes
    alerts: int
    score: float
    last_at: datetime
    entry_id: UUID
    agency: str | None


class Unit(NamedTuple):
    """What an officer did for one agency."""

    unit: str | None
    lookups: int
    persons: int
    days: int
    unexplained: int
    judged: int


class Peer(NamedTuple):
    """An officer of the same agency: answered look-ups, and persons of each day added up."""

    officer: bytes
    lookups: int
    persons: int
    unexplained: int


class Agency(NamedTuple):
    """An agency's look-ups."""

    unit: str
    lookups: int
    officers: int
    unexplained: int
    judged: int
    errors: int


class Caller(NamedTuple):
    """A client's look-ups."""

    client: str
    lookups: int
    refused: int
    last_at: datetime


class Sampled(NamedTuple):
    """One look-up of a week's sample, and what was made of it."""

    entry_id: UUID
    stratum: str
    at: datetime
    agency: str | None
    service: str | None
    procedure: str | None
    dossier: str | None
    explained: str | None
    verdict: str | None
    judged_by: str | None
    judged_at: datetime | None


class Screens:
    """The queries. Every method raises `StoreError`."""

    def __init__(self, database: Database, scope: Scope) -> None:
        self._database = database
        self._likes = None if scope.is_everything else scope.likes()

    async def explained(self, since: datetime) -> dict[str, int]:
        """Return how many look-ups since then each reason explains."""
        return {row[0]: row[1] for row in await self._fetch("explained", since)}

    async def alert_ages(self, now: datetime) -> tuple[int, ...]:
        """Return how many open alerts are under a day old, under 3 days, under 7, and older."""
        return tuple((await self._fetch("alert_ages", now))[0])

    async def strongest(self, limit: int) -> list[Flagged]:
        """Return the open alerts with the highest scores."""
        return [Flagged(*row) for row in await self._fetch("strongest", limit)]

    async def days(self, since: date) -> dict[date, int]:
        """Return look-ups by local day."""
        return {row[0]: row[1] for row in await self._fetch("days", since)}

    async def registries(self, since: datetime) -> list[Registry]:
        """Return how each registry answered since then, over the newest look-ups."""
        return [Registry(*row) for row in await self._fetch("registries", since, NEWEST)]

    async def backlog(self) -> Waiting:
        """Return how much waits for the portal."""
        return Waiting(*(await self._fetch("backlog"))[0])

    async def deliveries(self, which: str, after: int, limit: int) -> list[Delivery]:
        """Return dossiers with something pending, by their oldest event; `which` is all, parked or waiting."""
        return [Delivery(*row) for row in await self._fetch("heads", which, after, limit)]

    async def delivery(self, dossier: str) -> Delivery | None:
        """Return where one dossier stands; None where nothing is queued, or it lies outside the scope."""
        rows = await self._fetch("head", dossier)
        return Delivery(*rows[0]) if rows else None

    async def officers(self, since: datetime, limit: int) -> list[Suspect]:
        """Return the officers with alerts since then, the strongest first."""
        return [Suspect(*row) for row in await self._fetch("officers", since, limit)]

    async def officer_hours(self, officer: Sequence[bytes], since: datetime) -> dict[tuple[int, int], int]:
        """Return look-ups by (weekday from 1, hour), local."""
        return {(row[0], row[1]): row[2] for row in await self._fetch("officer_hours", list(officer), since)}

    async def officer_units(self, officer: Sequence[bytes], since: datetime) -> list[Unit]:
        """Return what an officer did, by agency."""
        return [Unit(*row) for row in await self._fetch("officer_units", list(officer), since)]

    async def officer_alerts(self, officer: Sequence[bytes], since: datetime) -> list[Flagged]:
        """Return an officer's alerts, the strongest first."""
        return [Flagged(*row) for row in await self._fetch("officer_alerts", list(officer), since)]

    async def peers(self, unit: str, since: datetime, limit: int) -> list[Peer]:
        """Return the officers of an agency, the busiest first."""
        return [Peer(*row) for row in await self._fetch("peers", unit, since, limit)]

    async def agencies(self, since: datetime, limit: int) -> list[Agency]:
        """Return the agencies, the busiest first."""
        return [Agency(*row) for row in await self._fetch("agencies", since, limit)]

    async def clients(self, since: datetime, limit: int) -> list[Caller]:
        """Return the clients, the busiest first."""
        return [Caller(*row) for row in await self._fetch("clients", since, limit)]

    async def agency_outcomes(self, unit: str, since: datetime) -> list[tuple[str | None, str | None, int]]:
        """Return (service, outcome, look-ups) of an agency."""
        return [(row[0], row[1], row[2]) for row in await self._fetch("agency_outcomes", unit, since)]

    async def agency_days(self, unit: str, since: date) -> dict[date, int]:
        """Return an agency's look-ups by local day."""
        return {row[0]: row[1] for row in await self._fetch("agency_days", unit, since)}

    async def client_volumes(
        self, client: str, since: datetime, today: date
    ) -> list[tuple[str | None, str | None, int, int]]:
        """Return (service, outcome, look-ups since then, look-ups of today) of a client."""
        return [(row[0], row[1], row[2], row[3]) for row in await self._fetch("client_volumes", client, since, today)]

    async def client_keys(self, client: str) -> dict[str, datetime]:
        """Return when each of a client's keys was first seen."""
        return {row[0]: row[1] for row in await self._database.fetch("console_screens.client_keys", client)}

    async def client_addresses(self, client: str, limit: int) -> list[tuple[bytes, int, datetime]]:
        """Return (pseudonym, its year, first seen) of the network addresses a client called from, newest first."""
        rows = await self._database.fetch("console_screens.client_addresses", client, limit)
        return [(row[0], row[1], row[2]) for row in rows]

    async def draw(self, week: date, since: datetime, until: datetime, *, secret: bytes, each: int) -> int:
        """Draw a week's sample unless it was drawn; return how many it holds, of all agencies."""
        return int(await self._database.fetchval("console_screens.draw", week, since, until, secret, each))

    async def sample(self, week: date) -> list[Sampled]:
        """Return a week's sample as far as the scope goes."""
        return [Sampled(*row) for row in await self._fetch("sample", week)]

    async def judge(self, entry_id: str, verdict: str, by: str, at: datetime, recorded: str) -> bool:
        """Keep a verdict; False where there was one, or the look-up is in no sample."""
        return bool(await self._database.fetchval("console_screens.judge", entry_id, verdict, by, at, recorded))

    async def _fetch(self, name: str, *arguments: object) -> Sequence[Any]:
        return await self._database.fetch(f"console_screens.{name}", self._likes, *arguments)
