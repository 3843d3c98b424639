"""A log with a question and its answer on the module's database, as the console's role sees it."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.evidence.admin import admin_draft, record_act
from gateway.evidence.contract import Draft, Kind, Nonce, Reservation
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.leaf import uuid7
from gateway.evidence.log import EvidenceLog
from gateway.store.database import Database
from signing.algorithms import Algorithm
from signing.keys import SigningKey

ORIGIN = "log.test.example"
PERSON, OFFICER = "099191000001", "099085000009"


@pytest.fixture(scope="session")
def reveal_key() -> X25519PrivateKey:
    """Make the half that only the console has."""
    return X25519PrivateKey.generate()


@pytest.fixture(scope="session")
def keys(reveal_key) -> EvidenceKeys:
    """Make a log's keys."""
    pseudonyms = {datetime.now(UTC).year + step: os.urandom(32) for step in (-1, 0, 1)}
    return EvidenceKeys(SigningKey.generate(Algorithm.ED25519, ORIGIN), reveal_key.public_key(), pseudonyms)


@pytest.fixture
async def console(database_urls) -> AsyncIterator[Database]:
    """Open the pool of the console's role."""
    opened = await Database.connect(database_urls.console)
    yield opened
    await opened.close()


@pytest.fixture
async def log(console, keys) -> AsyncIterator[EvidenceLog]:
    """Start a log that the console writes."""
    started = await EvidenceLog.start(console, keys=keys, origin_base=ORIGIN)
    yield started
    await started.close()


@pytest.fixture
def record(log):
    """Append acts as the console does, and remember them."""

    async def append(act, detail, *, sealed):
        append.acts.append((act, dict(detail)))
        return await record_act(log, admin_draft(act, "an", datetime.now(UTC), detail, sealed))

    append.acts = []
    return append


@pytest.fixture
def exchange(log):
    """Append a question and its answer; return both places."""

    async def append(unit="H99.01", person=PERSON):
        now, request = datetime.now(UTC), uuid7(int(datetime.now(UTC).timestamp() * 1000))
        subject = ("personal_id", person)
        common = {
            "request_id": request,
            "client": "H99.igate",
            "service": "population/person",
            "procedure": "9.999901",
            "dossier": "H99.01-261121-0001",
            "legal_basis": "law",
            "unit": unit,
            "officer": OFFICER,
            "subject": subject,
            "fields": ("full_name",),
            "address": "192.0.2.7",
        }
        sealed = {
            "subject": {"id_type": "personal_id", "id": person, "full_name": "NGUYỄN THỊ THỬ", "birth_date": "1991"},
            "officer": {"id": OFFICER, "name": "Trần Văn Cán"},
            "signature": b"s" * 64,
        }
        asked = await log.append(
            Draft(
                Kind.ASKED,
                at=now,
                nonce=Nonce("H99.igate", request, int(now.timestamp())),
                reserve=Reservation("H99.igate", "H99/1", 10**6, subject, 10**6),
                deadline=now + timedelta(seconds=3),
                sealed=sealed,
                **common,
            )
        )
        answered = await log.append(
            Draft(
                Kind.ANSWERED,
                at=now,
                outcome="found",
                question=asked.entry_id,
                person_id=person,
                commitment=b"c" * 32,
                **common,
            )
        )
        return SimpleNamespace(asked=asked.entry_id, answered=answered.entry_id, request=request)

    return append
