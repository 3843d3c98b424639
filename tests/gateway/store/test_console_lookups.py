"""Lists of look-ups: by the right index, within a scope."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from gateway.store.console_lookups import Filters, Place, facets, lookups, one_lookup, timeline
from gateway.store.database import Database
from gateway.store.queries import query
from gateway.store.scope import Scope

AT = datetime.now(UTC) - timedelta(hours=1)
ALL = Filters(AT - timedelta(days=1), Place(AT + timedelta(days=1), 2**31 - 1, 2**63 - 1))
INSERT = """
INSERT INTO lienthong.entry (log_id, index, at, entry_id, kind, request_id, client, service, procedure, dossier, unit,
                             outcome, leaf)
SELECT 1, n, $1::timestamptz + n * interval '1 millisecond', gen_random_uuid(), 'answered', 'r' || n,
       CASE WHEN n % 500 = 0 THEN 'rare' ELSE 'usual' END, 'population/person', '9.999901', 'H99.01-261121-' || n,
       CASE WHEN n % 400 = 0 THEN 'H98.01' ELSE 'H99.' || lpad((n % 20)::text, 2, '0') END, 'found', 'x'
FROM generate_series(0, 3999) AS n
"""


@pytest.fixture
async def filled(database_urls):
    """Fill a log with 4,000 answers, of which few are of one client and of one province."""
    owner = await asyncpg.connect(database_urls.owner)
    if not await owner.fetchval("SELECT EXISTS (SELECT FROM lienthong.entry WHERE log_id = 1 AND index = 1)"):
        await owner.execute(INSERT, AT)
        await owner.execute("ANALYZE lienthong.entry")
    await owner.close()


@pytest.fixture
async def console(database_urls, filled):  # noqa: ARG001 — its rows are read
    """Read as the console's role."""
    database = await Database.connect(f"{database_urls.console}&plan_cache_mode=force_custom_plan")
    yield database
    await database.close()


async def test_an_empty_scope_sees_nothing(console):
    """No agency, no rows; everything, all rows; a province, its own."""
    assert await lookups(console, Scope.of([]), ALL, 10) == []
    assert await facets(console, Scope.of([]), ALL) == []
    assert len(await lookups(console, Scope.everything(), ALL, 10)) == 10
    own = await lookups(console, Scope.of(["H98*"]), ALL, 50)
    assert {row.unit for row in own} == {"H98.01"}
    assert len(own) == 10


async def test_an_entry_outside_the_scope_is_not_there(console):
    """One by its id is shown within the scope alone."""
    row = (await lookups(console, Scope.of(["H98*"]), ALL, 1))[0]
    assert await one_lookup(console, Scope.of(["H98*"]), str(row.entry_id)) == row
    assert await one_lookup(console, Scope.of(["H99*"]), str(row.entry_id)) is None
    assert await timeline(console, Scope.of([]), "H98.01-261121-0001") == []


async def test_pages_join_without_gap(console):
    """Read page by page, every row comes once, newest first."""
    seen, filters = [], ALL
    while page := await lookups(console, Scope.everything(), filters, 700):
        seen += [row.position for row in page]
        filters = Filters(ALL.since, page[-1].place)
    assert seen == list(range(3999, -1, -1))


async def test_facets_count_the_list(console):
    """Counts are of the filtered list, up to the limit."""
    counted = {(facet, value): rows for facet, value, rows in await facets(console, Scope.everything(), ALL, 5000)}
    assert counted["client", "rare"] == 8
    assert counted["outcome", "found"] == counted["explained", "pending"] == 4000
    few = await facets(console, Scope.everything(), ALL, 100)
    assert sum(rows for facet, _, rows in few if facet == "outcome") == 100


async def test_several_services_are_merged_newest_first(console, database_urls):
    """A registry's list is the newest of all its services, however rare one of them is."""
    await _insert(database_urls, index=5000, at=AT + timedelta(seconds=9), service="tax/obligations")
    await _insert(database_urls, index=5001, at=AT - timedelta(seconds=9), service="tax/taxpayer")
    both = replace(ALL, services=("tax/taxpayer", "tax/obligations"))
    assert [row.position for row in await lookups(console, Scope.everything(), both, 10)] == [5000, 5001]
    assert [row.position for row in await lookups(console, Scope.everything(), both, 1)] == [5000]
    one = replace(ALL, services=("tax/taxpayer",))
    assert [row.position for row in await lookups(console, Scope.everything(), one, 10)] == [5001]
    counted = {(facet, value): rows for facet, value, rows in await facets(console, Scope.everything(), both)}
    assert counted["service", "tax/taxpayer"] == counted["service", "tax/obligations"] == 1


async def test_an_officer_of_several_years_has_one_list(console, database_urls):
    """Under one pseudonym or several, newest first, with services and reasons beside."""
    before, now, tax = b"2025" * 8, b"2026" * 8, "tax/taxpayer"
    await _insert(database_urls, index=7000, at=AT, officer=before)
    await _insert(database_urls, index=7001, at=AT + timedelta(seconds=1), officer=now, service=tax)
    await _insert(database_urls, index=7002, at=AT + timedelta(seconds=2), officer=before, service=tax)
    both, later = replace(ALL, officer=(now, before)), replace(ALL, officer=(now,))
    for filters, found in (
        (both, [7002, 7001, 7000]),
        (later, [7001]),
        (replace(both, services=(tax,)), [7002, 7001]),
        (replace(both, services=(tax, "population/person")), [7002, 7001, 7000]),
        (replace(later, services=(tax, "population/person")), [7001]),
        (replace(later, services=("population/person",)), []),
        (replace(both, explained="open_dossier"), []),
        (replace(both, explained="emergency"), []),
    ):
        assert [row.position for row in await lookups(console, Scope.everything(), filters, 10)] == found
        counted = {(facet, value): rows for facet, value, rows in await facets(console, Scope.everything(), filters)}
        assert counted.get(("outcome", "found"), 0) == len(found)


async def test_a_person_is_found_as_asked_for_and_as_the_registry_named_them(console, database_urls):
    """Each exchange comes once, newest first, from either column, within scope and filters."""
    me, old, other = b"m" * 32, b"o" * 32, b"x" * 32
    await _insert(database_urls, index=6000, at=AT, subject=me, person=me)
    await _insert(database_urls, index=6001, at=AT + timedelta(seconds=1), subject=other, person=me)
    await _insert(database_urls, index=6002, at=AT + timedelta(seconds=2), subject=old, person=me, unit="H98.07")
    await _insert(database_urls, index=6003, at=AT + timedelta(seconds=3), subject=other, person=other)
    mine = replace(ALL, subject=(me, old))
    assert [row.position for row in await lookups(console, Scope.everything(), mine, 10)] == [6002, 6001, 6000]
    assert [row.position for row in await lookups(console, Scope.everything(), mine, 2)] == [6002, 6001]
    after = replace(mine, before=Place(AT + timedelta(seconds=2), 1, 6002))
    assert [row.position for row in await lookups(console, Scope.everything(), after, 10)] == [6001, 6000]
    assert [row.position for row in await lookups(console, Scope.of(["H98.07"]), mine, 10)] == [6002]
    nowhere = replace(mine, unit="H97.01")
    assert await lookups(console, Scope.everything(), nowhere, 10) == []
    counted = {(facet, value): rows for facet, value, rows in await facets(console, Scope.everything(), mine)}
    assert counted["outcome", "found"] == 3


async def test_a_reason_is_found_with_every_other_filter(console, database_urls):
    """What a rare reason explains is held against agency, client, service, outcome and scope."""
    owner = await asyncpg.connect(database_urls.owner)
    await owner.execute(
        """INSERT INTO lienthong.explanation (entry_id, log_id, index, at, agency, kind, version, client, service,
                                              procedure, outcome, officer)
           SELECT entry_id, log_id, index, at, unit, CASE WHEN index < 3990 THEN 'emergency' ELSE 'correction' END, 1,
                  client, service, procedure, outcome, CASE WHEN index < 3983 THEN '\x01'::bytea END
           FROM lienthong.entry WHERE log_id = 1 AND index BETWEEN 3980 AND 3999 ON CONFLICT DO NOTHING"""
    )
    await owner.close()
    rare = replace(ALL, explained="emergency")
    everything = Scope.everything()
    assert [row.position for row in await lookups(console, everything, rare, 3)] == [3989, 3988, 3987]
    assert {row.explained for row in await lookups(console, everything, rare, 50)} == {"emergency"}
    for changes, number in (
        ({"unit": "H99.05"}, 1),
        ({"client": "usual"}, 10),
        ({"client": "rare"}, 0),
        ({"services": ("population/person",)}, 10),
        ({"outcome": "no_match"}, 0),
        ({"officer": (b"\x01", b"\x02")}, 3),
        ({"dossier": "H99.01-261121-3981"}, 1),
    ):
        narrowed = replace(rare, **changes)
        assert len(await lookups(console, everything, narrowed, 50)) == number, changes
        counted = await facets(console, everything, narrowed)
        assert sum(rows for facet, _, rows in counted if facet == "outcome") == number, changes
    assert await lookups(console, Scope.of(["H98*"]), rare, 50) == []
    assert len(await lookups(console, Scope.of(["H99*"]), rare, 50)) == 10


async def _insert(database_urls, *, index, at, **columns):
    """Append an answer unless it is there."""
    given = {
        "service": "population/person",
        "unit": "H99.01",
        "subject": None,
        "person": None,
        "officer": None,
        **columns,
    }
    owner = await asyncpg.connect(database_urls.owner)
    await owner.execute(
        """INSERT INTO lienthong.entry (log_id, index, at, entry_id, kind, request_id, client, service, unit, subject,
                                        person, officer, outcome, leaf)
           VALUES (1, $1, $2, gen_random_uuid(), 'answered', 'r', 'odd', $3, $4, $5, $6, $7, 'found', 'x')
           ON CONFLICT DO NOTHING""",
        index,
        at,
        given["service"],
        given["unit"],
        given["subject"],
        given["person"],
        given["officer"],
    )
    await owner.close()


@pytest.mark.parametrize(
    ("place", "value", "index"),
    [
        (None, None, "at_log_id_index"),
        (6, "rare", "client_at"),
        (5, "H98", "split_part_at"),
        (10, "H99.01-261121-77", "dossier_at"),
    ],
)
async def test_a_list_goes_by_the_index_of_its_filter(database_urls, console, place, value, index):
    """No list reads all entries, none sorts them."""
    del console  # opened for its rows
    arguments = [ALL.since, *ALL.before, *[None] * 11, 50]
    if place is not None:
        arguments[place] = value
    connection = await asyncpg.connect(
        database_urls.console, server_settings={"search_path": "lienthong", "plan_cache_mode": "force_custom_plan"}
    )
    rows = await connection.fetch(f"EXPLAIN {query('console_lookups.page')}", *arguments)
    await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert index in plan, plan
    assert "Seq Scan on entry" not in plan
