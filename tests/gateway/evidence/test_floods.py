"""Refusals of strangers: recorded one by one, then counted, never unbounded."""

from datetime import UTC, datetime

import pytest

from gateway.evidence import floods
from gateway.evidence.contract import Draft, EvidenceUnavailable, Kind, Loss, Recorded
from gateway.evidence.floods import PER_SECOND, RefusalQueue

NOW = datetime(2026, 11, 21, tzinfo=UTC)
REFUSAL = Draft(Kind.REFUSED, "r", NOW, outcome="signature-missing")


class Book:
    """Evidence that writes into a list, or fails."""

    def __init__(self) -> None:
        self.drafts: list[Draft] = []
        self.broken = False

    async def append(self, draft: Draft) -> Recorded | Loss:
        """Keep the draft."""
        if self.broken:
            raise EvidenceUnavailable("broken")
        self.drafts.append(draft)
        return Recorded("id", "o", 0, len(self.drafts), draft.at)


@pytest.fixture
def scene():
    """Make a queue over a list, with a second hand to move."""
    book, hand = Book(), [0.0]
    return book, hand, RefusalQueue(book, clock=lambda: NOW, monotonic=lambda: hand[0])


async def test_an_address_has_its_share_each_second(scene):
    """Twenty a second are entries of their own; more are counted; the next second begins anew."""
    book, hand, queue = scene
    fates = [await queue.record(REFUSAL, "192.0.2.1") for _ in range(30)]
    assert [fate is not None for fate in fates] == [True] * PER_SECOND + [False] * 10
    assert await queue.record(REFUSAL, "192.0.2.2") is not None
    hand[0] = 1.0
    assert await queue.record(REFUSAL, "192.0.2.1") is not None
    assert len(book.drafts) == PER_SECOND + 2


async def test_a_flood_becomes_one_entry_with_its_count_and_reasons(scene):
    """The aggregate tells how many were counted and why, and its address sealed."""
    book, _hand, queue = scene
    for _ in range(PER_SECOND + 5):
        await queue.record(REFUSAL, "192.0.2.1")
    await queue.record(Draft(Kind.REFUSED, "r", NOW, outcome="request-malformed"), "192.0.2.1")
    assert await queue.aggregate() == 1
    aggregate = book.drafts[-1]
    assert aggregate.detail["count"] == 6
    assert aggregate.detail["reasons"] == {"signature-missing": 5, "request-malformed": 1}
    assert aggregate.address == "192.0.2.1"
    assert await queue.aggregate() == 0


async def test_nothing_counted_is_forgotten_when_the_log_is_down(scene):
    """An aggregate that could not be written keeps its count for the next time."""
    book, _hand, queue = scene
    for _ in range(PER_SECOND + 3):
        await queue.record(REFUSAL, "192.0.2.1")
    book.broken = True
    with pytest.raises(EvidenceUnavailable):
        await queue.aggregate()
    book.broken = False
    await queue.record(REFUSAL, "192.0.2.1")
    assert await queue.aggregate() == 1
    assert book.drafts[-1].detail["count"] == 4


async def test_memory_is_bounded(scene, monkeypatch):
    """However many addresses and reasons come, what is kept of them is bounded, and the counts still add up."""
    monkeypatch.setattr(floods, "ADDRESSES", 5)
    monkeypatch.setattr(floods, "PER_SECOND", 0)
    book, _hand, queue = scene
    for number in range(200):
        await queue.record(Draft(Kind.REFUSED, "r", NOW, outcome=f"reason-{number}"), f"address-{number % 50}")
    assert len(queue._addresses) <= 6
    await queue.aggregate()
    assert sum(draft.detail["count"] for draft in book.drafts) == 200
    assert all(len(draft.detail["reasons"]) <= 33 for draft in book.drafts)
