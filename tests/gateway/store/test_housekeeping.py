"""Keeping the store small without ever letting an old signature pass again."""

import time
from datetime import UTC, datetime, timedelta

from gateway.store.append import EntryRow, SpendRow, append_batch
from gateway.store.database import Database
from gateway.store.housekeeping import (
    drop_old_counters,
    drop_old_nonces,
    make_partitions,
    raise_nonce_floor,
)
from gateway.store.logs import lease_slot, open_log

DAY = 86_400


def day(days_ago: int) -> bytes:
    """Name a local day as counters do."""
    return (int((time.time() + 7 * 3600) // DAY) - days_ago).to_bytes(4, "big")


async def spend(database: Database, *created: int) -> list[int]:
    """Spend a nonce for each `created`; return the losses."""
    rows = [SpendRow(b"key-%d" % moment, moment) for moment in created]
    async with database.own_session() as session:
        slot = await lease_slot(session)
        log_id, _origin, _size = await open_log(session, slot, 2026, "keeping.example")
        done = await append_batch(session, log_id, slot, [], spends=rows)
        return list(done.lost or [0] * len(rows))


async def test_partitions_are_made_ahead_once(database: Database):
    """Months around a moment exist afterwards; asking again makes none."""
    around = datetime(2031, 1, 15, tzinfo=UTC)
    assert await make_partitions(database, around, 2) == 4
    assert await make_partitions(database, around, 2) == 0


async def test_old_nonces_go_only_under_the_floor(database: Database):
    """A nonce of yesterday's signature is dropped and its signature expired; a young one stays spent."""
    now = int(time.time())
    old, young = now - DAY - 50, now - 10
    assert await spend(database, old, young) == [0, 0]
    assert await drop_old_nonces(database, 1) == 1, "never younger than 24 hours, whatever is asked"
    assert await spend(database, old) == [2]
    assert await spend(database, young) == [1]
    assert await drop_old_nonces(database) == 0


async def test_the_floor_never_sinks(database: Database):
    """Raising the floor to something lower leaves it where it was."""
    high = int(time.time()) - 1000
    assert await raise_nonce_floor(database, high) == high
    assert await raise_nonce_floor(database, high - 500) == high


async def test_counters_of_old_days_go_and_yesterdays_stay(database: Database):
    """Whatever day is asked for, counters of today and yesterday stay."""
    async with database.own_session() as session:
        slot = await lease_slot(session)
        now = datetime.now(UTC)
        log_id, _origin, _size = await open_log(session, slot, 2026, "keeping.example")
        rows = [
            EntryRow(
                at=now, entry_id=f"00000000-0000-7000-8000-00000000000{days}", kind="asked", request_id="r", client="c",
                service=None, procedure=None, dossier=None, unit=None, officer=None, subject=None, person=None,
                outcome=None, question=None, deadline=now + timedelta(days=1), leaf=b"{}",
                quota=day(days) + b"q", quota_limit=10**6, guess=day(days) + b"g", guess_limit=5,
            )
            for days in (0, 1, 2, 9)
        ]  # fmt: skip
        await append_batch(session, log_id, slot, rows)
    assert await drop_old_counters(database, day(-5)) == 4
    assert await drop_old_counters(database, day(-5)) == 0
