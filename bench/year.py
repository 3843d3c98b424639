"""Twelve months of made-up look-ups in the real tables: what the console's benchmarks read.

The rule: shapes are those of the gateway's own rows (leaves, UUIDs by time, pseudonyms of 32 bytes) and as uneven as a
country: one agency has a seventh of everything, some officers and persons have thousands of look-ups, and one in a
hundred thousand answers is of a kind that nobody has seen for weeks. Everything follows from row numbers: a second
filling is the same.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import asyncpg

ORIGIN, LOG_SLOT = "bench.lienthong.invalid/year/1000", 1000
LOOKUPS_OF_A_DOSSIER, AGENCIES, PERSONS = 4, 340, 400_000
ASKED_AND_ANSWERED = 1.97
"""Entries of one look-up: a refused one has a single entry."""
RULES = ("no-dossier", "purpose", "off-hours", "volume", "breadth", "again", "colleague", "over-collection")

_HASHED = "((hashint8extended({}, {}) & 16777215) / 16777216.0)"

# $1 first moment, $2 seconds, $3 number of look-ups before, $4 number of look-ups; `at` is when they ended
_MADE = f"""
CREATE TEMP TABLE made ON COMMIT DROP AS
SELECT n, d, at, unit, client, place,
       sha256(convert_to('o' || place || '-' || floor({_HASHED.format("d", 2)} ^ 2 * (8 + 200 / (place + 1)))
                         || CASE WHEN n % 7 = 0 THEN 'b' ELSE '' END, 'UTF8')) AS officer,
       sha256(convert_to('p' || person, 'UTF8')) AS subject,
       (ARRAY['9.999901', '9.999902', '9.999903', '9.999904', '9.999905', '9.999906', '9.999907', '9.999908',
              '9.999909'])[1 + floor(9 * {_HASHED.format("d", 4)} ^ 2)] AS procedure,
       CASE WHEN s < 0.45 THEN 'population/person' WHEN s < 0.75 THEN 'insurance/health-card'
            WHEN s < 0.90 THEN 'civil-status/birth' WHEN s < 0.97 THEN 'civil-status/marriage'
            WHEN s < 0.999 THEN 'tax/taxpayer' ELSE 'tax/obligations' END AS service,
       CASE WHEN o < 0.00001 THEN 'registry-invalid' WHEN o < 0.90 THEN 'found' WHEN o < 0.96 THEN 'no_match'
            WHEN o < 0.968 THEN 'registry-timeout' WHEN o < 0.97 THEN 'registry-unavailable'
            WHEN o < 0.99 THEN 'dossier-not-open' WHEN o < 0.9999 THEN 'field-not-granted' ELSE 'abandoned'
            END AS outcome,
       CASE WHEN o < 0.97 THEN 'answered' WHEN o < 0.9999 THEN 'refused' ELSE 'abandoned' END AS kind,
       CASE WHEN x < 0.00001 THEN 'emergency' WHEN x < 0.03 THEN 'unexplained' WHEN x < 0.05 THEN 'own_request'
            WHEN x < 0.06 THEN 'correction' ELSE 'open_dossier' END AS explained,
       unit || to_char(at, '-YYMMDD-') || lpad((d % 10000000)::text, 7, '0') AS dossier,
       lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS stamp, md5(n::text) AS noise
FROM (
    SELECT n, d, at, place, 'H' || (place % 34 + 11) || '.' || lpad((place / 34 + 1)::text, 2, '0') AS unit,
           'H' || (place % 34 + 11) || '.igate' AS client, floor({PERSONS} * {_HASHED.format("d", 3)} ^ 2) AS person,
           {_HASHED.format("n", 5)} AS s, {_HASHED.format("n", 6)} AS o, {_HASHED.format("n", 7)} AS x
    FROM (
        SELECT n, n / {LOOKUPS_OF_A_DOSSIER} AS d,
               floor({AGENCIES} * {_HASHED.format(f"n / {LOOKUPS_OF_A_DOSSIER}", 1)} ^ 3)::integer AS place,
               -- days as they are; of each, the offices' hours of Asia/Ho_Chi_Minh: from half past seven to five
               day + interval '30 minutes' + (late - day) * 0.396 + n % 997 * interval '1 microsecond' AS at
        FROM (SELECT n, late, date_trunc('day', late AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' AS day
              FROM (SELECT n, $1::timestamptz + (n - $3) * ($2::float8 / $4::bigint) * interval '1 second' AS late
                    FROM generate_series($3::bigint, $3::bigint + $4::bigint - 1) AS n) AS a OFFSET 0) AS b OFFSET 0
    ) AS c OFFSET 0
) AS e
"""
_ID = "(stamp || '7' || substr(noise, 1, 3) || '{}' || substr(noise, 4, 15))::uuid"
_LEAF = """convert_to(concat(
    '{{"agreement":"', client, '-2026","at":"', to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    '","client":"', client, '",', CASE answer WHEN 1 THEN '"commitment":"' || person64 || '",' END,
    '"component":"TP0', n % 3 + 1, '","config":1,"dossier":"', dossier, '","fields":["birth_date","card_number",'
    '"full_name","status","valid_from","valid_to"],"id":"', id, '","keyid":"', client, '-1","kind":"', said,
    '","legal_basis":"law","mode":"lookup",', CASE answer WHEN 1 THEN '"outcome":"' || outcome || '",' END,
    '"procedure":"', procedure, '","pseudonyms":{{"officer":"', encode(officer, 'base64'), '","subject":"', person64,
    '","year":', extract(year FROM at), '}},', CASE answer WHEN 1 THEN '"question":"' || asked || '",' END,
    '"request_id":"', asked, '","sealed":{{"c":"', repeat(noise, CASE answer WHEN 0 THEN 34 ELSE 13 END),
    '","k":"', noise, '","n":"', substr(noise, 1, 16), '"}},"service":"', service, '","unit":"', unit, '","v":1}}'
), 'UTF8')"""
_ENTRIES = f"""
INSERT INTO entry_of_month (log_id, index, at, entry_id, kind, request_id, client, service, procedure, dossier, unit,
                       officer, subject, person, outcome, question, leaf)
SELECT $1, 2 * n + answer, moment, id, said, asked::text, client, service, procedure, dossier, unit, officer, subject,
       CASE WHEN said = 'answered' THEN subject END, CASE answer WHEN 1 THEN outcome END,
       CASE WHEN answer = 1 AND kind <> 'refused' THEN asked END, {_LEAF.format()}
FROM (
    SELECT made.*, answer, at - (1 - answer) * interval '80 milliseconds' AS moment, {_ID.format("8")} AS asked,
           CASE answer WHEN 0 THEN {_ID.format("8")} ELSE {_ID.format("9")} END AS id,
           CASE answer WHEN 0 THEN 'asked' ELSE kind END AS said, encode(subject, 'base64') AS person64
    FROM made, generate_series(0, 1) AS answer WHERE answer = 1 OR kind <> 'refused' OFFSET 0
) AS x ORDER BY n, answer
"""
_FOUND = f"""
INSERT INTO explanation (entry_id, log_id, index, at, agency, kind, version, client, service, procedure, outcome,
                         officer, detail)
SELECT {_ID.format("9")}, $1, 2 * n + 1, at, unit, explained, 1, client, service, procedure, outcome, officer,
       CASE explained WHEN 'unexplained' THEN '{{"why": "unknown-dossier"}}'::jsonb
                      ELSE jsonb_build_object('dossier', dossier) END
FROM made WHERE kind <> 'abandoned'
"""
_ALERTS = f"""
INSERT INTO alert (key, rule, version, entry_id, log_id, index, officer, subject, agency, client, score, sentence_vi,
                   sentence_en, detail, happened_at, at, state)
SELECT 'bench|' || n, ($2::text[])[1 + n % cardinality($2::text[])], 1, {_ID.format("9")}, $1, 2 * n + 1, officer,
       subject, unit, client, 0.5 + n % 480 / 1000.0, 'Tra cứu nêu hồ sơ chưa từng được báo.',
       'The look-up names a dossier that was never reported.', '{{"explanation": "unexplained"}}', at,
       at + interval '3 seconds', CASE WHEN n % 7 < 5 THEN 'closed' ELSE 'open' END
FROM made WHERE explained = 'unexplained' AND n % 5 < 2
"""
_DOSSIERS = """
INSERT INTO dossier (code, agency, client, procedure, status, occurred_at, first_at, received_at, due_at, channel,
                     binds, newest, new_at, new_rank, new_id, new_status)
SELECT DISTINCT ON (d) dossier, unit, client, procedure, 4, at, at, at, at + interval '5 days', 'online', true, 1,
       at, 2, '', 4 FROM made ORDER BY d, n ON CONFLICT DO NOTHING
"""
_PARTIES = """
INSERT INTO dossier_party
SELECT DISTINCT ON (d) dossier, 'applicant', 'personal_id', subject, extract(year FROM at), true, 1
FROM made ORDER BY d, n ON CONFLICT DO NOTHING
"""
_HABITS = """
INSERT INTO audit_officer_day
SELECT officer, (at AT TIME ZONE interval '7 hours')::date, max(unit), count(*), count(DISTINCT subject)
FROM made WHERE kind = 'answered' GROUP BY 1, 2 ON CONFLICT DO NOTHING
"""
_INDEXES = """
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'entry'::regclass AND NOT indisprimary
"""
_KEYS = """
INSERT INTO audit_client_key
SELECT 'H' || n || '.igate', 'H' || n || '.igate-1', $1::timestamptz FROM generate_series(11, 44) AS n
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a filling made: entries and look-ups, and the log they are in."""

    log_id: int
    entries: int
    lookups: int


class _Month(NamedTuple):
    """A part of the year that lies in one month: how many look-ups come before it, and how many are of it."""

    log_id: int
    since: datetime
    past: datetime
    before: int
    lookups: int


async def fill(url: str, entries: int, now: datetime) -> Filled:
    """Fill the twelve months before `now` as the owner of the tables. What is there already stays."""
    first = await _connected(url)
    second = await _connected(url)
    try:
        log_id = await first.fetchval(
            "INSERT INTO log (origin, slot, year) VALUES ($1, $2, $3) RETURNING log_id", ORIGIN, LOG_SLOT, now.year
        )
        lookups = round(entries / ASKED_AND_ANSWERED)
        begin, done = now - timedelta(days=365), 0
        months: list[_Month] = []
        for since, past in _months(begin, now):
            upto = round(lookups * (past - begin) / (now - begin))
            months.append(_Month(log_id, since, past, done, upto - done))
            done = upto
        await asyncio.gather(_work(first, months), _work(second, months))
        await _finish(first, log_id, 2 * lookups, now)
        made = await first.fetchval("SELECT count(*) FROM entry WHERE log_id = $1", log_id)
    finally:
        await first.close()
        await second.close()
    return Filled(log_id, made, lookups)


async def filled(url: str) -> Filled | None:
    """Return what an earlier filling made; None where there was none."""
    connection = await _connected(url)
    try:
        log_id = await connection.fetchval(
            "SELECT log_id FROM log JOIN log_head USING (log_id) WHERE origin = $1", ORIGIN
        )
        made = await connection.fetchval("SELECT count(*) FROM entry WHERE log_id = $1", log_id, timeout=None)
    finally:
        await connection.close()
    return Filled(log_id, made, round(made / ASKED_AND_ANSWERED)) if made else None


async def _connected(url: str) -> asyncpg.Connection:
    settings = {"search_path": "lienthong", "jit": "off", "maintenance_work_mem": "512MB", "synchronous_commit": "off"}
    return await asyncpg.connect(url, server_settings=settings)


async def _work(connection: asyncpg.Connection, months: list[_Month]) -> None:
    """Fill month after month until none is left: two do it side by side."""
    while months:
        month = months.pop(0)
        async with connection.transaction():
            await _fill_month(connection, month)


def _months(begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return the parts of [begin, end) that lie in one month (UTC) each: partitions are monthly."""
    found, first = [], begin
    while first < end:
        past = min(datetime(first.year + first.month // 12, first.month % 12 + 1, 1, tzinfo=UTC), end)
        found.append((first, past))
        first = past
    return found


async def _fill_month(connection: asyncpg.Connection, month: _Month) -> None:
    seconds = (month.past - month.since).total_seconds()
    await connection.execute(_MADE, month.since, seconds, month.before, month.lookups, timeout=None)
    for statement, arguments in (
        (_FOUND, (month.log_id,)),
        (_ALERTS, (month.log_id, list(RULES))),
        (_DOSSIERS, ()),
        (_PARTIES, ()),
        (_HABITS, ()),
    ):
        await connection.execute(statement, *arguments, timeout=None)
    name = f"entry_{month.since:%Y_%m}"
    if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name):
        await connection.execute(_ENTRIES.replace("entry_of_month", name), month.log_id, timeout=None)
        return
    # filled before its indexes are made, and attached with them: a third of the time
    await connection.execute(
        f"CREATE TABLE {name} (LIKE entry INCLUDING DEFAULTS INCLUDING STORAGE) WITH (toast_tuple_target = 8160)"
    )
    await connection.execute(_ENTRIES.replace("entry_of_month", name), month.log_id, timeout=None)
    await connection.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (log_id, index, at)", timeout=None)
    for (definition,) in await connection.fetch(_INDEXES):
        made = re.sub(r"INDEX \S+ ON (ONLY )?\S+", f"INDEX ON {name}", definition, count=1)
        await connection.execute(made, timeout=None)
    start = month.since.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = (start + timedelta(days=32)).replace(day=1)
    await connection.execute(
        f"ALTER TABLE entry ATTACH PARTITION {name} FOR VALUES FROM ('{start}') TO ('{after}')", timeout=None
    )


async def _finish(connection: asyncpg.Connection, log_id: int, size: int, now: datetime) -> None:
    """Mark everything as read, swept and sealed: nobody has to go through it again."""
    async with connection.transaction():
        for table in ("audit_mark", "reuse_mark"):
            await connection.execute(f"INSERT INTO {table} VALUES ('log ' || $1::integer, $2)", log_id, size)
        await connection.execute("INSERT INTO checkpoint VALUES ($1, $2, $3, 'bench')", log_id, size, now)
        await connection.execute("INSERT INTO log_head (log_id, next_index, swept) VALUES ($1, $2, $2)", log_id, size)
        await connection.execute(_KEYS, now - timedelta(days=365))
    while await connection.fetchval("SELECT audit_count_days(200000)", timeout=None):
        pass
    await connection.execute("VACUUM (ANALYZE)", timeout=None)
