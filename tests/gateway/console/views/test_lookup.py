"""Screen 3: one look-up, and the proof to take away."""

import re
from base64 import b64decode
from datetime import UTC, datetime

import orjson
import pytest

from gateway.evidence.contract import Draft, Kind
from gateway.evidence.leaf import uuid7
from gateway.evidence.sealer import LogSealer
from gateway.keyfiles import client_document
from gateway.store.configuration import ConfigurationStore
from signing.checkpoint import verify_checkpoint
from signing.keys import SigningKey
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
async def sealed(database, desk, looked_up, log_keys):
    """Append a look-up and seal the log over it."""
    made = await looked_up()
    await LogSealer(database, log_keys, desk.pins, clock=lambda: datetime.now(UTC)).seal_all()
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


@pytest.fixture(scope="module")
def caller_key():
    """Make a caller's key."""
    return SigningKey.generate("ed25519", "H99.igate-7")


@pytest.fixture
async def signed(database, looked_up, caller_key):
    """Append a look-up with the caller's proof, as the gateway seals it, under a configuration that knows the key."""
    document = client_document("H99.igate", "Cổng thử", "province", caller_key)
    store = ConfigurationStore(database)
    version, documents = await store.current()
    version = await store.apply({**documents, "clients/H99.igate.toml": document}, expected=version, by="test")
    created = int(datetime.now(UTC).timestamp())
    base = (
        '"@method": POST\n"@target-uri": https://gateway.example/v1/lookups/population/person\n'
        '"content-digest": sha-256=:c2VjcmV0:\n'
        f'"@signature-params": ("@method" "@target-uri" "content-digest");created={created};keyid="H99.igate-7"'
    )
    proof = {"signature_base": base, "signature": caller_key.sign(base.encode()).hex(), "algorithm": "ed25519"}
    covered = {"covered": ["@method", "@target-uri", "content-digest"], "created": created, "algorithm": "ed25519"}
    changes = {"keyid": "H99.igate-7", "config_version": version, "agreement": "H99.igate/0"}
    return await looked_up(**changes, sealed=proof, detail={"signed": covered, "asked_ms": 3.5, "registry_ms": 12.25})


async def test_the_signature_is_shown_component_by_component(visitor, signed):
    """The page names what the signature covers, the key and whether it was in force, the agreement and the timings."""
    user = await visitor()
    await user.get(f"/lookups/{signed[1].entry_id}")
    for shown in (
        "@target-uri",
        "content-digest",
        "đúng khi nhận",
        "3.5 ms",
        "12.25 ms",
        "/clients/H99.igate?version=",
    ):
        assert shown in user.text
    assert "gateway.example" not in user.text
    version = re.search(r"/clients/H99\.igate\?version=\d+", user.text)[0]
    assert (await user.get(version)).status == 200


async def test_the_signature_is_checked_again_on_demand(visitor, signed, acts):
    """The check is an entry first; it shows values, never a digest, and that the signature holds with its key."""
    user = await visitor()
    assert (await user.post(f"/lookups/{signed[1].entry_id}/signature")).status == 200
    for shown in (
        "https://gateway.example/v1/lookups/population/person",
        "đúng như đã ký",
        "đúng, khóa có hiệu lực",
        "POST",
    ):
        assert shown in user.text
    assert "c2VjcmV0" not in user.text
    assert b'"console.signature-check"' in (await acts())[0].leaf


async def test_what_is_not_there_is_not_checked(visitor, looked_up):
    """Another territory's look-up is not opened; one without a proof shows no table."""
    _, answered = await looked_up(unit="H98.01")
    elsewhere, user = await visitor(scope=("H99*",)), await visitor()
    assert (await elsewhere.post(f"/lookups/{answered.entry_id}/signature")).status == 404
    assert (await user.post(f"/lookups/{answered.entry_id}/signature")).status == 200
    assert "đúng như đã ký" not in user.text
