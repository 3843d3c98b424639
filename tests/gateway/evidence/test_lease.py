"""A lease lives as long as its connection, and a failed one leaves nothing held."""

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.evidence.lease import local_year, take_lease
from gateway.evidence.pins import LogBehindPin


async def nothing(_origin: str) -> None:
    """Check no pin."""


async def test_slots_are_taken_in_order_and_come_back(database):
    """Two leases hold two slots; the slot of one that ended is the next one's."""
    now, wake = datetime.now(UTC), asyncio.Event()
    one = await take_lease(database, "lease.example", now, nothing, wake)
    two = await take_lease(database, "lease.example", now, nothing, wake)
    assert (one.slot, two.slot) == (0, 1)
    assert not wake.is_set()
    one.session.terminate()
    await asyncio.wait_for(one.lost.wait(), 2)
    assert wake.is_set()
    for _ in range(50):
        three = await take_lease(database, "lease.example", now, nothing, wake)
        if three.slot == 0:
            break
        await three.session.close()
        await asyncio.sleep(0.02)
    assert (three.slot, three.log_id) == (0, one.log_id)
    await two.session.close()
    await three.session.close()


async def test_a_failed_check_frees_the_slot(database, owner):
    """A log that may not be served is not held either."""

    async def refuse(_origin: str) -> None:
        raise LogBehindPin("behind")

    with pytest.raises(LogBehindPin):
        await take_lease(database, "lease.example", datetime.now(UTC), refuse, asyncio.Event())
    for _ in range(100):
        if await owner.fetchval("SELECT count(*) FROM pg_locks WHERE classid = 7041777") == 0:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the slot is still held")


def test_years_are_local():
    """Logs follow the year of Asia/Ho_Chi_Minh."""
    assert local_year(datetime(2026, 12, 31, 17, 0, tzinfo=UTC)) == 2027
    assert local_year(datetime(2026, 12, 31, 16, 59, tzinfo=UTC)) == 2026
