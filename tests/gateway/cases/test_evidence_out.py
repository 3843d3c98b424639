"""Evidence of a case taken out of a real log: whole exchanges, proved, and checked with the public key alone."""

from datetime import UTC, datetime

import orjson
import pytest

from gateway.cases.desk import CaseDesk, Opening
from gateway.cases.states import Actor
from gateway.evidence.pins import FilePin
from gateway.evidence.reads import EvidenceReads
from gateway.evidence.sealer import LogSealer
from gateway.export import gathering
from gateway.export.checking import check
from gateway.export.gathering import ExportRefused, case_document, export_detail, gather, packed
from gateway.store.database import Database
from gateway.store.logs import log_states
from gateway.store.scope import Scope

ALL = Scope.everything()
PERSON = "099191000001"


@pytest.fixture
async def case(console, record, exchange):
    """Open a case with the answer of one exchange, beside another exchange that is not in it."""
    found = await exchange()
    await exchange()
    desk = CaseDesk(console)
    opening = Opening("citizen", "Tôi không biết việc này", entries=[found.answered])
    number = await desk.open(record, Actor("an", "auditor"), ALL, opening)
    return found, await desk.read(ALL, number)


@pytest.fixture
async def sealer(database_urls, keys, tmp_path):
    """Seal as the keeper does."""
    database = await Database.connect(database_urls.application)
    yield LogSealer(database, keys, FilePin(tmp_path / "pins"), lambda: datetime.now(UTC))
    await database.close()


async def test_a_case_is_proved_by_the_public_key_alone(console, keys, case, sealer):
    """Question and answer of the case's exchange are in the file, proved against the log's checkpoint."""
    found, whole = case
    for state in await log_states(console):
        await sealer.seal(state)
    entries = await gather(console, EvidenceReads(console, keys), whole)
    assert {orjson.loads(entry.leaf)["id"] for entry in entries} == {found.asked, found.answered}
    verdict = check(packed(whole, entries, keys, datetime.now(UTC)), [keys.verifier])
    assert (verdict.case, len(verdict.entries), verdict.unproved) == (whole.row.case_id, 2, ())
    assert export_detail(7, entries) == {"case": 7, "entries": 2, "unproved": 0}


async def test_before_a_checkpoint_it_is_a_promise(console, keys, case):
    """Entries that no checkpoint covers are in the file, and the verdict names them."""
    _, whole = case
    entries = await gather(console, EvidenceReads(console, keys), whole)
    verdict = check(packed(whole, entries, keys, datetime.now(UTC)), [keys.verifier])
    assert verdict.unproved == verdict.entries != ()


async def test_nobody_is_named_in_the_file(console, keys, case):
    """Leaves go out sealed: no number of a person is in the file in clear."""
    _, whole = case
    entries = await gather(console, EvidenceReads(console, keys), whole)
    assert all(PERSON.encode() not in entry.leaf for entry in entries)
    assert PERSON not in str(case_document(whole))


async def test_a_case_larger_than_the_bound_is_refused(console, keys, case, monkeypatch):
    """More entries than the bound are not exported by half."""
    monkeypatch.setattr(gathering, "MOST_ENTRIES", 1)
    with pytest.raises(ExportRefused):
        await gather(console, EvidenceReads(console, keys), case[1])
