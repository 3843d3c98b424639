"""Questions that nobody answered are closed, once."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.evidence.contract import Draft, Kind
from gateway.evidence.sweeper import GRACE_S, Sweeper
from gateway.store.housekeeping import open_questions
from gateway.store.logs import entries_of_request, log_states


class Hands:
    """A sweeper between two clocks that a test sets."""

    def __init__(self, database, log):
        self.wall, self.steady = datetime.now(UTC), 0.0
        self._sweeper = Sweeper(database, log, clock=lambda: self.wall, monotonic=lambda: self.steady)

    async def sweep(self, after_s=0.0):
        """Sweep so many seconds later by the steady clock."""
        self.steady += after_s
        return await self._sweeper.sweep()


@pytest.fixture
def hands(database, log):
    """Make a sweeper of the log."""
    return Hands(database, log)


async def test_overdue_questions_are_closed_once_and_answered_ones_are_not(database, log, question, hands):
    """Past deadline and grace an open question gets one `abandoned` entry; others get none."""
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    open_one, answered, young = question(at=long_ago, deadline=long_ago), question(deadline=long_ago), question()
    await log.append(open_one)
    asked = await log.append(answered)
    await log.append(young)
    await log.append(Draft(Kind.ANSWERED, answered.request_id, datetime.now(UTC), question=asked.entry_id))
    assert [await hands.sweep(after) for after in (0, GRACE_S - 1, 1, 0)] == [0, 0, 1, 0]
    first, closing = await entries_of_request(database, open_one.request_id)
    leaf = orjson.loads(closing.leaf)
    assert (closing.kind, leaf["outcome"], leaf["question"]) == (
        "abandoned",
        "abandoned",
        orjson.loads(first.leaf)["id"],
    )
    assert (leaf["client"], leaf["service"]) == ("H99.igate", "population/person")
    assert [entry.kind for entry in await entries_of_request(database, young.request_id)] == ["asked"]


async def test_the_mark_waits_for_open_questions(database, log, question, hands):
    """The sweep mark passes closed questions only, so that one whose deadline is far off is still found later."""
    far = question(deadline=datetime.now(UTC) + timedelta(hours=1))
    place = await log.append(far)
    await hands.sweep()
    for _ in range(5):
        await log.append(Draft(Kind.READ, "r", datetime.now(UTC)))
    await hands.sweep()
    later = datetime.now(UTC) + timedelta(hours=3)
    log_id = (await log_states(database))[0].log_id
    assert place.index in [found.index for found in await open_questions(database, log_id, later, 10)]
    hands.wall = later
    await hands.sweep()
    assert await hands.sweep(3600 + GRACE_S) >= 1


async def test_a_clock_that_jumps_ahead_closes_nothing_that_is_under_way(database, log, question, hands):
    """A question whose deadline the clock jumped over has its own time, and is closed once where it gets no answer."""
    at = datetime.now(UTC)
    under_way, lost = (question(at=at, deadline=at + timedelta(seconds=90)) for _ in range(2))
    asked = await log.append(under_way)
    await log.append(lost)
    hands.wall += timedelta(hours=2)
    assert [await hands.sweep(after) for after in (0, 60, 25)] == [0, 0, 0]
    await log.append(Draft(Kind.ANSWERED, under_way.request_id, hands.wall, question=asked.entry_id))
    assert [await hands.sweep(after) for after in (60, 10, 10)] == [0, 1, 0]
    assert [entry.kind for entry in await entries_of_request(database, under_way.request_id)] == ["asked", "answered"]
    assert [entry.kind for entry in await entries_of_request(database, lost.request_id)] == ["asked", "abandoned"]


async def test_an_answer_from_before_its_question_closes_it(database, log, question, hands):
    """The clock was set back by two hours while a question was under way: its answer bears the earlier time."""
    ahead = datetime.now(UTC) + timedelta(hours=2)
    draft = question(at=ahead, deadline=ahead + timedelta(seconds=3))
    asked = await log.append(draft)
    await log.append(Draft(Kind.ANSWERED, draft.request_id, datetime.now(UTC), question=asked.entry_id))
    hands.wall += timedelta(hours=3)
    await hands.sweep()
    await hands.sweep(3600)
    assert {entry.kind for entry in await entries_of_request(database, draft.request_id)} == {"asked", "answered"}
