"""Reads of the log over the web: one's own entries with proofs that verify, and nobody else's."""

from base64 import b64decode
from datetime import UTC, datetime

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.evidence.contract import Draft, EvidenceUnavailable, Kind
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.log import EvidenceLog
from gateway.evidence.pins import FilePin
from gateway.evidence.reads import EvidenceReads
from gateway.evidence.sealer import LogSealer
from gateway.refusals import Refusal
from gateway.store.database import StoreUnavailable
from gateway.web.logs import LogReads
from signing.checkpoint import verify_checkpoint
from signing.keys import SigningKey
from signing.merkle import leaf_hash, verify_consistency, verify_inclusion

ORIGIN = "log.web.example"
CLIENT = "H99.test"


@pytest.fixture(scope="module")
def keys():
    """Make the keys of the module's log."""
    reveal = X25519PrivateKey.generate().public_key()
    return EvidenceKeys(SigningKey.generate("ed25519", ORIGIN), reveal, {datetime.now(UTC).year: bytes(32)})


@pytest.fixture
async def kept(database, keys, tmp_path):
    """Append five entries of two clients, seal after the third."""
    log = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    sealer = LogSealer(database, keys, FilePin(tmp_path / "pins"), lambda: datetime.now(UTC))
    placed = []
    try:
        for number in range(5):
            client = CLIENT if number % 2 == 0 else "H98.other"
            draft = Draft(Kind.READ, f"request-{number}", datetime.now(UTC), client=client)
            placed.append(await log.append(draft))
            if number == 2:
                await sealer.seal_all()
        yield LogReads(EvidenceReads(database, keys)), placed, keys
    finally:
        await log.close()


def asked(kit, query=None):
    """Make the exchange of an authenticated reader."""
    exchange = kit.exchange(kit.snapshot())
    exchange.query = query or {}
    return exchange


async def test_an_own_entry_proves_itself(kept, kit):
    """The leaf, its path and the checkpoint that the route gives verify together."""
    reads, placed, keys = kept
    reply = await reads.entry(asked(kit), {"slot": str(placed[2].slot), "index": str(placed[2].index)})
    answer = orjson.loads(reply.body)
    checkpoint = verify_checkpoint(answer["checkpoint"], keys.verifier, answer["log"])
    path = [b64decode(text) for text in answer["proof"]["hashes"]]
    leaf = leaf_hash(b64decode(answer["leaf"]))
    verify_inclusion(leaf, answer["index"], checkpoint.size, path, checkpoint.root)
    assert orjson.loads(b64decode(answer["leaf"]))["id"] == placed[2].entry_id


async def test_an_entry_without_a_checkpoint_is_given_without_a_proof(kept, kit):
    """Until a checkpoint covers it, an entry has neither proof nor checkpoint."""
    reads, placed, _ = kept
    answer = orjson.loads(
        (await reads.entry(asked(kit), {"slot": str(placed[4].slot), "index": str(placed[4].index)})).body
    )
    assert (answer["proof"], answer["checkpoint"]) == (None, None)


@pytest.mark.parametrize("index", ["own+1", "999999", "x", "-1", "9" * 30])
async def test_others_and_absent_entries_are_alike(kept, kit, index):
    """Another client's entry, one that does not exist and one that cannot are all `not-found`."""
    reads, placed, _ = kept
    wanted = str(placed[1].index) if index == "own+1" else index
    with pytest.raises(Refusal) as refused:
        await reads.entry(asked(kit), {"slot": str(placed[1].slot), "index": wanted})
    assert refused.value.code == "not-found"


async def test_sizes_checkpoints_and_proofs(kept, kit):
    """The sizes count entries; inclusion and consistency proofs verify against the checkpoint."""
    reads, placed, keys = kept
    slot = {"slot": str(placed[0].slot)}
    sizes = orjson.loads((await reads.sizes(asked(kit), {})).body)["logs"]
    assert {"log": placed[0].origin, "slot": placed[0].slot, "size": placed[4].index + 1} in sizes
    note = (await reads.checkpoint(asked(kit), slot)).body.decode()
    size = verify_checkpoint(note, keys.verifier, placed[0].origin).size
    assert size == placed[2].index + 1
    inclusion = await reads.inclusion(asked(kit, {"index": "0", "size": str(size)}), slot)
    assert orjson.loads(inclusion.body)["hashes"]
    same = await reads.consistency(asked(kit, {"from": str(size), "to": str(size)}), slot)
    root = verify_checkpoint(note, keys.verifier, placed[0].origin).root
    verify_consistency(size, size, root, root, [b64decode(text) for text in orjson.loads(same.body)["hashes"]])


@pytest.mark.parametrize("query", [{}, {"index": "0"}, {"index": "a", "size": "1"}, {"index": "0", "size": "-1"}])
async def test_a_query_that_lacks_a_number_is_invalid(kept, kit, query):
    """Each missing or odd number is named by a pointer."""
    reads, placed, _ = kept
    with pytest.raises(Refusal) as refused:
        await reads.inclusion(asked(kit, query), {"slot": str(placed[0].slot)})
    assert refused.value.code == "request-invalid"
    assert refused.value.errors[0].pointer in {"/index", "/size"}


async def test_no_database_means_no_log(kit):
    """Where the store cannot be read the log is unavailable, which the edge turns into 503."""

    class Away:
        async def sizes(self):
            raise StoreUnavailable("gone")

    with pytest.raises(EvidenceUnavailable):
        await LogReads(Away()).sizes(asked(kit), {})
