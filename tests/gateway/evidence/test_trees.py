"""Proofs come from stored tiles and convince whoever holds a checkpoint."""

import pytest

from gateway.evidence.trees import consistency_proof, inclusion_proof, over_tiles, stored_root
from gateway.store.logs import entry_at, log_states
from signing.errors import SignatureError
from signing.merkle import leaf_hash, verify_consistency, verify_inclusion


async def test_every_entry_is_proved_in_every_size(database, log, sealer, fill):
    """Inclusion and consistency paths from tiles verify for small, bordering and partial sizes."""
    await fill(log, 530)
    await sealer.seal_all()
    log_id = (await log_states(database))[0].log_id
    for size in (1, 255, 256, 257, 512, 530):
        root = await stored_root(database, log_id, size)
        for index in {0, size // 2, size - 1}:
            leaf = (await entry_at(database, log_id, index)).leaf
            path = await inclusion_proof(database, log_id, index, size)
            verify_inclusion(leaf_hash(leaf), index, size, path, root)
            with pytest.raises(SignatureError):
                verify_inclusion(leaf_hash(leaf + b" "), index, size, path, root)
        end = await stored_root(database, log_id, 530)
        verify_consistency(size, 530, root, end, await consistency_proof(database, log_id, size, 530))


async def test_what_is_not_sealed_is_not_proved(database, log, fill):
    """Beyond the sealed size there is no proof, whatever was appended."""
    await fill(log, 4)
    size = (await log_states(database))[0].sealed
    with pytest.raises(SignatureError):
        await stored_root(database, 1, size + 4)


async def test_a_tile_is_fetched_once(database, log, sealer, fill):
    """A computation that asks for a tile twice costs one read."""
    await fill(log, 2)
    await sealer.seal_all()
    tiles = {}
    first = await over_tiles(database, 1, lambda read: read(0, 0, 1) + read(0, 0, 2), tiles)
    assert list(tiles) == [(0, 0)]
    assert len(first) == 2 * len(tiles[0, 0])
