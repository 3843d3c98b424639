"""Deliveries against a portal that misbehaves: at least once, in order, once in effect."""

import asyncio
import random
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from gateway.delivery.deliverer import POLL_S
from gateway.store import delivery as store

SYNC, PROGRESS = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"
LIFE = (1, 2, 4, 9, 10)


def both(*statuses):
    """Return the effects of events that came in time: the dossier, then its progress line."""
    return [(service, str(status)) for status in statuses for service in (SYNC, PROGRESS)]


async def test_a_life_is_delivered_in_order(office, portal, event, code):
    """Each event makes its dossier's state and one progress line, in the order of arrival."""
    for minute, status in enumerate(LIFE):
        await office.push(event(code, status, minute))
    await office.deliver()
    assert portal.effects(code) == both(*LIFE)
    assert portal.held(code)["members"]["TrangThaiHoSo"] == "10"
    assert portal.held(code)["members"]["DinhDanhCHS"] == [{"LoaiDinhDanh": "1", "SoDinhDanh": "099191000001"}]


async def test_many_dossiers_share_calls(office, portal, event, codes):
    """Twenty dossiers of one batch take two calls, not forty."""
    await office.push(*(event(code, 1, 0) for code in codes))
    await office.deliver()
    before = portal.calls()
    await office.push(*(event(code, 2, 1) for code in codes))
    await office.deliver()
    assert portal.calls() - before == 2
    assert all(portal.effects(code) == both(1, 2) for code in codes)


async def test_a_late_event_sends_progress_only(office, portal, event, code):
    """What is older than the newest known never turns the portal's state back."""
    await office.push(event(code, 1, 0), event(code, 9, 30))
    await office.push(event(code, 4, 10))
    await office.deliver()
    assert portal.effects(code) == [*both(1, 9), (PROGRESS, "4")]
    assert portal.held(code)["members"]["TrangThaiHoSo"] == "9"


async def test_pushed_twice_and_shuffled_is_delivered_once(office, portal, event, codes):
    """Events told twice in any order end at the newest state, each with one progress line."""
    events = [event(code, status, minute) for code in codes[:6] for minute, status in enumerate(LIFE)] * 2
    random.Random(7).shuffle(events)
    for start in range(0, len(events), 9):
        await office.push(*events[start : start + 9])
    await office.deliver()
    for code in codes[:6]:
        held = portal.held(code)
        assert held["members"]["TrangThaiHoSo"] == "10"
        assert sorted(line["TrangThai"] for line in held["progress"]) == sorted(map(str, LIFE))
        assert all(note["effect"] for note in held["history"])


async def test_an_event_after_a_final_state_waits_for_a_reopening(office, portal, event, code, database):
    """What is kept without effect is withheld, and goes out when an operator lets the dossier go on."""
    await office.push(event(code, 1, 0), event(code, 3, 1))
    await office.push(event(code, 4, 2))
    await office.deliver()
    assert portal.effects(code) == both(1, 3)
    assert [line.how for line in (await store.head_of(database, code))[1]] == ["sent", "sent", "withheld"]
    await database.fetch("dossiers.reopen", code, datetime.now(UTC))
    await office.deliver()
    assert portal.effects(code) == both(1, 3, 4)


@pytest.mark.parametrize(
    "mode",
    [
        "lost_answer",
        "lost_request",
        "http_500",
        "fault",
        "session_expired",
        "duplicate",
        "garbage",
        "truncated",
        "reset",
    ],
)
async def test_misbehaviour_costs_nothing(office, portal, event, codes, mode):
    """However the portal fails a call or two, everything arrives, in order, each event once in effect."""
    mine = codes[:3]
    await office.push(*(event(code, 1, 0) for code in mine))
    portal.behave(mode, times=2)
    await office.push(*(event(code, 2, 1) for code in mine))
    await office.deliver()
    await office.push(*(event(code, 9, 2) for code in mine))
    portal.behave(mode, times=1)
    await office.deliver()
    for code in mine:
        assert portal.effects(code) == both(1, 2, 9)
        assert len(portal.held(code)["progress"]) == 3


async def test_a_lost_answer_is_asked_about_before_anything_else(office, portal, event, code, database):
    """After a doubtful call the portal is asked what it holds, and what it holds is not sent again."""
    await office.push(event(code, 1, 0))
    await office.deliver()
    await office.push(event(code, 2, 1))
    portal.behave("lost_answer", times=1)
    await office.deliverer.turn()
    assert (await store.head_of(database, code))[0].in_doubt
    await office.deliver()
    portal.behave("lost_answer", times=1)
    await office.push(event(code, 9, 2))
    await office.deliver()
    assert [note["effect"] for note in portal.held(code)["history"]] == [True] * 6


async def test_what_the_portal_holds_is_not_sent_again(office, portal, event, code, database):
    """An event sent once more by an operator is found at the portal, and called held."""
    await office.push(event(code, 1, 0))
    await office.deliver()
    assert await store.replay(database, code, 1) == 1
    await office.deliver()
    assert [note["effect"] for note in portal.held(code)["history"]] == [True, True]
    assert (await store.head_of(database, code))[1][0].how == "held"
    assert await store.replay(database, "H99.01-261121-9999") is None


async def test_already_there_is_understood(office, portal, event, code, database):
    """A dossier that the portal has from somebody else is changed, not parked."""
    await office.push(event(code, 1, 0))
    await office.deliver()
    await office.push(event(code, 2, 1))
    portal.behave("already_exists", times=1)
    await office.deliver()
    head, _ = await store.head_of(database, code)
    assert head.parked == "portal-2"  # it said so of a change: nothing of ours mends that
    assert await store.replay(database, code) == 1
    await office.deliver()
    assert portal.effects(code) == both(1, 2)


async def test_a_refused_dossier_is_parked_and_holds_nobody_up(office, portal, event, codes, database):
    """One dossier that the portal will not take is parked with its reason; the rest of its batch goes through."""
    bad, *good = codes[:5]
    await office.push(event(bad, 1, 0, note="x\x7f", procedure="9.999901"), *(event(code, 1, 0) for code in good))
    await office.deliver()
    await office.push(event(bad, 2, 1, procedure="8.000001"), *(event(code, 2, 1) for code in good))
    await office.push(event(bad, 9, 2))
    await office.deliver()
    assert all(portal.effects(code) == both(1, 2) for code in good)
    assert portal.effects(bad) == both(1)
    head, lines = await store.head_of(database, bad)
    assert head.parked == "procedure-unknown"
    assert [line.delivered_at is None for line in lines] == [False, True, True]


async def test_a_portal_that_is_away_is_probed_and_caught_up_with(office, portal, event, codes):
    """While the portal is down everything is kept; when it is back all arrives, though it was killed in between."""
    await office.push(*(event(code, 1, 0) for code in codes))
    await office.deliver()
    portal.kill()
    await office.push(*(event(code, 2, 1) for code in codes))
    running = asyncio.create_task(office.deliverer.run())
    try:
        await asyncio.sleep(0.6)
        assert await office.waiting() == len(codes)
        portal.start()
        for _ in range(200):
            if not await office.waiting():
                break
            await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert all(portal.effects(code) == both(1, 2) for code in codes)


async def test_two_deliverers_keep_the_order(make_office, portal, event, codes):
    """Deliverers of two processes share the work; no dossier is ever in two hands."""
    offices = [make_office(portal, batch=5) for _ in range(2)]
    for minute, status in enumerate(LIFE):
        await offices[0][0].push(*(event(code, status, minute) for code in codes))
    running = [asyncio.create_task(office.deliverer.run()) for office, _ in offices]
    try:
        for _ in range(500):
            if not await offices[0][0].waiting():
                break
            await asyncio.sleep(0.02)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for _, client in offices:
            await client.close()
    assert all(portal.effects(code) == both(*LIFE) for code in codes)
    assert all(note["effect"] for code in codes for note in portal.held(code)["history"])


async def test_a_deliverer_that_died_leaves_doubt(office, portal, event, code, database):
    """A claim that nobody settled is found in doubt when its lease is over; what was done is not done twice."""
    await office.push(event(code, 1, 0))
    claimed = await store.claim(database, 10, 0.0)
    mine = next(one for one in claimed if one.dossier == code)
    assert not mine.doubtful
    await office.deliver()  # the lease was over at once: another one takes it
    assert portal.effects(code) == both(1)
    stale = store.Settlement(mine.dossier, mine.token, mine.sequence, "park", error="late")
    assert await store.settle(database, [stale]) == 0
    assert (await store.head_of(database, code))[0].parked is None


async def test_slow_is_not_broken(office, portal, event, code):
    """An answer that comes late but in time is an answer."""
    portal.behave("slow", seconds=0.3)
    await office.push(event(code, 1, 0))
    await office.deliver()
    assert portal.effects(code) == both(1)


async def test_lanes_at_rest_ask_the_database_as_often_as_one(make_office, portal, monkeypatch):
    """While nothing waits, one lane looks for all of them."""
    asked = []

    async def nothing(*_):
        asked.append(1)
        return []

    monkeypatch.setattr("gateway.delivery.deliverer.claim", nothing)
    office, client = make_office(portal, concurrency=8)
    with suppress(TimeoutError):
        await asyncio.wait_for(office.deliverer.run(), 0.45)
    await client.close()
    assert 1 <= len(asked) <= 0.45 / POLL_S + 2
