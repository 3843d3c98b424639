"""What the counting screens read: look-ups by day, each counted once."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from gateway.store.console_screens import Screens
from gateway.store.database import Database
from gateway.store.findings import count_days
from gateway.store.scope import Scope
from schemas.dates import local_day

NOW = datetime.now(UTC) - timedelta(minutes=5)
FILL = """
INSERT INTO lienthong.entry (log_id, index, at, entry_id, kind, request_id, client, service, unit, officer, outcome,
                             leaf)
SELECT $1, n, $2::timestamptz - n % 3 * interval '24 hours', gen_random_uuid(),
       CASE WHEN n % 10 = 0 THEN 'asked' WHEN n % 10 = 1 THEN 'refused' ELSE 'answered' END, 'r' || n, 'H97.portal',
       'tax/taxpayer', CASE WHEN n % 4 = 0 THEN 'H97.02' ELSE 'H97.01' END, sha256(convert_to('o' || n % 5, 'UTF8')),
       CASE WHEN n % 10 = 2 THEN 'registry-timeout' WHEN n % 10 = 1 THEN 'field-not-granted' ELSE 'found' END, 'x'
FROM generate_series(0, 599) AS n
"""


@pytest.fixture
async def counted(database_urls):
    """Fill a log with 600 entries of which 540 ended exchanges, and count them in small steps."""
    owner = await asyncpg.connect(database_urls.owner)
    log_id = await owner.fetchval("SELECT log_id FROM lienthong.log WHERE origin = 'screens'")
    if log_id is None:
        log_id = await owner.fetchval(
            "INSERT INTO lienthong.log (origin, slot, year) VALUES ('screens', 900, 2026) RETURNING log_id"
        )
        await owner.execute(FILL, log_id, NOW)
        await owner.execute("INSERT INTO lienthong.log_head (log_id, next_index) VALUES ($1, 600)", log_id)
    await owner.close()
    database = await Database.connect(database_urls.application)
    while await count_days(database, 100):
        pass
    yield database
    await database.close()


async def test_every_exchange_is_counted_once(counted):
    """However often it is counted, the sum is what ended; questions are not."""
    await count_days(counted)
    screens, since = Screens(counted, Scope.of(["H97*"])), local_day(NOW) - timedelta(days=5)
    days = await screens.days(since)
    assert sum(days.values()) == 540
    assert len(days) == 3
    assert 0 < sum((await Screens(counted, Scope.of(["H97.02"])).days(since)).values()) < 540
    assert await Screens(counted, Scope.of([])).days(since) == {}


async def test_agencies_and_clients_add_up(counted):
    """Look-ups, refusals and registries' failures of each agency and client are those of the log."""
    screens = Screens(counted, Scope.of(["H97*"]))
    agencies = {row.unit: row for row in await screens.agencies(NOW - timedelta(days=9), 10)}
    assert sum(row.lookups for row in agencies.values()) == 540
    assert sum(row.errors for row in agencies.values()) == 120
    (client,) = await screens.clients(NOW - timedelta(days=9), 10)
    assert (client.client, client.lookups, client.refused) == ("H97.portal", 540, 60)


async def test_one_agency_and_one_client_are_told_by_outcome_and_day(counted):
    """The parts of an agency, and of a client since then and today, add up to the whole."""
    screens, since = Screens(counted, Scope.everything()), NOW - timedelta(days=9)
    outcomes = await screens.agency_outcomes("H97.01", since)
    days = await screens.agency_days("H97.01", local_day(since))
    assert sum(number for _, _, number in outcomes) == sum(days.values()) > 0
    newest = max(days)
    volumes = await screens.client_volumes("H97.portal", since, newest)
    assert sum(number for _, _, number, _ in volumes) == 540
    assert sum(today for *_, today in volumes) == 180
    assert {outcome for _, outcome, _, _ in volumes} == {"found", "registry-timeout", "field-not-granted"}
