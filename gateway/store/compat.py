"""Sessions of the drop-in door, and what it must know of its own dossiers (the SQL is in 0011_delivery.sql).

The rule: a session is stored by the SHA-256 of its name alone, so a copy of the database opens no door.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from gateway.store.database import Database
from gateway.store.scope import Scope

SESSION_S = 1800.0


@dataclass(frozen=True, slots=True)
class OwnDossier:
    """A dossier that was first reported through the asking client."""

    code: str
    agency: str
    procedure: str
    status: int
    occurred_at: datetime
    received_at: datetime | None
    due_at: datetime | None


async def open_session(database: Database, name: str, account: str) -> None:
    """Remember a session for 30 minutes. Raises `StoreError`."""
    await database.fetch("compat.open_session", _key(name), account, SESSION_S)


async def session_account(database: Database, name: str) -> str | None:
    """Return whose session it is; None where it ended or never was. Raises `StoreError`."""
    account: str | None = await database.fetchval("compat.session", _key(name))
    return account


async def reported_at(database: Database, client: str, event_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when those of a client's events that are known occurred. Raises `StoreError`."""
    return {row[0]: row[1] for row in await database.fetch("compat.reported", client, event_ids)}


async def own_dossiers(database: Database, client: str, scope: Scope, codes: Sequence[str]) -> dict[str, OwnDossier]:
    """Return the client's own dossiers of its own agencies among `codes`. Raises `StoreError`."""
    rows = await database.fetch("compat.own_dossiers", codes, client, scope.likes())
    return {row[0]: OwnDossier(*row) for row in rows}


def _key(name: str) -> bytes:
    return sha256(name.encode()).digest()
