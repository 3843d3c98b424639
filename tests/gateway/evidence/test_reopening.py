"""A log that lost entries stops the installation until an operator lets it go (DESIGN section 3)."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from gateway.evidence.admin import record_reopening
from gateway.evidence.audit import audit_verify
from gateway.evidence.contract import Loss, Nonce, Recorded
from gateway.evidence.log import EvidenceLog
from gateway.evidence.pins import LogBehindPin
from gateway.evidence.reopening import logs_behind, pin_check, reopen
from gateway.evidence.sealer import LogSealer
from signing.checkpoint import Checkpoint, sign_checkpoint

ORIGIN = "log.test.example"
ROLL_BACK = """
DELETE FROM entry WHERE index >= 4; UPDATE log_head SET next_index = 4; DELETE FROM checkpoint WHERE size > 4;
UPDATE tile SET data = substr(data, 1, 128) WHERE level = 0;
"""


async def start(database, keys, pins) -> EvidenceLog:
    """Start a writer that checks its pins."""
    return await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN, check=pin_check(database, keys, pins))


async def test_a_set_back_database_serves_again_only_after_reopening(database, keys, pins, question, fill, owner):
    """Entries are lost; nobody serves, not even in a fresh slot; reopened, a new log begins and tells of it."""
    log = await start(database, keys, pins)
    sealer = LogSealer(database, keys, pins, lambda: datetime.now(UTC))
    await fill(log, 4)
    await sealer.seal_all()
    await fill(log, 4)
    await sealer.seal_all()
    await log.close()

    await owner.execute(ROLL_BACK)
    with pytest.raises(LogBehindPin, match="has 4 entries, its pinned checkpoint 8"):
        await start(database, keys, pins)

    reopened = await reopen(database, keys, pins, "restored from last night's dump")
    assert [behind.origin for behind in reopened] == [f"{ORIGIN}/{datetime.now(UTC).year}/0"]
    assert await logs_behind(database, keys, pins) == []
    log = await start(database, keys, pins)
    assert log.origin == f"{ORIGIN}/{datetime.now(UTC).year}/0.1"
    before = Nonce("H99.igate", "signed-before-the-restore", int(time.time()))
    assert await log.append(question(nonce=before)) is Loss.EXPIRED
    after = Nonce("H99.igate", "signed-after-the-restore", int(time.time()) + 90)
    assert isinstance(await log.append(question(nonce=after)), Recorded)

    lost = await audit_verify(database, keys.verifier, pins=pins)
    assert "missing: the pinned checkpoint covers 8" in lost.first.why
    told = await record_reopening(log, reopened, by="quản trị", why="restore", clock=lambda: datetime.now(UTC))
    assert told.origin == log.origin
    await log.close()
    settled = await audit_verify(database, keys.verifier, pins=pins, now=datetime.now(UTC) + timedelta(seconds=1))
    assert settled.ok, settled.problems
    assert "lost and reopened" in settled.notes[0]


async def test_a_log_that_the_database_forgot_is_behind_too(database, keys, pins):
    """A dump older than a whole log leaves its pin without a log; reopening lets go of it by name."""
    other = f"{ORIGIN}/2025/7"
    pins.put(other, sign_checkpoint(Checkpoint(other, 3, b"r" * 32), keys.log_key, keys.verifier.name))
    assert [behind.origin for behind in await logs_behind(database, keys, pins)] == [other]
    await reopen(database, keys, pins, "older dump")
    assert await logs_behind(database, keys, pins) == []


async def test_a_suspended_log_is_behind(database, keys, pins, owner):
    """What the sealer suspended is not served, whatever its pin says."""
    await owner.execute("UPDATE log_head SET suspended = 'because' WHERE closed_why IS NULL")
    assert [behind.why for behind in await logs_behind(database, keys, pins)] == ["because"]
    with pytest.raises(LogBehindPin, match="because"):
        await start(database, keys, pins)
