"""What keeps the store small and ready: partitions ahead, old nonces and counters gone, open questions found.

The rule: nonces are dropped only after the durable floor rose over them (PROTOCOL section 1); the SQL
functions refuse to drop what may still be needed.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.store.database import Database

NONCE_AGE_S = 86_400
MONTHS_AHEAD = 3
_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question past its deadline that has no answer; `allowed_s` is how long it had."""

    log_id: int
    index: int
    entry_id: str
    leaf: bytes
    allowed_s: float


async def make_partitions(database: Database, around: datetime, ahead: int = MONTHS_AHEAD) -> int:
    """Make the months' partitions from the one before `around` to `ahead` after it; return how many were new."""
    return int(await database.fetchval("housekeeping.make_partitions", around, ahead))


async def drop_old_nonces(database: Database, age_s: int = NONCE_AGE_S) -> int:
    """Raise the floor to `age_s` ago and drop the nonces under it, in batches; return how many.

    By the database's clock; never younger ones than 24 hours.
    """
    await database.fetch("housekeeping.raise_floor_to_age", max(age_s, NONCE_AGE_S))
    return await _in_batches(database, "housekeeping.drop_nonces", age_s)


async def drop_old_counters(database: Database, before: bytes) -> int:
    """Drop counters of days before the day `before` (four bytes), never yesterday's; return how many."""
    return await _in_batches(database, "housekeeping.drop_counters", before)


async def _in_batches(database: Database, name: str, bound: int | bytes) -> int:
    total = 0
    while True:
        dropped = int(await database.fetchval(name, bound, _BATCH))
        total += dropped
        if dropped < _BATCH:
            return total


async def raise_nonce_floor(database: Database, floor: int) -> int:
    """Refuse every signature created at or before `floor` (Unix seconds) from now on; return the floor in force."""
    return int(await database.fetchval("housekeeping.raise_floor", floor))


async def open_questions(database: Database, log_id: int, overdue_since: datetime, limit: int) -> list[OpenQuestion]:
    """Return questions after the log's sweep mark whose deadline was before `overdue_since` and that nobody closed."""
    rows = await database.fetch("housekeeping.open_questions", log_id, overdue_since, limit)
    return [OpenQuestion(row[0], row[1], str(row[2]), row[3], row[4]) for row in rows]


async def advance_sweep(database: Database, log_id: int) -> int:
    """Move the log's sweep mark up to its first question that is still open; return the mark."""
    return int(await database.fetchval("housekeeping.advance_sweep", log_id))
