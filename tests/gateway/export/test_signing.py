"""Manifests are signed by the keeper, and only those that an export's entry names."""

import os
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.evidence.admin import admin_draft, record_act
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.log import EvidenceLog
from gateway.export.bundle import Unsigned, signed_text
from gateway.export.signing import EXPORT, NotSigned, note_from_keeper, sign_manifests
from gateway.store.database import Database
from gateway.store.manifests import ask_for_note, note_of
from signing.algorithms import Algorithm
from signing.checkpoint import parse_note, verify_note
from signing.keys import SigningKey


@pytest.fixture(scope="module")
def keys():
    """Make a log's keys."""
    reveal = X25519PrivateKey.generate().public_key()
    pseudonyms = {datetime.now(UTC).year + step: os.urandom(32) for step in (0, 1)}
    return EvidenceKeys(SigningKey.generate(Algorithm.ED25519, "log.test.example"), reveal, pseudonyms)


@pytest.fixture
async def log(database, keys):
    """Open a log."""
    opened = await EvidenceLog.start(database, keys=keys, origin_base=keys.verifier.name)
    yield opened
    await opened.close()


@pytest.fixture
async def console(database_urls):
    """Connect as the console does."""
    database = await Database.connect(database_urls.console)
    yield database
    await database.close()


def made(text):
    """Return a file to be signed."""
    return Unsigned(text, {})


async def recorded(log, mode, manifest):
    """Append an entry that names a manifest."""
    detail = {"manifest": sha256(manifest).hexdigest()}
    return (await record_act(log, admin_draft(mode, "an", datetime.now(UTC), detail))).entry_id


async def test_the_keeper_signs_what_an_export_names(database, console, keys, log):
    """The console's request, with the entry of its export, comes back as a note under the log's key."""
    entry = await recorded(log, EXPORT, b"one")
    await ask_for_note(console, made(b"one").digest, entry)
    assert await sign_manifests(database, keys) == 1
    note = await note_from_keeper(console, made(b"one"), entry, within_s=0.0)
    assert verify_note(parse_note(note), keys.verifier) == signed_text(keys.verifier.name, b"one")
    assert await sign_manifests(database, keys) == 0


async def test_the_keeper_signs_nothing_else(database, console, keys, log):
    """An entry of another act, another manifest's entry and an entry that is not there get no signature."""
    for text, entry in (
        (b"two", await recorded(log, "console.search", b"two")),
        (b"three", await recorded(log, EXPORT, b"another")),
        (b"four", "019a0000-0000-7000-8000-000000000000"),
    ):
        await ask_for_note(console, made(text).digest, entry)
        assert await sign_manifests(database, keys) == 0
        with pytest.raises(NotSigned):
            await note_from_keeper(console, made(text), entry, within_s=0.0)
        assert await note_of(console, made(text).digest) is None
