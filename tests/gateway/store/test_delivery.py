"""The outbox's claims and settlements: leases, tokens, parking, and what is dropped when."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.dossiers.receiving import Receiver
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import MinuteSealer
from gateway.store import delivery
from gateway.store.scope import Scope
from schemas.dossiers import DossierEvent

AT = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
_serials = count(1)


@pytest.fixture
async def queued(database):
    """Queue two events of a new dossier; its code comes back."""
    code = f"H99.02-261121-{next(_serials):04}"
    pseudonyms = Pseudonyms({2026: bytes(32)})
    receiver = Receiver(database, pseudonyms=pseudonyms, sealer=MinuteSealer(X25519PrivateKey.generate().public_key()))
    events = [DossierEvent(f"{code}/{n}", code, "9.999901", "H99.02", n, AT + timedelta(minutes=n)) for n in (1, 2)]
    await receiver.receive("H99.igate", Scope.of(["H99*"]), events, request_id="r", now=AT)
    return code


async def _claim(database, code, lease_s=30.0):
    return next((one for one in await delivery.claim(database, 100, lease_s) if one.dossier == code), None)


async def test_a_claim_is_a_lease(database, queued):
    """A claimed dossier is nobody else's until its lease is over, and then its next claim is in doubt."""
    first = await _claim(database, queued, 0.0)
    again = await _claim(database, queued)
    assert (first.doubtful, again.doubtful) == (False, True)
    assert again.token == first.token + 1
    assert (first.sequence, first.late, first.applied, first.client) == (again.sequence, False, True, "H99.igate")
    assert await _claim(database, queued) is None


async def test_what_waits_by_a_clock_that_was_set_back_is_recalled(database, queued):
    """Due hours ahead it would wait for hours; a lease that may still run is left its time, an ordinary wait too."""
    one = await _claim(database, queued)
    assert await delivery.recall(database, 30.0) == 0
    await delivery.settle(database, [delivery.Settlement(queued, one.token, one.sequence, "retry", 7200.0, "http-5xx")])
    assert await _claim(database, queued) is None
    assert await delivery.recall(database, 30.0) == 1
    assert (await _claim(database, queued, 7200.0)).doubtful is False
    assert await delivery.recall(database, 30.0) == 1
    assert await _claim(database, queued) is None, "a lease of two hours is cut to one of thirty seconds"
    head, _ = await delivery.head_of(database, queued)
    assert timedelta(seconds=20) < head.due_at - datetime.now(UTC) < timedelta(seconds=31)


async def test_events_go_one_after_another(database, queued):
    """Settling an event makes the next one due; after the last there is nothing."""
    for _ in range(2):
        one = await _claim(database, queued)
        assert await delivery.settle(database, [delivery.Settlement(queued, one.token, one.sequence, "sent")]) == 1
    assert await _claim(database, queued) is None
    head, lines = await delivery.head_of(database, queued)
    assert (head.pending, head.next, head.acknowledged) == (0, None, lines[1].sequence)
    assert [line.how for line in lines] == ["sent", "sent"]


async def test_an_old_token_settles_nothing(database, queued):
    """Whoever was overtaken changes nothing, and is told so."""
    old = await _claim(database, queued, 0.0)
    new = await _claim(database, queued)
    assert await delivery.settle(database, [delivery.Settlement(queued, old.token, old.sequence, "sent")]) == 0
    assert (await delivery.head_of(database, queued))[1][0].how is None
    assert await delivery.settle(database, [delivery.Settlement(queued, new.token, new.sequence, "sent")]) == 1


@pytest.mark.parametrize(("fate", "doubtful"), [("retry", False), ("doubt", True)])
async def test_what_failed_waits(database, queued, fate, doubtful):
    """A retry is due after its wait, with or without doubt, and its attempts are counted."""
    one = await _claim(database, queued)
    await delivery.settle(database, [delivery.Settlement(queued, one.token, one.sequence, fate, 30.0, "reset")])
    assert await _claim(database, queued) is None
    head, _ = await delivery.head_of(database, queued)
    assert (head.attempts, head.last_error, head.in_doubt) == (1, "reset", doubtful)


async def test_parked_until_replayed(database, queued):
    """A parked dossier is not claimed and is listed first; a replay lets it go on."""
    one = await _claim(database, queued)
    await delivery.settle(database, [delivery.Settlement(queued, one.token, one.sequence, "park", error="portal-1")])
    assert await _claim(database, queued) is None
    assert queued in {head.dossier for head in await delivery.heads(database, "parked", 100)}
    assert queued not in {head.dossier for head in await delivery.heads(database, "waiting", 100)}
    assert (await delivery.backlog(database)).parked >= 1
    assert await delivery.replay(database, queued) == 2
    assert (await _claim(database, queued)).doubtful
    assert await delivery.replay(database, queued, unasked=True) == 2
    assert not (await _claim(database, queued)).doubtful


async def test_content_is_dropped_after_delivery_only(database, database_urls, queued):
    """A day after its delivery an event's content is gone and cannot be replayed; what waits keeps its own."""
    one = await _claim(database, queued)
    await delivery.settle(database, [delivery.Settlement(queued, one.token, one.sequence, "sent")])
    assert await delivery.drop_payloads(database, 0.0) == 0  # never within the hour
    owner = await delivery.Database.connect(database_urls.owner)
    async with owner._pool.acquire() as connection:
        await connection.execute(
            "UPDATE lienthong.delivery SET delivered_at = now() - interval '2 days' WHERE sequence = $1", one.sequence
        )
    await owner.close()
    assert await delivery.drop_payloads(database, 86_400.0) == 1
    assert [line.kept for line in (await delivery.head_of(database, queued))[1]] == [False, True]
    assert await delivery.replay(database, queued, one.sequence) == 1


async def test_nothing_to_settle(database):
    """Settling nothing is nothing."""
    assert await delivery.settle(database, []) == 0
