"""Pages for an audit follow the key, whatever was done to the rows."""

from datetime import UTC, datetime

import pytest

from gateway.store import audit
from gateway.store.append import EntryRow, append_batch
from gateway.store.database import Database
from gateway.store.logs import lease_slot, open_log

QUESTION = "00000000-0000-7000-8000-0000000000%02d"


@pytest.fixture
async def log_id(database: Database) -> int:
    """Write a log of nine rows: questions 0 to 4, and answers to 0, 1, 1 and to one never asked."""
    async with database.own_session() as session:
        slot = await lease_slot(session)
        log_id, _origin, size = await open_log(session, slot, 2026, "audit.example")
        if size == 0:
            bare = dict.fromkeys(EntryRow._fields) | {"at": datetime.now(UTC), "request_id": "r", "leaf": b"{}"}
            rows = [EntryRow(**{**bare, "kind": "asked", "entry_id": QUESTION % number}) for number in range(5)]
            rows += [
                EntryRow(**{**bare, "kind": "answered", "entry_id": QUESTION % (50 + n), "question": QUESTION % asked})
                for n, asked in enumerate((0, 1, 1, 99))
            ]
            await append_batch(session, log_id, slot, rows)
        return log_id


async def test_pages_hold_every_row_once(database: Database, log_id: int, monkeypatch):
    """Pages of any size give every row once and in order."""
    for size in (1, 2, 3, 100):
        monkeypatch.setattr(audit, "PAGE", size)
        pages = [page async for page in audit.entry_pages(database, log_id)]
        assert [row["index"] for page in pages for row in page] == list(range(9))
        assert max(len(page) for page in pages) <= size


@pytest.mark.usefixtures("log_id")
async def test_questions_and_answers_are_paired(database: Database):
    """Unknown questions, double answers and open questions are told apart."""
    everyone = [QUESTION % number for number in (0, 1, 2, 99)]
    assert await audit.unknown_questions(database, everyone) == {QUESTION % 99}
    assert await audit.answered_twice(database, everyone) == {QUESTION % 1}
    assert await audit.never_closed(database, everyone) == {QUESTION % 2}


async def test_logs_are_found_by_their_entries(database: Database, log_id: int):
    """Every log that an entry claims is listed, and an index beyond the head would be."""
    assert await audit.log_ids(database) == [log_id]
    assert await audit.index_beyond_head(database, log_id) is None
    assert await audit.tiles(database, log_id, 0, 0, 9) == {}
    assert await audit.tiles_beyond(database, log_id, [1]) == []
