"""Screen 3: one look-up, and the proof to take away."""

from base64 import b64decode
from datetime import UTC, datetime

import orjson
import pytest

from gateway.evidence.contract import Draft, Kind
from gateway.evidence.leaf import uuid7
from gateway.evidence.sealer import LogSealer
from signing.checkpoint import verify_checkpoint
from signing.merkle import leaf_hash, verify_inclusion

PERSON, OFFICER = "099191000001", "099085000009"


async def test_a_page_says_what_was_asked_and_disclosed(visitor, looked_up):
    """Names of fields with and without a value; neither number of a person."""
    asked, answered = await looked_up()
    user = await visitor()
    assert (await user.get(f"/lookups/{answered.entry_id}")).status == 200
    for shown in ("full_name", "sex", "H99.igate-1", "9.999901", answered.origin, "25 ms"):
        assert shown in user.text
    assert PERSON not in user.text
    assert OFFICER not in user.text
    question = user.text
    await user.get(f"/lookups/{asked.entry_id}")
    assert user.text.count("<tr>") == question.count("<tr>")


async def test_a_refusal_has_a_page_too(visitor, desk):
    """What was refused shows its reason, without a question."""
    now = datetime.now(UTC)
    draft = Draft(
        Kind.REFUSED,
        uuid7(int(now.timestamp() * 1000)),
        now,
        client="H99.igate",
        outcome="field-not-granted",
        reason="fields",
        mode="lookup",
    )
    recorded = await desk.evidence.append(draft)
    user = await visitor()
    assert (await user.get(f"/lookups/{recorded.entry_id}")).status == 200
    assert "field-not-granted" in user.text


async def test_what_is_not_there_is_not_found(visitor):
    """An entry that is not there, and one that is no exchange, are 404."""
    user = await visitor()
    assert (await user.get("/lookups/0199aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa")).status == 404


@pytest.fixture
async def sealed(database, desk, looked_up):
    """Append a look-up and seal the log over it."""
    made = await looked_up()
    await LogSealer(database, desk.keys, desk.pins, clock=lambda: datetime.now(UTC)).seal_all()
    return made


async def test_the_proof_verifies_elsewhere(visitor, desk, sealed):
    """The file's leaves hash into the signed checkpoint's root: nothing else is needed."""
    user = await visitor()
    response = await user.get(f"/lookups/{sealed[1].entry_id}/proof")
    assert "attachment" in response.headers["Content-Disposition"]
    document = orjson.loads(user.text)
    assert document["vkey"] == desk.keys.verifier.encode()
    assert len(document["entries"]) == 2
    for entry in document["entries"]:
        checkpoint = verify_checkpoint(entry["checkpoint"], desk.keys.verifier, entry["log"])
        path = [b64decode(one) for one in entry["hashes"]]
        leaf = leaf_hash(b64decode(entry["leaf"]))
        verify_inclusion(leaf, entry["index"], checkpoint.size, path, checkpoint.root)
