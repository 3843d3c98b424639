"""The SQL's rollups against the pure functions, over a made-up country, and what is behind them."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from gateway.reuse import measuring
from gateway.reuse.behind import Question, behind
from gateway.reuse.counting import count
from gateway.reuse.facts import local_day_of, midnight
from gateway.reuse.keeping import keep_counted
from gateway.reuse.loading import from_the_start, load_catalogues, load_pages
from gateway.reuse.measuring import GROUPS, Rollups, as_json, measure, month_span, procedure_names, repeated
from gateway.reuse.metrics import LAG_BOUNDS_S, Rate, lag_bucket, percentile
from gateway.reuse.recount import recount
from gateway.reuse.repeats import repeat_asks
from gateway.reuse.report.figures import figures
from gateway.reuse.report.gathering import gather
from gateway.store.database import Database, StoreUnavailable
from gateway.store.reuse import Span, days
from gateway.store.scope import Scope

FIRST, PAST, TODAY = date(2026, 2, 1), date(2026, 7, 1), date(2026, 5, 20)
ALL = Scope.everything()
H98 = Scope.of(["H98*"])


@pytest.fixture(scope="module")
def stored(country, database_urls):
    """Put the country into the module's database and bring the rollups up to date, once."""

    async def fill():
        await country.store(database_urls.owner)
        database = await Database.connect(database_urls.application)
        assert await Rollups(database).refresh()
        await database.close()

    asyncio.run(fill())
    return database_urls


@pytest.fixture
def rolled(stored, database):
    """Open the database whose rollups are up to date."""
    assert stored
    return database


@pytest.fixture(scope="session")
def counted(country, catalogues):
    """Count the country by the pure functions."""
    return count(country.dossiers, catalogues)


async def test_lag_is_counted_by_bucket_and_day_of_recording(rolled, country):
    """The histogram in SQL is that of every event, by agency and procedure; bounds are the same in both."""
    told = Counter(
        {(row["day"], row["agency"], row["procedure"], row["bucket"]): row["events"]
         for row in await days(rolled, "lag", FIRST, date(2027, 1, 1))}
    )  # fmt: skip
    assert told == Counter(
        (local_day_of(event.recorded_at), one.agency, one.procedure,
         lag_bucket((event.recorded_at - event.occurred_at).total_seconds()))
        for one in country.dossiers for event in one.events
    )  # fmt: skip


async def test_the_bounds_of_lag_are_the_databases(stored):
    """One list in two languages."""
    connection = await asyncpg.connect(stored.owner)
    assert await connection.fetchval("SELECT lienthong.reuse_lag_bounds()") == list(LAG_BOUNDS_S)
    await connection.close()


@pytest.mark.parametrize("group_by", ["", *GROUPS])
async def test_groups_add_up_and_unfinished_dossiers_follow_the_periods_end(rolled, counted, group_by):
    """Each group's metrics are the sum of its cells; what is due from today on is not late yet."""
    parts = {
        "": lambda _: "",
        "agency": lambda key: key.agency,
        "procedure": lambda key: key.procedure,
        "province": lambda key: key.agency[:3],
        "month": lambda key: f"{key.day:%Y-%m}",
        "registry": lambda key: key.registry,
    }[group_by]
    want, waiting, in_time = {}, Counter(), Counter()
    inside = [key for key in counted.cells if bool(key.registry) == (group_by == "registry")]
    for key in inside:
        want.setdefault(parts(key), Counter()).update(counted.cells[key])
    for (key, due), number in counted.open.items():
        if bool(key.registry) == (group_by == "registry"):
            waiting[parts(key)] += number
            in_time[parts(key)] += number * (due >= TODAY)
    rows = {row.group: row.metrics for row in await measure(rolled, ALL, Span(FIRST, PAST, group_by), today=TODAY)}
    for group, cell in want.items():
        found = rows[group]
        assert found.rates["evidenced"] == Rate(cell["evidenced"], cell["dossiers"])
        assert found.rates["component"] == Rate(cell["used"], cell["needed"])
        on_time = Rate(cell["due_met"] + in_time[group], cell["due_ended"] + waiting[group])
        assert found.rates["on_time"] == on_time
    assert any(in_time.values())


async def test_a_scope_sees_its_own_agencies_alone(rolled, country):
    """Another province's dossiers are in no number and behind none."""
    own = [one for one in country.dossiers if one.agency.startswith("H98")]
    (row,) = await measure(rolled, H98, Span(FIRST, PAST, "province"), today=TODAY)
    assert (row.group, row.metrics.rates["declared"].denominator) == ("H98", len(own))
    assert row.metrics.lag_events == sum(len(one.events) for one in own)
    assert await measure(rolled, Scope.of(()), Span(FIRST, PAST, "agency"), today=TODAY) == []
    page = await behind(rolled, H98, Question("declared", FIRST, PAST, "denominator"), today=TODAY, limit=500)
    assert {item["agency"][:3] for item in page.items} == {"H98"}


async def test_what_is_behind_a_number_adds_up_to_it(rolled):
    """All pages of a metric's numerator have together the number that the rollups tell."""
    may = Span(date(2026, 5, 1), date(2026, 5, 8))
    (whole,) = await measure(rolled, H98, may, today=TODAY)
    for metric, of in (
        ("evidenced", "numerator"),
        ("missed", "numerator"),
        ("on_time", "denominator"),
        ("over_collection", "numerator"),
    ):
        question, cursor, listed = Question(metric, may.first, may.past, of), None, []
        while True:
            page = await behind(rolled, H98, question, today=TODAY, limit=70, cursor=cursor)
            listed += page.items
            cursor = page.next
            if cursor is None:
                break
        assert sum(item[of] for item in listed) == getattr(whole.metrics.rates[metric], of)
        assert len({item["dossier"] for item in listed}) == len(listed)


async def test_what_is_behind_a_cause_names_components_and_lookups(rolled):
    """Filters narrow by cause, registry and procedure; an evidenced component names the look-up that proves it."""
    may = (date(2026, 5, 1), date(2026, 6, 1))
    page = await behind(
        rolled, ALL, Question("missed", *may, cause="stale", procedure="9.999901"), today=TODAY, limit=20
    )
    assert len(page.items) > 5
    assert {part["cause"] for item in page.items for part in item["components"]} == {"stale"}
    assert all(part["lookups"] for item in page.items for part in item["components"])
    page = await behind(rolled, ALL, Question("component", *may, registry="insurance"), today=TODAY, limit=20)
    used = [part for item in page.items for part in item["components"] if part["stage"] == "used"]
    assert used
    assert {part["service"].partition("/")[0] for part in used} == {"insurance"}
    with pytest.raises(ValueError, match=r"."):
        await behind(rolled, ALL, Question("declared", *may), today=TODAY, limit=5, cursor="nonsense")


async def test_loaded_facts_are_the_stored_ones(rolled, country):
    """Dossiers come back from the database, page by page, as they were put in."""
    page = from_the_start(midnight(FIRST), midnight(PAST), 700)
    loaded = [one async for dossiers in load_pages(rolled, ALL, page) for one in dossiers]
    want = {one.code: one for one in country.dossiers}
    assert len(loaded) == len(want)
    for one in loaded:
        made = want[one.code]
        assert (one.events, one.components, one.parties) == (made.events, made.components, made.parties)
        assert {item.lookup_id: item for item in one.lookups} == {item.lookup_id: item for item in made.lookups}


async def test_repeat_asks_are_the_pure_functions(rolled, country, catalogues):
    """The SQL that looks into other dossiers finds as many repeats as the pure function."""
    april = month_span("2026-04")
    asked = [one for one in country.dossiers if april.first <= one.day < april.past]
    (row,) = await measure(rolled, ALL, april, today=TODAY, repeats=await repeated(rolled, ALL, april))
    found = repeat_asks(country.dossiers, asked, catalogues)
    assert row.metrics.rates["repeat_ask"] == found
    assert 0 < found.numerator < found.denominator
    for group_by in GROUPS:
        parts = (await repeated(rolled, ALL, replace(april, group_by=group_by))).values()
        assert (sum(one.numerator for one in parts), sum(one.denominator for one in parts)) == (
            found.numerator,
            found.denominator,
        ), group_by


async def test_a_recount_agrees_and_finds_what_was_altered(stored, rolled):
    """A month counted from the log agrees with the rollups; a cell altered by hand is named."""
    april = month_span("2026-04")
    done = await recount(rolled, april)
    assert done.differences == ()
    assert done.dossiers > 500
    owner = await asyncpg.connect(stored.owner, server_settings={"search_path": "lienthong"})
    try:
        key = await owner.fetchrow("SELECT day, agency, procedure FROM reuse_cell WHERE day = '2026-04-20' LIMIT 1")
        change = (
            "UPDATE reuse_cell SET evidenced = evidenced + $1 "
            "WHERE day = $2 AND agency = $3 AND procedure = $4 AND registry = ''"
        )
        await owner.execute(change, 1, *key)
        (found,) = (await recount(rolled, april)).differences
        assert (found.what, found.rolled_up - found.recounted) == ("evidenced", 1)
        assert found.where.startswith(f"{key[0]} {key[1]} {key[2]}")
        await owner.execute(change, -1, *key)
    finally:
        await owner.close()


async def test_the_application_cannot_write_rollups(rolled):
    """It reads the tables and calls the functions; what counts is never inserted from outside."""
    for statement in ("UPDATE lienthong.reuse_cell SET evidenced = 0", "DELETE FROM lienthong.reuse_cell"):
        async with rolled._pool.acquire() as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_a_report_gathers_every_part(rolled, country):
    """Whole, groups, provinces, months, fields, lag and names, from one period."""
    now = datetime(2026, 6, 1, tzinfo=UTC)
    report = await gather(rolled, ALL, Span(FIRST, PAST, "procedure"), made_at=now, today=TODAY, origin="o")
    assert {row.group for row in report.rows} == {"9.999901", "9.999902", "9.999999"}
    assert [row.group for row in report.provinces] == ["H97", "H98", "H99"]
    assert report.whole.rates["declared"].denominator == len(country.dossiers)
    assert report.fields
    assert sum(report.lag.values()) == report.whole.lag_events
    assert (
        percentile({lag_bucket(upper - 0.5): number for upper, number in report.lag.items()}, 50)
        == report.whole.lag_p50_s
    )
    assert report.names.keys() == {"9.999901", "9.999902"}
    assert as_json(report.rows, "procedure")[0]["group"] == {"procedure": "9.999901"}
    assert {figure.group for figure in figures(report.rows)} == {"9.999901", "9.999902", "9.999999"}


async def test_catalogues_are_read_from_every_configuration(rolled, catalogues):
    """The versions that the judging uses come from the configurations' own documents."""
    assert [item.procedures for item in await load_catalogues(rolled)] == [item.procedures for item in catalogues]
    assert (await procedure_names(rolled)).keys() == {"9.999901", "9.999902"}


async def test_the_keeper_refreshes_again_and_again(rolled):
    """It goes on until it is cancelled, and leaves nothing to note."""
    task = asyncio.create_task(keep_counted(rolled, every_s=0.01))
    await asyncio.sleep(0.1)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await Rollups(rolled).refresh()


def test_a_month_ends_where_the_next_begins():
    """Spans of months, leap years and Decembers too."""
    assert month_span("2024-02") == Span(date(2024, 2, 1), date(2024, 3, 1))
    assert month_span("2026-12") == Span(date(2026, 12, 1), date(2027, 1, 1))
    assert month_span("2026-04").past - timedelta(days=1) == date(2026, 4, 30)
    with pytest.raises(ValueError, match=r"."):
        month_span("2026-13")


async def test_counting_that_takes_too_long_is_tried_with_fewer_cells(monkeypatch):
    """A statement that the database broke off is undone there: smaller ones follow, and the last failure is told."""
    tried = []

    async def slow(_, at_once):
        tried.append(at_once)
        if at_once > bearable:
            raise StoreUnavailable("too long")
        return 0

    monkeypatch.setattr(measuring, "count_cells", slow)
    bearable = 5
    assert await Rollups(None)._counted(400) == 0
    assert tried == [400, 50, 6, 1]
    bearable = 0
    with pytest.raises(StoreUnavailable):
        await Rollups(None)._counted(400)


def test_the_pace_follows_the_database():
    """Twice as many cells after a brisk statement, half as many after a slow one, within bounds."""
    assert [measuring._paced(100, seconds) for seconds in (0.1, 1.5, 2.5)] == [200, 100, 100]
    assert [measuring._paced(1600, seconds) for seconds in (0.1, 1.5, 2.5)] == [1600, 1600, 800]


async def test_a_new_catalogue_counts_anew_what_was_accepted_since(stored, rolled):
    """Days since the new configuration are judged by it, earlier ones as before; the recount agrees with both."""
    april, may = month_span("2026-04"), month_span("2026-05")
    before = {span: (await measure(rolled, ALL, span, today=TODAY))[0].metrics.rates for span in (april, may)}
    owner = await asyncpg.connect(stored.owner, server_settings={"search_path": "lienthong"})
    await owner.execute(
        "INSERT INTO configuration SELECT 3, documents, '', 'test', '2026-05-01T00:00:00+07' FROM configuration "
        "WHERE version = 1; UPDATE in_force SET configuration = 3"
    )
    await owner.close()
    assert await Rollups(rolled).refresh()
    after = {span: (await measure(rolled, ALL, span, today=TODAY))[0].metrics.rates for span in (april, may)}
    assert after[april] == before[april]
    assert after[may]["component"] != before[may]["component"]
    assert (await recount(rolled, may)).differences == ()
