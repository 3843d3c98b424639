"""What is read around a batch, against real tables: bounded, however busy an account is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import asyncpg
import pytest

from gateway.audit.facts import Lookup, Staff
from gateway.audit.gathering import HISTORY_DAYS, MOST_PAST, gather
from gateway.audit.judging import judge_batch
from gateway.audit.rules.table import RULES
from gateway.store.findings import Mark, put

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


@pytest.fixture
async def called(database_urls):
    """Leave a client that called from one address nine days ago, and from another last year."""
    owner = await asyncpg.connect(database_urls.owner, server_settings={"search_path": "lienthong"})
    await owner.execute("DELETE FROM audit_client_address WHERE client = 'H77.igate'")
    rows = [(2026, b"server", AT - timedelta(days=9)), (2025, b"former", AT - timedelta(days=400))]
    for year, address, first_at in rows:
        await owner.execute(
            "INSERT INTO audit_client_address VALUES ('H77.igate', $1, $2, $3)", year, address, first_at
        )
    await owner.close()


def called_from(address, **changes):
    """Return a look-up of the client from an address."""
    return Lookup(
        771, 1, AT, "answered", str(UUID(int=79)), "H77.igate", unit=UNIT, address=address, year=2026, **changes
    )


@pytest.mark.usefixtures("called")
@pytest.mark.parametrize(
    ("address", "changes", "told"),
    [
        (b"server", {}, False),
        (b"elsewhere", {}, True),
        (b"former", {}, True),
        (b"elsewhere", {"year": 2025}, True),
        (b"elsewhere", {"year": 2027}, False),
        (b"elsewhere", {"client": "H77.new"}, False),
        (b"elsewhere", {"kind": "refused", "outcome": "agreement-missing"}, True),
        (b"elsewhere", {"kind": "refused", "outcome": "signature-replayed"}, False),
    ],
)
async def test_addresses_are_compared_within_a_year(database, address, changes, told):
    """A new year's first day, and a new client's, are learnt from; then an address that was not seen is told."""
    lookup = replace(called_from(address), **changes)
    facts = await gather(database, [lookup], Staff(), ())
    batch, _ = judge_batch([lookup], facts, {rule.id: rule.weight for rule in RULES})
    assert [alert["rule"] for alert in batch.alerts if alert["rule"] == "new-address"] == ["new-address"] * told


@pytest.mark.usefixtures("called")
async def test_an_address_is_known_once_it_was_judged(database):
    """What is written with a batch is what the next one knows; what was refused teaches nothing."""
    accepted, refused = called_from(b"moved"), called_from(b"tried", outcome="agreement-missing")
    refused = replace(refused, kind="refused", question=str(UUID(int=80)))
    for lookups in ([accepted, refused], [accepted, refused]):
        facts = await gather(database, lookups, Staff(), ())
        batch, _ = judge_batch(lookups, facts, {rule.id: rule.weight for rule in RULES})
        assert await put(database, Mark(), AT, batch)
        assert sum(alert["rule"] == "new-address" for alert in batch.alerts) == 2  # judged again: the same
    later = replace(accepted, at=AT + timedelta(seconds=1))
    known = (await gather(database, [later], Staff(), ())).around(later).known_addresses
    assert known == {b"server", b"moved"}


@pytest.mark.usefixtures("crowded")
async def test_nobody_elses_earlier_days_are_looked_at(database):
    """An officer who looks few up is not held against days, its own or others'."""
    few = Lookup(770, 1, AT, "answered", str(UUID(int=78)), "H77.igate", unit=UNIT, officer=COLLEAGUE, year=2026)
    around = (await gather(database, [asked(), few], Staff(), ())).around(few)
    assert (around.own_days, around.peer_days, around.counted_today) == ((), (), (0, 0))


_MANY = """
INSERT INTO entry (log_id, index, at, entry_id, kind, request_id, client, officer, subject, outcome, leaf)
SELECT 772, n, $1::timestamptz - n * interval '1 second', md5('young' || n)::uuid, 'answered', 'r', 'H77.igate',
       sha256(convert_to('officer' || n % 300, 'UTF8')), sha256(convert_to('person' || n % 300, 'UTF8')), 'found', '{}'
FROM generate_series(1, 3000) AS n
"""


@pytest.mark.parametrize(("function", "who"), [("audit_of_officers", "officer"), ("audit_of_people", "person")])
async def test_a_young_log_is_not_read_whole_for_everybody(database_urls, function, who):
    """A plan made on an empty month, with which every month begins, still reads what is asked for and no more."""
    owner = await asyncpg.connect(database_urls.owner, server_settings={"search_path": "lienthong"})
    try:
        await owner.execute("DELETE FROM entry WHERE log_id IN (770, 772)")
        await owner.execute("SELECT make_partitions($1, 2)", AT)
        everybody = [sha256(f"{who}{number}".encode()).digest() for number in range(300)]
        arguments = (everybody, AT - timedelta(hours=24), AT, MOST_PAST)
        assert not await owner.fetch(f"SELECT * FROM {function}($1, $2, $3, $4)", *arguments)  # plans, for good
        await owner.execute(_MANY, AT)
        told = await owner.fetch(f"EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM {function}($1, $2, $3, $4)", *arguments)
        assert "rows=3000.00" in told[0][0]
        pages = int(next(row[0] for row in told if "shared hit=" in row[0]).partition("hit=")[2].split()[0])
        assert pages < 3000 * 5  # three a row; by the wrong index each officer reads everybody's
    finally:
        await owner.execute("DELETE FROM entry WHERE log_id = 772")
        await owner.close()


async def test_officers_days_are_counted_each_by_its_own_stretch_of_an_index(database_urls):
    """However young the log is, a batch's count reads the rows of its officers and not a month's for each of them."""
    owner = await asyncpg.connect(database_urls.owner, server_settings={"search_path": "lienthong"})
    try:
        await owner.execute("DELETE FROM entry WHERE log_id IN (770, 772)")
        await owner.execute("SELECT make_partitions($1, 2)", AT)
        officers = [sha256(f"officer{number}".encode()).digest() for number in range(300)]
        count = "SELECT audit_officers_put($1, $2)"
        days = [(AT + timedelta(hours=7)).date()] * len(officers)
        assert await owner.fetchval(count, officers, days)  # plans, for good
        await owner.execute(_MANY, AT)
        before = await _read_by_officer(owner)
        assert await owner.fetchval(count, officers, days)
        scans, rows = (now - then for now, then in zip(await _read_by_officer(owner), before, strict=True))
        assert (scans >= len(officers), rows <= 3000) == (True, True)
        told = await owner.fetch(
            "SELECT sum(lookups), max(persons) FROM audit_officer_day WHERE officer = ANY ($1)", officers
        )
        assert tuple(told[0]) == (3000, 1)
    finally:
        await owner.execute("DELETE FROM entry WHERE log_id = 772")
        await owner.close()


async def _read_by_officer(owner):
    await owner.fetchval("SELECT pg_stat_force_next_flush()")
    return await owner.fetchrow(
        "SELECT sum(idx_scan)::bigint, sum(idx_tup_read)::bigint FROM pg_stat_user_indexes "
        "WHERE indexrelname LIKE 'entry_%_officer_at_idx'"
    )
