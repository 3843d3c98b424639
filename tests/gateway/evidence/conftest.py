"""A log on the module's database, its keys, and drafts to append."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.evidence.contract import Draft, Kind, Nonce, Recorded, Reservation
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.leaf import uuid7
from gateway.evidence.log import EvidenceLog
from gateway.evidence.pins import FilePin
from gateway.evidence.sealer import LogSealer
from gateway.store.database import Database

ORIGIN = "log.test.example"
MakeDraft = Callable[..., Draft]
_numbers = count(1)


@pytest.fixture
async def log(database: Database, keys: EvidenceKeys) -> AsyncIterator[EvidenceLog]:
    """Start a log that serves."""
    started = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    yield started
    await started.close()


def person(number: int) -> tuple[str, str]:
    """Name a person who cannot exist."""
    return "personal_id", f"099191{number:06d}"


@pytest.fixture(scope="session")
def question() -> MakeDraft:
    """Make a question about a person of its own, with a nonce of its own; any member can be replaced."""

    def make(**changes: Any) -> Draft:
        number, now = next(_numbers), datetime.now(UTC)
        subject = changes.pop("subject", person(number))
        limits = {name: changes.pop(name) for name in ("quota_limit", "guess_limit") if name in changes}
        client = changes.get("client", "H99.igate")
        reserve = Reservation(
            **{"client": client, "quota_key": "H99/1", "quota_limit": 10**6, "subject": subject, **limits}
        )
        members: dict[str, Any] = {
            "kind": Kind.ASKED,
            "request_id": uuid7(int(now.timestamp() * 1000)),
            "at": now,
            "client": client,
            "service": "population/person",
            "procedure": "9.999901",
            "dossier": "H99.01-261121-0001",
            "unit": "H99.01",
            "officer": "099085000009",
            "subject": subject,
            "fields": ("full_name",),
            "nonce": Nonce(client, f"nonce-{number:016d}", int(now.timestamp())),
            "reserve": reserve,
            "deadline": now + timedelta(seconds=3),
            "sealed": {"signature_base": b"b" * 400, "signature": b"s" * 64},
        }
        return Draft(**{**members, **changes})

    return make


@pytest.fixture
def pins(tmp_path: Path) -> FilePin:
    """Keep pins in a directory of the test's own."""
    return FilePin(tmp_path / "pins")


@pytest.fixture
def sealer(database: Database, keys: EvidenceKeys, pins: FilePin) -> LogSealer:
    """Make a sealer that pins into the test's directory."""
    return LogSealer(database, keys, pins, lambda: datetime.now(UTC))


@pytest.fixture
async def owner(database_urls) -> AsyncIterator[asyncpg.Connection]:
    """Connect as the owner, who can do what nobody should."""
    connection = await asyncpg.connect(database_urls.owner, server_settings={"search_path": "lienthong"})
    yield connection
    await connection.close()


@pytest.fixture
def fill(question) -> Callable[[EvidenceLog, int], Awaitable[list[Recorded]]]:
    """Append so many questions to a log at once."""

    async def append(log: EvidenceLog, number: int) -> list[Recorded]:
        return list(await asyncio.gather(*(log.append(question()) for _ in range(number))))

    return append
