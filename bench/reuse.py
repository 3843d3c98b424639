"""`python -m bench reuse`: what reuse costs over twelve months and five million log entries.

An embedded PostgreSQL of its own is filled with made-up dossiers and entries of realistic size; then the rollups are
counted, reuse by agency over the year is read from them, and one month is counted again by the pure functions.
"""

import argparse
import asyncio
from collections.abc import Awaitable
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import asyncpg
import orjson
from rich.console import Console
from rich.table import Table

from bench.scratch import postgres
from gateway.reuse.measuring import Rollups, measure, month_span
from gateway.reuse.recount import recount_abreast
from gateway.sandbox.agreements import documents
from gateway.store.database import Database
from gateway.store.embedded import APPLICATION, OWNER, EmbeddedPostgres
from gateway.store.migrations import migrate
from gateway.store.reuse import Span
from gateway.store.scope import Scope

YEAR, MONTHS, LOOKUPS = 2025, 12, 8
out = Console(width=120)
_T = TypeVar("_T")

# $1 first day of the month, $2 its dossiers, $3 number of dossiers before
_DOSSIERS = """
CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT format('H%s.%s-%s-%s', agency / 10 + 11, lpad((agency % 10 + 1)::text, 2, '0'), to_char(at, 'YYMMDD'),
              lpad(n::text, 7, '0')) AS code,
       format('H%s.%s', agency / 10 + 11, lpad((agency % 10 + 1)::text, 2, '0')) AS agency,
       format('H%s.igate', agency / 10 + 11) AS client, '9.99990' || (n % 9 + 1) AS procedure, n, at
FROM (SELECT n, (n * 7919) % 340 AS agency, $1::timestamptz + (n % 1000) * interval '38 minutes' AS at
      FROM generate_series($3::bigint + 1, $3::bigint + $2::bigint) AS n) AS x
"""
_ROWS = """
INSERT INTO dossier (code, agency, client, procedure, status, occurred_at, first_at, received_at, due_at, channel,
                     result, binds, newest, new_at, new_rank, new_id, new_status)
SELECT code, agency, client, procedure, 9, at + interval '2 days', at, at, at + interval '3 days', 'online',
       '{"electronic": true}', true, 1, at + interval '2 days', 6, '', 9 FROM made;
INSERT INTO dossier_event (sequence, client, event_id, dossier, procedure, agency, status, rank, occurred_at,
                           recorded_at, digest, content, late, applied, source, binds, request_id)
SELECT 4 * (n - 1) + k, client, code || k, code, procedure, agency, (ARRAY[1, 2, 4, 9])[k], (ARRAY[0, 1, 2, 6])[k],
       at + k * interval '11 hours', at + k * interval '11 hours' + n % 500 * interval '1 second', '',
       CASE k WHEN 1 THEN jsonb_build_object('received_at', at) ELSE '{}' END, false, true, 'api', true, 'r'
FROM made, generate_series(1, 4) AS k;
INSERT INTO dossier_component (dossier, code, obtained, lookup_id, digitised, reused, required, sequence)
SELECT code, 'TP0' || k, CASE WHEN (n + k) % 5 = 0 THEN 'upload' ELSE 'registry' END,
       md5('q' || n || '-' || k)::uuid, true, n % 3 < 2, NULL, 1
FROM made, generate_series(1, 3) AS k;
INSERT INTO dossier_party
SELECT code, role, 'personal_id', sha256(convert_to('p' || n % 200000, 'UTF8')), 2025, true, 1
FROM made, unnest(ARRAY['applicant', 'child', 'deceased', 'mother']) AS role;
"""
_ENTRIES = """
INSERT INTO entry (log_id, index, at, entry_id, kind, request_id, client, service, procedure, dossier, unit, officer,
                   subject, outcome, question, leaf)
SELECT 1, 2 * (8 * (n - 1) + k - 1) + answer, at + k * interval '20 minutes' + answer * interval '1 second',
       CASE answer WHEN 0 THEN md5('q' || n || '-' || k)::uuid ELSE md5('a' || n || '-' || k)::uuid END,
       CASE answer WHEN 0 THEN 'asked' ELSE 'answered' END, md5('r' || n || '-' || k), client,
       (ARRAY['civil-status/birth', 'population/person', 'insurance/health-card',
              'population/person'])[(n + k) % 4 + 1],
       procedure, code, agency, sha256(convert_to('o' || n % 5000, 'UTF8')),
       sha256(convert_to('p' || n % 200000, 'UTF8')),
       CASE WHEN answer = 1 THEN CASE WHEN (n + k) % 11 = 0 THEN 'no_match' ELSE 'found' END END,
       CASE WHEN answer = 1 THEN md5('q' || n || '-' || k)::uuid END,
       convert_to('{"component":"TP0' || (k - 1) % 3 + 1 || '","fields":["birth_date","card_number","full_name",'
                  || '"permanent_address","registration_number","valid_to"],"sealed":"'
                  || repeat(md5(n::text), CASE answer WHEN 0 THEN 26 ELSE 12 END) || '","v":1}', 'UTF8')
FROM made, generate_series(1, 8) AS k, generate_series(0, 1) AS answer;
"""


def main(arguments: list[str]) -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench reuse", description=__doc__)
    parser.add_argument("--entries", type=int, default=5_000_000)
    parser.add_argument("--directory", type=Path, help="keep the filled database here, and use it again")
    options = parser.parse_args(arguments)
    with postgres(options.directory) as server:
        asyncio.run(_measured(server, options.entries))


async def _measured(server: EmbeddedPostgres, entries: int) -> None:
    await migrate(server.url(OWNER), APPLICATION)
    filling, dossiers = await _timed(_fill(server.url(OWNER), entries))
    database = await Database.connect(server.url(APPLICATION))
    everything, year = Scope.everything(), Span(date(YEAR, 1, 1), date(YEAR + 1, 1, 1), "agency")
    counting, _ = await _timed(Rollups(database).refresh())
    again, _ = await _timed(Rollups(database).refresh())
    today = date(YEAR + 1, 6, 1)
    reads = [await _timed(measure(database, everything, year, today=today)) for _ in range(5)]
    reading, rows = sorted(reads, key=lambda timed: timed[0])[2]
    recounting, done = await _timed(recount_abreast(database, server.url(APPLICATION), month_span(f"{YEAR}-06")))
    await database.close()
    if done.differences:
        raise SystemExit(f"the recount differs: {done.differences[:3]}")
    table = Table("what", "of", "seconds", "target", title=f"Reuse over {MONTHS} months, {entries:,} log entries")
    table.add_row("filling", f"{dossiers:,} dossiers", f"{filling:.0f}", "")
    table.add_row("counting every rollup", f"{dossiers:,} dossiers", f"{counting:.1f}", "")
    table.add_row("looking for news", "nothing new", f"{again:.3f}", "")
    table.add_row("reuse by agency, 12 months", f"{len(rows)} agencies", f"{reading:.3f}", "1")
    table.add_row("recount of one month", f"{done.dossiers:,} dossiers", f"{recounting:.1f}", "10")
    out.print(table)


async def _timed(work: Awaitable[_T]) -> tuple[float, _T]:
    begun = perf_counter()
    done = await work
    return perf_counter() - begun, done


async def _fill(url: str, entries: int) -> int:
    """Fill the year month by month, unless it is filled; return how many dossiers there are."""
    a_month = entries // (2 * LOOKUPS * MONTHS)
    connection = await asyncpg.connect(url, server_settings={"search_path": "lienthong", "jit": "off"})
    try:
        if found := await connection.fetchval("SELECT count(*) FROM dossier"):
            return int(found)
        await connection.execute(f"SELECT make_partitions('{YEAR}-02-01', 13)")
        await connection.execute(
            "INSERT INTO configuration VALUES (1, $1::jsonb, '', 'bench', $2)",
            orjson.dumps(documents()).decode(),
            datetime(YEAR - 1, 1, 1, tzinfo=UTC),
        )
        await connection.execute("UPDATE in_force SET configuration = 1")
        await connection.execute("INSERT INTO log (origin, slot, year) VALUES ('bench', 0, 2025)")
        for month in range(MONTHS):
            async with connection.transaction():
                await connection.execute(
                    _DOSSIERS, datetime(YEAR, month + 1, 1, tzinfo=UTC), a_month, month * a_month, timeout=None
                )
                await connection.execute(_ROWS, timeout=None)
                await connection.execute(_ENTRIES, timeout=None)
        dossiers = MONTHS * a_month
        await connection.execute("INSERT INTO log_head (log_id, next_index) VALUES (1, $1)", 2 * LOOKUPS * dossiers)
        await connection.execute("UPDATE dossier_feed SET last = $1", 4 * dossiers)
        await connection.execute("VACUUM ANALYZE", timeout=None)
    finally:
        await connection.close()
    return dossiers
