"""The sealer: its trees are RFC 9162's, its checkpoints only ever go forward, and the pin comes first."""

from datetime import UTC, datetime

import pytest

from gateway.evidence.pins import FilePin, LogBehindPin
from gateway.evidence.sealer import CHUNK, LogSealer
from gateway.evidence.trees import stored_root
from gateway.store.audit import entry_pages
from gateway.store.logs import log_states, newest_checkpoint
from signing.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from signing.merkle import leaf_hash, root_of


async def state_of(database, log):
    """Return the state of the log that a writer writes."""
    return next(state for state in await log_states(database) if state.origin == log.origin)


async def test_a_checkpoint_is_the_root_of_the_leaves(database, log, keys, sealer, pins, fill):
    """Sealed in steps of any size, the signed root is that of the stored leaves, and the pin is the same note."""
    for step in (1, 254, 1, 1, 300, 7):
        await fill(log, step)
        await sealer.seal_all()
        state = await state_of(database, log)
        assert state.sealed == state.size
        note = await newest_checkpoint(database, state.log_id)
        checkpoint = verify_checkpoint(note, keys.verifier, log.origin)
        leaves = [row["leaf"] async for page in entry_pages(database, state.log_id) for row in page]
        assert checkpoint.size == len(leaves)
        assert checkpoint.root == root_of([leaf_hash(leaf) for leaf in leaves])
        assert pins.newest(log.origin) == note


async def test_without_news_nothing_is_signed(log, sealer, fill):
    """A second without an entry makes no checkpoint."""
    await fill(log, 3)
    assert await sealer.seal_all() >= 3
    assert await sealer.seal_all() == 0


async def test_another_sealer_goes_on_where_one_stopped(database, log, keys, sealer, pins, fill):
    """A new leader verifies what is stored and pinned, then continues."""
    await fill(log, 20)
    await sealer.seal_all()
    await fill(log, 300)
    fresh = LogSealer(database, keys, pins, sealer._clock)
    assert await fresh.seal_all() == 300
    state = await state_of(database, log)
    assert await stored_root(database, state.log_id, state.size)


async def test_a_pin_written_before_a_crash_is_continued_exactly(database, log, keys, sealer, pins, fill, monkeypatch):
    """The pin is durable, the database's checkpoint is not: the next sealer publishes that very size first."""
    await fill(log, 10)
    await sealer.seal_all()
    await fill(log, 10)

    async def crash(*_args, **_kwargs):
        raise ConnectionError("the process died here")

    monkeypatch.setattr("gateway.evidence.sealer.put_seal", crash)
    with pytest.raises(ConnectionError):
        await sealer.seal_all()
    monkeypatch.undo()
    pinned = pins.newest(log.origin)
    await fill(log, 10)
    fresh = LogSealer(database, keys, pins, sealer._clock)
    await fresh.seal_all()
    state = await state_of(database, log)
    notes = [row["note"] for row in await database.fetch("audit.checkpoints", state.log_id, state.size - 11, 9)]
    assert len(notes) == 2
    assert notes[0] == pinned


async def test_nothing_is_published_that_could_not_be_pinned(database, log, sealer, fill, monkeypatch):
    """Where the pin cannot be written no checkpoint is published, and sealing goes on once it can."""
    await fill(log, 5)
    before = (await state_of(database, log)).sealed

    def full(*_args):
        raise OSError("no space left")

    with monkeypatch.context() as broken:
        broken.setattr(FilePin, "put", full)
        with pytest.raises(OSError, match="no space"):
            await sealer.seal_all()
    assert (await state_of(database, log)).sealed == before
    await sealer.seal_all()
    assert (await state_of(database, log)).sealed == (await state_of(database, log)).size


async def test_a_log_below_its_pin_is_suspended(database, log, keys, sealer, pins, fill):
    """A pin of more entries than there are stops the log; others are sealed none the less."""
    await fill(log, 5)
    state = await state_of(database, log)
    ahead = Checkpoint(log.origin, state.size + 50, b"x" * 32)
    pins.put(log.origin, sign_checkpoint(ahead, keys.log_key, keys.verifier.name))
    with pytest.raises(LogBehindPin, match="entries were lost"):
        await sealer.seal_all()
    assert "entries were lost" in (await state_of(database, log)).suspended
    assert await sealer.seal_all() == 0


async def test_a_log_beside_its_pin_is_suspended(database, keys, log, pins, sealer, fill, owner):
    """The same size with another root is another history: it is never signed for."""
    await owner.execute("UPDATE log_head SET suspended = NULL")
    await fill(log, 5)
    state = await state_of(database, log)
    beside = Checkpoint(log.origin, state.size, b"x" * 32)
    pins.put(log.origin, sign_checkpoint(beside, keys.log_key, keys.verifier.name))
    with pytest.raises(LogBehindPin, match="differs"):
        await sealer.seal_all()
    await owner.execute("UPDATE log_head SET suspended = NULL")


async def test_altered_tiles_are_never_signed_for(database, keys, log, tmp_path, fill, owner):
    """A new leader that finds tiles unlike the last signed root signs nothing more."""
    pins = FilePin(tmp_path / "other")
    await fill(log, 5)
    await LogSealer(database, keys, pins, lambda: datetime.now(UTC)).seal_all()
    await fill(log, 5)
    await owner.execute("UPDATE tile SET data = set_byte(data, 40, 1 - sign(get_byte(data, 40))::integer)")
    with pytest.raises(LogBehindPin, match="does not continue"):
        await LogSealer(database, keys, pins, lambda: datetime.now(UTC)).seal_all()


def test_a_chunk_is_whole_tiles():
    """Chunks end at tile borders, so a backlog is not written twice."""
    assert CHUNK % 256 == 0
