"""Screen 10: the logs, their checkpoints, and a check of the whole in the background."""

import asyncio
from datetime import UTC, datetime

import asyncpg
import pytest

from gateway.console.checking import described
from gateway.console.roles import Role
from gateway.evidence.report import LogReport, Problem, Report
from gateway.evidence.sealer import LogSealer
from signing.checkpoint import parse_checkpoint, parse_note


@pytest.fixture
async def sealed(database, desk, looked_up, log_keys):
    """Seal the log over a look-up."""
    await looked_up()
    await LogSealer(database, log_keys, desk.pins, clock=lambda: datetime.now(UTC)).seal_all()


async def _settled(user, desk):
    """Wait for the check to end, as somebody who reloads the page."""
    for _ in range(200):
        if not desk.jobs:
            break
        await asyncio.sleep(0.05)
    await user.get("/log")
    return user.text


@pytest.mark.usefixtures("sealed")
async def test_the_page_shows_each_log_with_its_pin(visitor, desk):
    """Size, how far it is sealed, when, what is pinned, and the key to check with."""
    user = await visitor(Role.OPERATOR)
    await user.get("/log")
    assert desk.evidence.origin in user.text
    assert desk.keys.verifier.encode().replace("+", "&#43;") in user.text.replace("+", "&#43;")
    assert "Đang ghi" in user.text


@pytest.mark.usefixtures("sealed")
async def test_verify_now_checks_everything_and_says_so(visitor, desk):
    """The check runs in the background; its result stays on the page for everybody."""
    user = await visitor()
    await user.get("/log")
    assert (await user.post("/log/verify")).headers["Location"] == "/log"
    assert "Nhật ký đúng" in await _settled(user, desk)
    job = (await desk.doorman.store.jobs("verify", 1))[0]
    assert (job.started_by, job.result["ok"]) == (user.login, True)
    assert job.result["entries"] > 0


async def test_a_tampered_entry_is_named(visitor, desk, looked_up, database, database_urls, log_keys):
    """After direct SQL the check names the first bad entry."""
    _, answered = await looked_up()
    await LogSealer(database, log_keys, desk.pins, clock=lambda: datetime.now(UTC)).seal_all()
    owner = await asyncpg.connect(database_urls.owner)
    change = "UPDATE lienthong.entry SET client = $2 WHERE entry_id = $1"
    await owner.execute(change, answered.entry_id, "somebody.else")
    user = await visitor()
    await user.get("/log")
    await user.post("/log/verify")
    text = await _settled(user, desk)
    await owner.execute(change, answered.entry_id, "H99.igate")
    await owner.close()
    assert f"{answered.origin} #{answered.index}" in text
    assert "Có sai lệch" in text


@pytest.mark.usefixtures("sealed")
async def test_a_checkpoint_is_handed_out_as_it_was_signed(visitor, desk):
    """The file is the signed note; a log that is not there is 404."""
    user = await visitor()
    states = [state for state in (await desk.reads.sizes()) if state.log == desk.evidence.origin]
    for number in range(1, 60):
        response = await user.get(f"/log/{number}/checkpoint")
        if response.status == 200 and desk.evidence.origin in user.text:
            break
    assert parse_checkpoint(parse_note(user.text).text).origin == states[0].log
    assert (await user.get("/log/999999/checkpoint")).status == 404


def test_a_report_is_kept_in_plain_words():
    """What is kept of a report: whether all is well, how much was seen, what is wrong and what no anchor holds."""
    report = Report((LogReport("log/1", 7, 5, 0),), (Problem("log/1", 3, "the leaf differs"),), ("a note",))
    kept = described(report)
    assert kept == {
        "ok": False,
        "entries": 7,
        "logs": 1,
        "problems": ["log/1 #3: the leaf differs"],
        "unanchored": ["log/1"],
        "notes": ["a note"],
    }
