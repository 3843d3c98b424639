"""Logs and what is derived from them: opened by year, sealed forward only, read by place."""

from datetime import UTC, datetime

import asyncpg
import pytest

from gateway.store.database import Database, StoreRefused
from gateway.store.logs import (
    entry_at,
    entry_by_id,
    leaf_hashes,
    lease_slot,
    log_states,
    newest_checkpoint,
    open_log,
    put_seal,
    read_tile,
    reopen_log,
    wrapped_key,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)


async def test_a_slot_has_one_open_log_a_year(database: Database):
    """Opening again finds the same log; another year, base or a reopening begins a new one under a new origin."""
    async with database.own_session() as session:
        slot = await lease_slot(session)
        first = await open_log(session, slot, 2026, "a.example")
        assert await open_log(session, slot, 2026, "a.example") == first
        assert (await open_log(session, slot, 2027, "a.example"))[1] == f"a.example/2027/{slot}"
        assert (await open_log(session, slot, 2027, "b.example"))[1] == f"b.example/2027/{slot}"
        await reopen_log(database, f"b.example/2027/{slot}", slot, 2027, "why")
        assert (await open_log(session, slot, 2027, "b.example"))[1] == f"b.example/2027/{slot}.1"
    states = {state.origin: state.closed_why for state in await log_states(database)}
    assert states[f"b.example/2027/{slot}"] == "reopened: why"
    assert [origin for origin, closed in states.items() if closed is None] == [f"b.example/2027/{slot}.1"]


async def test_seals_only_go_forward(database: Database, database_urls):
    """No checkpoint beyond the entries, none that repeats a size, no tile that changes what it held."""
    async with database.own_session() as session:
        slot = await lease_slot(session)
        log_id, _origin, _size = await open_log(session, slot, 2026, "seal.example")

    async def seal(size: int, data: bytes) -> None:
        await put_seal(database, log_id, [(0, 0, data)], size=size, signed_at=NOW, note=f"note {size}")

    with pytest.raises(StoreRefused):
        await seal(1, b"a" * 32)
    owner = await asyncpg.connect(database_urls.owner)
    await owner.execute("UPDATE lienthong.log_head SET next_index = 9 WHERE log_id = $1", log_id)
    await owner.close()
    await seal(1, b"a" * 32)
    await seal(2, b"a" * 32 + b"b" * 32)
    for size, data in ((2, b"a" * 64), (1, b"a" * 32), (3, b"x" * 96), (10, b"a" * 32 + b"b" * 64), (3, b"a" * 31)):
        with pytest.raises(StoreRefused):
            await seal(size, data)
    assert await newest_checkpoint(database, log_id) == "note 2"
    assert await read_tile(database, log_id, 0, 0) == b"a" * 32 + b"b" * 32
    assert await read_tile(database, log_id, 1, 0) is None


async def test_what_is_not_there_is_none(database: Database):
    """Reading past the end, by an unknown id or of a destroyed key gives None."""
    assert await entry_at(database, 1, 10**9) is None
    assert await entry_by_id(database, "00000000-0000-7000-8000-000000000000") is None
    assert await wrapped_key(database, b"gone") is None
    assert await newest_checkpoint(database, 10**6) is None
    assert await leaf_hashes(database, 10**6, 0, 10) == b""
