"""Events become durable rows without a person's number in clear, and each is told what became of it."""

from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import orjson
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from gateway.dossiers.receiving import Receiver, count_results, event_associated_data
from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.sealing import MinuteSealer
from gateway.store.logs import wrapped_key
from gateway.store.scope import Scope
from schemas.dossier_events import BrokenEvent
from schemas.pointers import FieldError

SECRET = "099191000001"
START = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)


async def test_each_event_is_told_its_fate(receive, make_event):
    """Accepted, late, duplicate and rejected, in the order sent, with numbers and warnings."""
    first = make_event(2)
    broken = BrokenEvent("B1", (FieldError("/events/3/status", "a status is a number from 1 to 10"),))
    results = await receive(
        first, make_event(10, 5, dossier=first.dossier), make_event(1, -5, dossier=first.dossier), broken, first
    )
    assert [result.result for result in results] == ["accepted", "accepted", "late", "rejected", "duplicate"]
    assert results[1].warning == "unusual-transition"
    assert results[4].sequence == results[0].sequence
    assert (results[3].event_id, results[3].rejection.code) == ("B1", "request-invalid")
    assert dict(count_results(results)) == {"accepted": 2, "late": 1, "duplicate": 1, "rejected": 1}


async def test_every_fate_is_counted(database, pseudonyms, reveal, make_event):
    """Each event counts once, by where it came from, with the problem's code where it was refused."""
    counted = []
    sealer = MinuteSealer(reveal.public_key())
    receiver = Receiver(database, pseudonyms=pseudonyms, sealer=sealer, count=lambda *told: counted.append(told))
    first, foreign = make_event(2), make_event(2, agency="H98.01")
    other = replace(first, note="more")
    await receiver.receive("H99.igate", Scope.of(["H99*"]), [first, other, foreign, first], request_id="r", now=START)
    assert [(source, list(told)) for source, told in counted] == [
        (
            "api",
            [("accepted", ""), ("rejected", "event-conflict"), ("rejected", "agreement-missing"), ("duplicate", "")],
        )
    ]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"agency": "H98.01"}, "/events/0/agency"),
        ({"dossier": "H98.01-261121-0001"}, "/events/0/dossier"),
        ({"dossier": "000.00.01.H98-261121-0001"}, "/events/0/dossier"),
    ],
)
async def test_foreign_agencies_and_codes_are_rejected(receive, make_event, changes, pointer):
    """Neither another's agency nor a code that names one can be reported for."""
    (result,) = await receive(make_event(**changes))
    assert (result.result, result.sequence, result.rejection.code) == ("rejected", None, "agreement-missing")
    assert [error.pointer for error in result.rejection.errors] == [pointer]


async def test_an_opaque_code_belongs_to_whoever_reported_it_first(receive, make_event):
    """Its agency keeps it, and another's event is rejected."""
    code = "HỒ SƠ SỐ 1"
    results = await receive(make_event(dossier=code), make_event(dossier=code, agency="H99.02"))
    assert [result.result for result in results] == ["accepted", "rejected"]
    assert results[1].rejection.code == "agreement-missing"


async def test_a_conflict_is_told_by_its_own_code(receive, make_event, party):
    """Another party under a known event_id is other content, though parties are stored as pseudonyms."""
    event = make_event(parties=(party,))
    changed = type(event)(
        event.event_id, event.dossier, event.procedure, event.agency, event.status, event.occurred_at, parties=()
    )
    results = await receive(event, changed)
    assert results[1].rejection.code == "event-conflict"


async def test_a_duplicate_is_known_in_another_year(receive, make_event, party):
    """The digest is keyed by the event's own year: what is sent again next year is still a duplicate."""
    event = make_event(parties=(party,))
    await receive(event)
    (again,) = await receive(event, now=event.occurred_at + timedelta(days=300))
    assert again.result == "duplicate"


async def test_no_number_stands_in_clear(receive, make_event, party, database_urls):
    """Nothing in any table of the schema holds the person's or the officer's number, or the note."""
    note = "người nộp vắng mặt"
    await receive(make_event(parties=(party,), officer={"id": "099085000009"}, note=note))
    connection = await asyncpg.connect(database_urls.owner)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'lienthong'")
        for (table,) in map(tuple, tables):
            for row in await connection.fetch(f'SELECT t::text FROM lienthong."{table}" AS t'):
                for personal in (SECRET, "099085000009", note, SECRET.encode().hex(), note.encode().hex()):
                    assert personal not in row[0], table
    finally:
        await connection.close()


async def test_the_reveal_key_opens_what_was_sealed(receive, make_event, party, database, database_urls, reveal):
    """An auditor can read officer, parties and note of a stored event; the seal is bound to that event."""
    event = make_event(parties=(party,), officer={"name": "Trần Văn Cán"}, note="ghi chú")
    await receive(event)
    connection = await asyncpg.connect(database_urls.owner)
    try:
        text = await connection.fetchval(
            "SELECT sealed FROM lienthong.dossier_event WHERE event_id = $1", event.event_id
        )
    finally:
        await connection.close()
    box = {name: b64decode(value) for name, value in orjson.loads(text).items()}
    wrapped = await wrapped_key(database, box["k"])
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    key = suite.decrypt(wrapped, reveal, info=b"lienthong sealing key v1\0" + box["k"])
    plain = AESGCM(key).decrypt(box["n"], box["c"], event_associated_data("H99.igate", event.event_id))
    opened = orjson.loads(plain)
    assert opened["parties"] == [{"role": "applicant", "id_type": "personal_id", "id": SECRET}]
    assert (opened["officer"], opened["note"]) == ({"name": "Trần Văn Cán"}, "ghi chú")


async def test_without_the_database_nothing_is_claimed(receive, make_event, database):
    """No result is told of a batch that was not confirmed."""
    await database.close()
    with pytest.raises(EvidenceUnavailable):
        await receive(make_event())
