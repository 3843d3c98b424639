"""Questions that nobody answered are closed, once."""

from datetime import UTC, datetime, timedelta

import orjson

from gateway.evidence.contract import Draft, Kind
from gateway.evidence.sweeper import sweep
from gateway.store.housekeeping import open_questions
from gateway.store.logs import entries_of_request, log_states


async def test_overdue_questions_are_closed_once_and_answered_ones_are_not(database, log, question):
    """Past deadline and grace an open question gets one `abandoned` entry; others get none."""
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    open_one, answered, young = question(at=long_ago, deadline=long_ago), question(deadline=long_ago), question()
    await log.append(open_one)
    asked = await log.append(answered)
    await log.append(young)
    await log.append(Draft(Kind.ANSWERED, answered.request_id, datetime.now(UTC), question=asked.entry_id))
    assert await sweep(database, log, lambda: datetime.now(UTC)) == 1
    assert await sweep(database, log, lambda: datetime.now(UTC)) == 0
    first, closing = await entries_of_request(database, open_one.request_id)
    leaf = orjson.loads(closing.leaf)
    assert (closing.kind, leaf["outcome"], leaf["question"]) == (
        "abandoned",
        "abandoned",
        orjson.loads(first.leaf)["id"],
    )
    assert (leaf["client"], leaf["service"]) == ("H99.igate", "population/person")
    assert [entry.kind for entry in await entries_of_request(database, young.request_id)] == ["asked"]


async def test_the_mark_waits_for_open_questions(database, log, question):
    """The sweep mark passes closed questions only, so that one whose deadline is far off is still found later."""
    far = question(deadline=datetime.now(UTC) + timedelta(hours=1))
    place = await log.append(far)
    await sweep(database, log, lambda: datetime.now(UTC))
    for _ in range(5):
        await log.append(Draft(Kind.READ, "r", datetime.now(UTC)))
    await sweep(database, log, lambda: datetime.now(UTC))
    later = datetime.now(UTC) + timedelta(hours=3)
    log_id = (await log_states(database))[0].log_id
    assert place.index in [found.index for found in await open_questions(database, log_id, later, 10)]
    assert await sweep(database, log, lambda: later) >= 1
