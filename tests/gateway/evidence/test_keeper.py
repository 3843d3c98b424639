"""One keeper leads; another takes over when it is gone."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import gateway.evidence.keeper as keeping
import gateway.evidence.sweeper as sweeping
from gateway.evidence.keeper import Keeper
from gateway.evidence.pins import FilePin
from gateway.store.logs import entries_of_request, log_states


async def until(true, seconds: float = 5.0) -> None:
    """Wait until something holds; fail when it does not in time."""
    limit = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < limit
        await asyncio.sleep(0.02)


async def test_one_leads_and_another_takes_over(database, log, keys, pins, fill):
    """Entries are sealed behind the log's back; a second keeper waits and goes on when the first is gone."""
    keepers = [
        Keeper(database, log, keys=keys, pins=pins, clock=lambda: datetime.now(UTC), seal_s=0.05) for _ in range(2)
    ]
    tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]

    async def sealed() -> bool:
        return all(state.sealed == state.size for state in await log_states(database))

    await fill(log, 30)
    await until(sealed)
    assert sum(keeper.leading for keeper in keepers) == 1
    leader = keepers.index(next(keeper for keeper in keepers if keeper.leading))
    tasks[leader].cancel()
    await asyncio.gather(tasks[leader], return_exceptions=True)
    await fill(log, 30)
    await until(sealed)
    assert keepers[1 - leader].leading
    tasks[1 - leader].cancel()


async def test_it_sweeps_and_says_what_is_wrong(database, log, keys, tmp_path, question, monkeypatch):
    """Overdue questions are closed by it; a pin that cannot be written is its problem, and it goes on."""
    monkeypatch.setattr(keeping, "SWEEP_S", 0.05)
    monkeypatch.setattr(sweeping, "GRACE_S", 0.0)
    (tmp_path / "file").write_text("no directory")
    pins = FilePin(tmp_path / "file")
    long_ago = datetime.now(UTC) - timedelta(minutes=9)
    overdue = question(at=long_ago, deadline=long_ago)
    await log.append(overdue)
    keeper = Keeper(database, log, keys=keys, pins=pins, clock=lambda: datetime.now(UTC), seal_s=0.05)
    task = asyncio.create_task(keeper.run())

    async def swept() -> bool:
        return len(await entries_of_request(database, overdue.request_id)) == 2

    async def complained() -> bool:
        return keeper.problem is not None and keeper.problem.startswith("seal")

    await until(swept)
    await until(complained)
    task.cancel()
