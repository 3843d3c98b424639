"""The writer as a dialogue: drafts go in, places and losses come out, and faults never lie about what is durable."""

import asyncio
import os
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from gateway.evidence.contract import Draft, EvidenceUnavailable, Kind, Loss, Nonce, Recorded
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.lease import NoFreeSlot
from gateway.evidence.log import QUEUE, EvidenceLog
from gateway.store import append, logs
from gateway.store.configuration import ConfigurationStore
from gateway.store.database import Database, Session
from gateway.store.embedded import EmbeddedPostgres

ORIGIN = "log.test.example"


def answer_to(question: Draft, asked: Recorded, outcome: str) -> Draft:
    """Answer a question, giving its guess back where it was found."""
    return Draft(
        kind=Kind.ANSWERED,
        request_id=question.request_id,
        at=datetime.now(UTC),
        client=question.client,
        subject=question.subject,
        outcome=outcome,
        question=asked.entry_id,
        give_back=question.reserve if outcome in {"found", "match"} else None,
    )


async def ask(log: EvidenceLog, draft: Draft) -> Recorded:
    """Append a draft that must not lose."""
    placed = await log.append(draft)
    assert isinstance(placed, Recorded), placed
    return placed


async def test_indexes_follow_each_other(log, question):
    """Entries of one log take consecutive indexes in the order they were handed over."""
    places = await asyncio.gather(*(ask(log, question()) for _ in range(20)))
    first = places[0].index
    assert [place.index for place in places] == list(range(first, first + 20))
    assert {place.origin for place in places} == {log.origin}


async def test_a_quick_commit_keeps_nobody_waiting(database, keys, question):
    """The next batch starts soon after a quick one, however long the interval may be."""
    writer = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN, interval_s=60.0)
    begun = time.monotonic()
    for _ in range(5):
        await ask(writer, question())
    assert time.monotonic() - begun < 30
    await writer.close()


async def test_what_comes_while_a_batch_is_spaced_shares_the_next(database, keys, question, monkeypatch):
    """After a slow commit the log waits a part as long again, so that more come into the next one."""
    sizes, batch = [], append.append_batch

    async def slow(session, log_id, slot, entries, **rest):
        sizes.append(len(entries))
        await asyncio.sleep(0.4)
        return await batch(session, log_id, slot, entries, **rest)

    monkeypatch.setattr("gateway.evidence.log.append_batch", slow)
    monkeypatch.setattr("gateway.evidence.log.SPACING", 3.0)
    writer = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN, interval_s=60.0)
    await ask(writer, question())
    waiting = [asyncio.ensure_future(ask(writer, question()))]
    await asyncio.sleep(0.05)
    waiting.append(asyncio.ensure_future(ask(writer, question())))
    await asyncio.gather(*waiting)
    assert sizes == [1, 2]
    await writer.close()


async def test_fifty_at_once_with_one_nonce_are_one(database, keys, question):
    """Fifty requests with the same nonce over two workers at once: one is recorded, the others are replays."""
    writers = [await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN) for _ in range(2)]
    draft = question()
    fates = await asyncio.gather(*(writers[n % 2].append(draft) for n in range(50)))
    assert sum(isinstance(fate, Recorded) for fate in fates) == 1
    assert [fate for fate in fates if not isinstance(fate, Recorded)] == [Loss.REPLAYED] * 49
    assert len({writer.origin for writer in writers}) == 2
    for writer in writers:
        await writer.close()


async def test_a_nonce_is_the_clients_own(log, question):
    """The same nonce of another client is another nonce."""
    nonce = Nonce("H99.igate", "shared-nonce-0001", int(time.time()))
    await ask(log, question(nonce=nonce))
    other = Nonce("H98.onegate", nonce.value, nonce.created)
    await ask(log, question(client="H98.onegate", nonce=other))
    assert await log.append(question(nonce=nonce)) is Loss.REPLAYED


async def test_a_bare_nonce_is_spent_once_and_leaves_no_entry(log, database, question):
    """Reads without an entry spend their nonce too, for questions as well."""
    nonce = question().nonce
    size = (await logs.log_states(database))[0].size
    assert await log.spend(nonce) is None
    assert await log.spend(nonce) is Loss.REPLAYED
    assert await log.append(question(nonce=nonce)) is Loss.REPLAYED
    assert (await logs.log_states(database))[0].size == size


async def test_losers_take_no_index(log, question):
    """A batch of winners and losers leaves no gap: winners alone are numbered."""
    spent = question()
    before = await ask(log, spent)
    drafts = [question(), question(nonce=spent.nonce), question(), question(nonce=spent.nonce), question()]
    fates = await asyncio.gather(*(log.append(draft) for draft in drafts))
    assert [fate.index if isinstance(fate, Recorded) else fate for fate in fates] == [
        before.index + 1,
        Loss.REPLAYED,
        before.index + 2,
        Loss.REPLAYED,
        before.index + 3,
    ]


async def test_a_quota_is_exact_near_its_limit_over_two_workers(database, keys, question):
    """Of forty questions at once over two workers under a quota of seven, seven are recorded."""
    writers = [await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN) for _ in range(2)]
    drafts = [question(client="quota.client", quota_limit=7) for _ in range(40)]
    fates = await asyncio.gather(*(writers[n % 2].append(draft) for n, draft in enumerate(drafts)))
    assert sum(isinstance(fate, Recorded) for fate in fates) == 7
    assert {fate for fate in fates if isinstance(fate, Loss)} == {Loss.QUOTA}
    for writer in writers:
        await writer.close()


async def test_a_loser_of_the_quota_may_spend_its_nonce_on_the_refusal(log, question):
    """What a counter refuses leaves its nonce unspent, so that the refusal's own entry spends it, once."""
    await ask(log, question(client="one.client", quota_limit=1))
    refused = question(client="one.client", quota_limit=1)
    assert await log.append(refused) is Loss.QUOTA
    refusal = Draft(Kind.REFUSED, refused.request_id, refused.at, client="one.client", nonce=refused.nonce)
    await ask(log, refusal)
    assert await log.append(refusal) is Loss.REPLAYED


async def test_guesses_end_at_the_limit_and_right_ones_are_given_back(log, question):
    """`found` gives a guess back, `no_match` does not; at the limit even a right question is refused."""
    subject = ("personal_id", "099191555555")
    for outcome in ("found", "no_match", "found", "no_match", "found"):
        draft = question(subject=subject, guess_limit=3)
        asked = await ask(log, draft)
        await ask(log, answer_to(draft, asked, outcome))
    await ask(log, question(subject=subject, guess_limit=3))
    assert await log.append(question(subject=subject, guess_limit=3)) is Loss.GUESSED


async def test_guesses_of_one_batch_are_ranked(log, question):
    """Of six questions at once about one person under a limit of four, four are recorded."""
    subject = ("personal_id", "099191555556")
    fates = await asyncio.gather(*(log.append(question(subject=subject, guess_limit=4)) for _ in range(6)))
    assert [isinstance(fate, Recorded) for fate in fates] == [True] * 4 + [False] * 2


async def test_a_loser_of_the_guesses_has_used_no_quota(log, question):
    """A question refused by the guess limit gives its quota back in the same transaction."""
    subject = ("personal_id", "099191555557")
    draft = question(client="both.client", subject=subject, guess_limit=1, quota_limit=2)
    await ask(log, draft)
    again = question(client="both.client", subject=subject, guess_limit=1, quota_limit=2)
    assert await log.append(again) is Loss.GUESSED
    await ask(log, question(client="both.client", quota_limit=2))


async def test_a_tax_code_that_is_a_personal_number_counts_as_the_person(log, question):
    """Guesses cannot be doubled by naming the same person by a 12-digit tax code."""
    await ask(log, question(subject=("personal_id", "099191555558"), guess_limit=1))
    assert await log.append(question(subject=("tax_code", "099191555558"), guess_limit=1)) is Loss.GUESSED


async def test_a_grant_of_an_old_configuration_is_stale(log, database, question):
    """Once a version is applied, questions granted under the one before are stale and spend nothing."""
    store = ConfigurationStore(database)
    first = await store.apply({"a": 1}, by="operator")
    await ask(log, question(config_version=first))
    second = await store.apply({"a": 2}, by="operator")
    stale = question(config_version=first)
    assert await log.append(stale) is Loss.STALE
    await ask(log, question(config_version=second, nonce=stale.nonce))


async def test_an_answer_is_never_stale(log, database, question):
    """What was asked before a new configuration may still be answered after it."""
    store = ConfigurationStore(database)
    version = await store.apply({"b": 1}, by="operator")
    draft = question(config_version=version)
    asked = await ask(log, draft)
    await store.apply({"b": 2}, by="operator")
    await ask(log, answer_to(draft, asked, "found"))


async def test_times_outside_every_partition_are_refused_whole(log, question):
    """An entry whose time no partition holds is unavailable, and the log serves on after it."""
    with pytest.raises(EvidenceUnavailable):
        await log.append(question(at=datetime(2001, 1, 1, tzinfo=UTC)))
    for _ in range(40):
        if log.healthy:
            break
        await asyncio.sleep(0.05)
    await ask(log, question())


async def test_what_json_cannot_hold_fails_its_caller_alone(log, question):
    """A draft that cannot be encoded raises where it was handed over and harms nobody else."""
    with pytest.raises(TypeError):
        await log.append(question(detail={"x": object()}))
    await ask(log, question())


async def test_a_full_queue_is_unavailable(log, question):
    """The queue is bounded: beyond it an append is refused at once, and what was queued is recorded."""
    waiting = [asyncio.create_task(log.spend(Nonce("q", f"q{n:018d}", 2**31))) for n in range(QUEUE)]
    await asyncio.sleep(0)
    with pytest.raises(EvidenceUnavailable):
        await log.append(question())
    assert await asyncio.gather(*waiting) == [None] * QUEUE


async def test_a_slot_is_free_again_after_close(database, keys, question):
    """The next worker goes on in the same log where its predecessor stopped."""
    one = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    before = await ask(one, question())
    await one.close()
    with pytest.raises(EvidenceUnavailable):
        await one.append(question())
    two = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    after = await ask(two, question())
    await two.close()
    assert (after.origin, after.index) == (before.origin, before.index + 1)


async def test_no_slot_is_shared(database, keys, monkeypatch):
    """Where every slot is taken a worker does not start."""
    monkeypatch.setattr(logs, "SLOTS", 1)
    one = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    with pytest.raises(NoFreeSlot):
        await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    await one.close()


async def test_a_new_year_opens_a_new_log(database, keys, question):
    """When the local year ends the writer goes on in a new log, and what was queued goes there whole."""
    moment = [datetime.now(UTC)]
    log = await EvidenceLog.start(database, keys=keys, origin_base="yearly.example", clock=lambda: moment[0])
    old = await ask(log, question())
    moment[0] = datetime(moment[0].year, 12, 31, 17, 0, 1, tzinfo=UTC)
    new = await ask(log, question(at=moment[0]))
    await log.close()
    assert old.origin.startswith(f"yearly.example/{moment[0].year}/")
    assert new.origin.startswith(f"yearly.example/{moment[0].year + 1}/")
    assert new.index == 0


async def test_an_unknown_commit_is_unavailable_and_never_tried_again(log, database, question, monkeypatch):
    """A connection lost while a batch commits: the caller hears 'unavailable', though the entry may be there, once."""
    real = append.append_batch

    async def commit_then_lose(session: Session, *args: object, **kwargs: object) -> append.Appended:
        await real(session, *args, **kwargs)
        session.terminate()
        return await real(session, *args, **kwargs)

    draft = question()
    monkeypatch.setattr("gateway.evidence.log.append_batch", commit_then_lose)
    with pytest.raises(EvidenceUnavailable):
        await log.append(draft)
    monkeypatch.undo()
    assert len(await logs.entries_of_request(database, draft.request_id)) == 1
    await until_healthy(log, 5)
    assert await log.append(draft) is Loss.REPLAYED


async def until_healthy(log: EvidenceLog, seconds: float) -> None:
    """Wait until the log serves again; fail when it takes longer."""
    limit = time.monotonic() + seconds
    while not log.healthy:
        assert time.monotonic() < limit, log.why_unhealthy
        await asyncio.sleep(0.02)


async def test_a_hung_database_is_unavailable_within_five_seconds(
    postgres: EmbeddedPostgres, database: Database, keys: EvidenceKeys, question
):
    """The server stops answering: everyone in the queue hears so in time, and the log serves again afterwards."""
    log = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    backend = log._lease.session._connection.get_server_pid()
    started = time.monotonic()
    for pid in (backend, postgres.pid):
        os.kill(pid, signal.SIGSTOP)
    try:
        fates = await asyncio.gather(*(log.append(question()) for _ in range(5)), return_exceptions=True)
        assert time.monotonic() - started < 5
        assert all(isinstance(fate, EvidenceUnavailable) for fate in fates)
        with pytest.raises(EvidenceUnavailable):
            await log.append(question())
    finally:
        for pid in (postgres.pid, backend):
            os.kill(pid, signal.SIGCONT)
    await until_healthy(log, 6)
    await ask(log, question())
    await log.close()


async def test_kill_9_of_postgresql_under_load_loses_nothing_acknowledged(
    postgres: EmbeddedPostgres, database: Database, keys: EvidenceKeys, question, crash
):
    """PostgreSQL is killed under load: nothing told is lost, nothing is doubled, the log is back by itself."""
    log = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    told: list[tuple[Draft, Recorded]] = []
    stop = asyncio.Event()

    async def load() -> None:
        while not stop.is_set():
            draft = question()
            try:
                told.append((draft, await ask(log, draft)))
            except EvidenceUnavailable:
                await asyncio.sleep(0.01)

    workers = [asyncio.create_task(load()) for _ in range(8)]
    await asyncio.sleep(0.3)
    crash()
    killed_at = len(told)
    await asyncio.sleep(0.2)
    postgres.start()
    await until_healthy(log, 5)
    await asyncio.sleep(0.3)
    stop.set()
    await asyncio.gather(*workers)
    assert len(told) > killed_at > 0
    for draft, place in told:
        (entry,) = await logs.entries_of_request(database, draft.request_id)
        assert (entry.origin, entry.index) == (place.origin, place.index)
    await log.close()


async def test_an_old_signature_under_the_floor_is_expired_but_its_refusal_is_recorded(log, database, question):
    """`created` at or under the durable floor never passes again; the refusal that says so is an entry."""
    floor = int(time.time()) - 100
    await database.fetch("housekeeping.raise_floor", floor)
    at_floor = Nonce("H99.igate", "under-the-floor-1", floor)
    assert await log.append(question(nonce=at_floor)) is Loss.EXPIRED
    assert await log.spend(at_floor) is Loss.EXPIRED
    refused = question()
    await ask(log, Draft(Kind.REFUSED, refused.request_id, refused.at, client="H99.igate", nonce=at_floor))
    await ask(log, question(nonce=Nonce("H99.igate", "above-the-floor-1", floor + 1)))


async def test_a_deadline_and_a_time_survive_to_the_microsecond(log, database, question):
    """An entry's time is the gateway's own, and what is read back is what was handed over."""
    at = datetime.now(UTC) - timedelta(microseconds=7)
    place = await ask(log, question(at=at))
    stored = await logs.entry_by_id(database, place.entry_id)
    assert stored.at == place.at == at
