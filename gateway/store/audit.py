"""Reads for an audit of the whole log: pages in order, in bounded memory, whoever appends meanwhile.

The rule: nothing here trusts an order, a count or a foreign key of the database; pages follow the primary key.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.store.database import Database

PAGE = 2000
_BEFORE_ALL = -(2**63)
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


async def entry_pages(database: Database, log_id: int) -> AsyncIterator[Sequence[Any]]:
    """Yield a log's rows in pages, ordered by index: every column and the leaf."""
    index, at = _BEFORE_ALL, _LONG_AGO
    while True:
        rows = await database.fetch("audit.entries", log_id, index, at, PAGE)
        if not rows:
            return
        yield rows
        index, at = rows[-1]["index"], rows[-1]["at"]


async def log_ids(database: Database) -> list[int]:
    """Return the ids of all logs that entries claim to be of, known or not."""
    found: list[int] = []
    last: int | None = -(2**31)
    while (last := await database.fetchval("audit.next_log_id", last)) is not None:
        found.append(last)
    return found


async def tiles(database: Database, log_id: int, level: int, first: int, last: int) -> dict[int, bytes]:
    """Return the tiles of a level from `first` to `last`, inclusive, by index."""
    return {row[0]: row[1] for row in await database.fetch("audit.tiles", log_id, level, first, last)}


async def tiles_beyond(database: Database, log_id: int, counts: Sequence[int]) -> list[tuple[int, int]]:
    """Return (level, index) of tiles outside a tree that has `counts[level]` tiles a level."""
    levels = list(range(len(counts)))
    return [(row[0], row[1]) for row in await database.fetch("audit.tiles_beyond", log_id, levels, list(counts))]


async def checkpoint_pages(database: Database, log_id: int) -> AsyncIterator[Sequence[Any]]:
    """Yield a log's checkpoints, (size, note), in pages by size."""
    size = 0
    while rows := await database.fetch("audit.checkpoints", log_id, size, PAGE):
        yield rows
        size = rows[-1][0]


async def index_beyond_head(database: Database, log_id: int) -> int | None:
    """Return the first index at or beyond the head of the log, as one statement sees both; None where all is well."""
    index: int | None = await database.fetchval("audit.beyond_head", log_id)
    return index


async def unknown_questions(database: Database, questions: Sequence[str]) -> set[str]:
    """Return those ids that no entry of kind `asked` has."""
    return {str(row[0]) for row in await database.fetch("audit.unknown_questions", questions)}


async def answered_twice(database: Database, questions: Sequence[str]) -> set[str]:
    """Return those questions that more than one `answered` entry closes."""
    return {str(row[0]) for row in await database.fetch("audit.answered_twice", questions)}


async def never_closed(database: Database, questions: Sequence[str]) -> set[str]:
    """Return those questions that no entry closes."""
    return {str(row[0]) for row in await database.fetch("audit.never_closed", questions)}
