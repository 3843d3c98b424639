"""Keys, a receiver on the module's database, and events of dossiers that nobody knows yet."""

import os
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.dossiers.receiving import Receiver
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import MinuteSealer
from gateway.store.scope import Scope
from schemas.dossiers import DossierEvent, Party

START = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
_numbers = count(1)


@pytest.fixture(scope="session")
def pseudonyms():
    """Keys of three years."""
    return Pseudonyms({year: os.urandom(32) for year in (2025, 2026, 2027)})


@pytest.fixture(scope="session")
def reveal():
    """Make the private half that no gateway has."""
    return X25519PrivateKey.generate()


@pytest.fixture
def receiver(database, pseudonyms, reveal):
    """Receive into the module's database."""
    return Receiver(database, pseudonyms=pseudonyms, sealer=MinuteSealer(reveal.public_key()))


@pytest.fixture
def receive(receiver):
    """Report events as H99.igate, for H99 and all below it, unless told."""

    async def told(*events, client="H99.igate", agencies=("H99*",), now=None, **options):
        scope = Scope.of(agencies)
        return await receiver.receive(client, scope, events, request_id="r-1", now=now or START, **options)

    return told


@pytest.fixture(scope="session")
def make_event():
    """Make an event; without `dossier`, of a new one."""

    def made(status=2, minute=0, *, dossier=None, agency="H99.01", **members):
        number = next(_numbers)
        code = dossier or f"{agency}-261121-{number:05d}"
        at = START + timedelta(minutes=minute)
        return DossierEvent(f"E{number}", code, "9.999901", agency, status, at, **members)

    return made


@pytest.fixture(scope="session")
def party():
    """Name the example's person as a party."""
    return Party("personal_id", "099191000001", "applicant")
