"""What the log shows, to whom, and with which proof."""

import pytest

from gateway.evidence.contract import Recorded
from gateway.evidence.reads import EvidenceReads, NotInLog
from signing.checkpoint import parse_vkey, verify_checkpoint
from signing.merkle import leaf_hash, verify_consistency, verify_inclusion


@pytest.fixture
def reads(database, keys) -> EvidenceReads:
    """Open the read side."""
    return EvidenceReads(database, keys)


async def test_a_caller_reads_and_proves_its_own_entry(log, sealer, reads, question):
    """Before a checkpoint an entry is shown without a proof; afterwards its proof leads to the signed root."""
    place = await log.append(question())
    assert isinstance(place, Recorded)
    promised = await reads.own_entry("H99.igate", place.slot, place.index)
    assert (promised.checkpoint, promised.proof) == (None, None)
    await sealer.seal_all()
    proved = await reads.own_entry("H99.igate", place.slot, place.index)
    checkpoint = verify_checkpoint(proved.checkpoint, parse_vkey(reads.vkey), place.origin)
    verify_inclusion(leaf_hash(proved.leaf), place.index, checkpoint.size, list(proved.proof), checkpoint.root)
    assert (await reads.by_id(place.entry_id)).leaf == proved.leaf == promised.leaf
    assert proved.log == place.origin


async def test_others_entries_do_not_exist(log, reads, question):
    """Another client's entry, an index beyond the end and a slot nobody writes are one and the same."""
    place = await log.append(question())
    for client, slot, index in (
        ("H98.onegate", place.slot, place.index),
        ("H99.igate", 0, 10**9),
        ("H99.igate", 63, 0),
    ):
        with pytest.raises(NotInLog):
            await reads.own_entry(client, slot, index)
    with pytest.raises(NotInLog):
        await reads.own_entry("H99.igate", place.slot, place.index, log="another/2026/0")


async def test_proofs_are_between_sealed_sizes(log, sealer, reads, fill):
    """Consistency is proved between sizes that are sealed, and refused for any other."""
    await fill(log, 40)
    await sealer.seal_all()
    note = await reads.checkpoint(0)
    size = verify_checkpoint(note, parse_vkey(reads.vkey), log.origin).size
    path = await reads.consistency(0, 5, size)
    assert len(await reads.inclusion(0, 4, size)) > 0
    with pytest.raises(Exception, match="proof"):
        verify_consistency(5, size, b"x" * 32, b"y" * 32, path)
    for first, second in ((5, size + 1), (0, 0), (-1, 5), (6, 5)):
        with pytest.raises(NotInLog):
            await reads.consistency(0, first, second)
    for index, tree in ((size, size), (-1, size), (0, size + 1)):
        with pytest.raises(NotInLog):
            await reads.inclusion(0, index, tree)
    with pytest.raises(NotInLog):
        await reads.checkpoint(63)


async def test_sizes_and_exchanges_are_listed(log, reads, question):
    """Every log is listed with its size; an exchange is found by its request id."""
    draft = question()
    place = await log.append(draft)
    sizes = {size.log: size for size in await reads.sizes()}
    assert sizes[log.origin].size == place.index + 1
    (entry,) = await reads.of_request(draft.request_id)
    assert (entry.kind, entry.client, entry.index) == ("asked", "H99.igate", place.index)
    assert await reads.of_request("unknown") == []
