"""One batch, one call: what the SQL function does with many rows at once."""

import asyncio
import os
from datetime import UTC, datetime

import pytest

from gateway.store.append import Appended, EntryRow, SealingKey, SpendRow, append_batch
from gateway.store.database import Database, Session, StoreRefused
from gateway.store.logs import lease_slot, log_states, open_log, suspend_log, wrapped_key


@pytest.fixture
async def writer(database: Database):
    """Hold a slot; yield its session, log and slot."""
    async with database.own_session() as session:
        slot = await lease_slot(session)
        log_id, _origin, _size = await open_log(session, slot, 2026, "batch.example")
        yield session, log_id, slot


def row(**members: object) -> EntryRow:
    """Make a row with nothing but what must be, and `members`."""
    bare = dict.fromkeys(EntryRow._fields) | dict.fromkeys(("officer", "subject", "person"), b"")
    bare |= EntryRow._field_defaults
    now = datetime.now(UTC)
    needed = {"at": now, "entry_id": os.urandom(16).hex(), "kind": "asked", "request_id": "r", "leaf": b"{}"}
    return EntryRow(**{**bare, **needed, **members})


async def test_an_empty_loss_is_none_and_indexes_follow(writer):
    """Where nothing is lost the function says only where the first row stands."""
    session, log_id, slot = writer
    done = await append_batch(session, log_id, slot, [row(), row(), row()])
    assert (await append_batch(session, log_id, slot, [row()])) == Appended(done.first + 3, None)


async def test_each_row_of_a_mixed_batch_has_its_own_fate(writer):
    """Replayed, expired, quota, guessed, stale and winners in one batch: each is told apart, winners are numbered."""
    session, log_id, slot = writer
    await append_batch(session, log_id, slot, [row(nonce=b"seen", created=2**31)])
    await session._connection.execute("SELECT raise_nonce_floor(1000)")
    batch = [
        row(nonce=b"n1", created=2**31),
        row(nonce=b"seen", created=2**31),
        row(nonce=b"n2", created=1000),
        row(nonce=b"n3", created=2**31, quota=b"0000q", quota_limit=0),
        row(nonce=b"n4", created=2**31, guess=b"0000g", guess_limit=1),
        row(nonce=b"n5", created=2**31, guess=b"0000g", guess_limit=1, quota=b"0000r", quota_limit=10**6),
        row(nonce=b"n6", created=2**31, config=77),
        row(nonce=b"n7", created=1000, kind="refused"),
    ]
    spends = [SpendRow(b"n8", 2**31), SpendRow(b"n9", 999), SpendRow(b"n10", 2**31)]
    done = await append_batch(session, log_id, slot, batch, spends=spends)
    assert done.lost == [0, 1, 2, 3, 0, 4, 5, 0, 0, 2, 0]
    again = [SpendRow(b"n%d" % number, 2**31) for number in (1, 3, 5, 6, 8)]
    after = await append_batch(session, log_id, slot, [row()], spends=again)
    assert after.lost == [0, 1, 0, 0, 0, 1], "losers left their nonces unspent"
    assert after.first == done.first + 3
    used = await session._connection.fetchval("SELECT used FROM quota WHERE key = '0000r' AND slot = $1", slot)
    assert used == 0


async def test_a_give_back_in_the_same_batch_counts_first(writer):
    """An answer that gives a guess back makes room for a question of the same batch; counters never go below zero."""
    session, log_id, slot = writer
    asked = {"guess": b"0000same", "guess_limit": 1}
    await append_batch(session, log_id, slot, [row(**asked)])
    done = await append_batch(session, log_id, slot, [row(**asked), row(kind="answered", give=b"0000same")])
    assert done.lost is None
    for _ in range(3):
        await append_batch(session, log_id, slot, [row(kind="answered", give=b"0000same")])
    assert await session._connection.fetchval("SELECT used FROM guess WHERE key = '0000same'") == 0


async def test_texts_arrive_as_they_were(writer):
    """Absent, empty, quoted and Vietnamese values stand in the row as given."""
    session, log_id, slot = writer
    texts = [None, "", '{"a",NULL}', "\\x00", "Đặng Ỷ", "NULL", None]
    done = await append_batch(session, log_id, slot, [row(dossier=text, unit="H99") for text in texts])
    rows = await session._connection.fetch(
        "SELECT dossier, unit, outcome FROM entry WHERE log_id = $1 AND index >= $2 ORDER BY index", log_id, done.first
    )
    assert [tuple(found) for found in rows] == [(text, "H99", None) for text in texts]


@pytest.mark.parametrize("text", ["a\x1fb", "a\x1eb", "\x1e", "\x1f"])
async def test_a_value_that_would_move_others_is_refused(writer, text):
    """The characters that stand between values cannot come in through a value."""
    session, log_id, slot = writer
    with pytest.raises(StoreRefused, match="control character"):
        await append_batch(session, log_id, slot, [row(dossier="x"), row(dossier=text)])


async def test_a_batch_is_all_or_nothing(writer, database: Database):
    """One impossible row undoes the whole batch, its nonces and its indexes."""
    session, log_id, slot = writer
    before = {state.log_id: state.size for state in await log_states(database)}
    with pytest.raises(StoreRefused):
        await append_batch(session, log_id, slot, [row(nonce=b"whole", created=2**31), row(leaf=None)])
    assert {state.log_id: state.size for state in await log_states(database)} == before
    done = await append_batch(session, log_id, slot, [row(nonce=b"whole", created=2**31)])
    assert done.lost is None


async def test_a_sealing_key_is_stored_with_its_first_batch(writer, database: Database):
    """A wrapped key becomes durable with the entries it seals; sent twice it stays as it was."""
    session, log_id, slot = writer
    await append_batch(session, log_id, slot, [row()], key=SealingKey(b"id", b"wrapped"))
    await append_batch(session, log_id, slot, [row()], key=SealingKey(b"id", b"other"))
    assert await wrapped_key(database, b"id") == b"wrapped"


async def test_opposite_batches_never_wait_in_a_circle(database: Database):
    """Four writers raise and give back the same counters in opposite orders: nobody is chosen as a victim."""
    sessions = [await database.session() for _ in range(4)]
    keys = [b"0000k%02d" % number for number in range(20)]

    async def write(number: int, session: Session) -> None:
        slot = await lease_slot(session)
        log_id, _origin, _size = await open_log(session, slot, 2026, "circle.example")
        order = keys if number % 2 else keys[::-1]
        for turn in range(15):
            rows = [row(guess=key, guess_limit=10**6, quota=key, quota_limit=10) for key in order[turn % 5 :]]
            rows += [row(kind="answered", give=key) for key in order[: turn % 7]]
            await append_batch(session, log_id, slot, rows)

    await asyncio.gather(*(write(number, session) for number, session in enumerate(sessions)))
    for session in sessions:
        await session.close()


async def test_a_suspended_log_takes_nothing(writer, database: Database):
    """Suspended means refused, with nothing spent."""
    session, log_id, slot = writer
    await suspend_log(database, log_id, "behind")
    with pytest.raises(StoreRefused):
        await append_batch(session, log_id, slot, [row(nonce=b"late", created=2**31)])
    assert await session._connection.fetchval("SELECT count(*) FROM nonce WHERE key = 'late'") == 0
