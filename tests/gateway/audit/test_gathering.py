"""What is read around a batch, against real tables: bounded, however busy an account is."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import asyncpg
import pytest

from gateway.audit.facts import Lookup, Staff
from gateway.audit.gathering import HISTORY_DAYS, MOST_PAST, gather
from gateway.audit.judging import judge_batch
from gateway.audit.rules.table import RULES

AT = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
"""A Wednesday, four in the afternoon in Hà Nội."""
UNIT, SHARED, COLLEAGUE = "H77.01", sha256(b"shared account").digest(), sha256(b"colleague").digest()
TODAY = 900
_ENTRIES = """
INSERT INTO entry (log_id, index, at, entry_id, kind, request_id, client, service, unit, officer, subject,
                             outcome, question, leaf)
SELECT 770, n, $1::timestamptz - n * interval '10 seconds', md5('shared' || n)::uuid, 'answered', 'r', 'H77.igate',
       'population/person', $2, $3, sha256(convert_to('citizen' || n, 'UTF8')), 'found', NULL, '{}'
FROM generate_series(1, $4::integer) AS n
"""
_DAYS = """
INSERT INTO audit_officer_day
SELECT $1, $2::date - n, $3, 40 + n % 5, 20 + n % 3 FROM generate_series(1, $4::integer) AS n
"""


@pytest.fixture
async def crowded(database_urls):
    """Leave 900 look-ups of one account today, after four weeks of forty a day by it and by a colleague."""
    owner = await asyncpg.connect(database_urls.owner, server_settings={"search_path": "lienthong"})
    await owner.execute("DELETE FROM entry WHERE log_id = 770")
    await owner.execute("DELETE FROM audit_officer_day WHERE unit = $1", UNIT)
    await owner.execute("SELECT make_partitions($1, 2)", AT)
    await owner.execute(_ENTRIES, AT, UNIT, SHARED, TODAY)
    for who in (SHARED, COLLEAGUE):
        await owner.execute(_DAYS, who, AT.date(), UNIT, HISTORY_DAYS)
    await owner.execute("INSERT INTO audit_officer_day VALUES ($1, $2, $3, $4, $4)", SHARED, AT.date(), UNIT, TODAY)
    await owner.close()


def asked():
    """Return the newest look-up of the account."""
    return Lookup(
        770, TODAY + 1, AT, "answered", str(UUID(int=77)), "H77.igate", service="population/person", unit=UNIT,
        officer=SHARED, subject=sha256(b"citizen 1").digest(), year=2026, outcome="found",
    )  # fmt: skip


@pytest.mark.usefixtures("crowded")
async def test_a_shared_account_is_read_in_part_and_counted_whole(database):
    """No more than the newest look-ups of an account are read; how many there were comes from what was counted."""
    facts = await gather(database, [asked()], Staff(), ())
    around = facts.around(asked())
    assert len(around.by_officer) == MOST_PAST < TODAY
    assert min(past.at for past in around.by_officer) == AT - timedelta(seconds=10 * MOST_PAST)
    assert around.counted_today == (TODAY, TODAY)
    batch, _ = judge_batch([asked()], facts, {rule.id: rule.weight for rule in RULES})
    counted = {alert["rule"]: alert["detail"]["values"].get("count") for alert in batch.alerts}
    assert (counted["volume"], counted["breadth"]) == (TODAY, TODAY)


@pytest.mark.usefixtures("crowded")
async def test_nobody_elses_earlier_days_are_looked_at(database):
    """An officer who looks few up is not held against days, its own or others'."""
    few = Lookup(770, 1, AT, "answered", str(UUID(int=78)), "H77.igate", unit=UNIT, officer=COLLEAGUE, year=2026)
    around = (await gather(database, [asked(), few], Staff(), ())).around(few)
    assert (around.own_days, around.peer_days, around.counted_today) == ((), (), (0, 0))
