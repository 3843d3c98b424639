"""The SQL's rollups against the pure functions, over twenty thousand made-up dossiers."""

from collections import Counter
from datetime import date, timedelta

import pytest

from gateway.reuse.catalogue import Catalogue, procedures_of
from gateway.reuse.counting import COUNTS, AttributeKey, CellKey, count
from gateway.reuse.facts import local_day_of, midnight
from gateway.reuse.measuring import GROUPS, Rollups, as_json, measure, month_span, procedure_names
from gateway.reuse.metrics import LAG_BOUNDS_S, Rate, lag_bucket, percentile
from gateway.reuse.repeats import repeat_asks
from gateway.store.reuse import Span, attributes, days
from gateway.store.scope import Scope

pytestmark = pytest.mark.asyncio(loop_scope="function")
FIRST, PAST = date(2026, 2, 1), date(2026, 7, 1)
ALL = Span(FIRST, PAST)


@pytest.fixture(scope="module")
def stored(country, database_urls):
    """Put the country into the module's database, once."""
    import asyncio

    asyncio.run(country.store(database_urls.owner))


@pytest.fixture
async def rolled(stored, database):
    """Bring the rollups up to date."""
    assert await Rollups(database).refresh()
    return database


@pytest.fixture(scope="session")
def counted(country, catalogues):
    """Count the country by the pure functions."""
    return count(country.dossiers, catalogues)


async def test_the_rollups_equal_the_pure_count_of_20000_dossiers(rolled, counted):
    """Every count of every cell, every unfinished dossier and every field is the same in SQL and in Python."""
    cells = {
        CellKey(*list(row.values())[:4]): {name: row[name] for name in COUNTS if row[name]}
        for row in await days(rolled, "cells", FIRST, PAST)
    }
    wrong = {key: (cells.get(key), +counted.cells[key]) for key in counted.cells if cells.get(key) != +counted.cells[key]}
    assert wrong == {}
    assert cells.keys() == counted.cells.keys()
    waiting = {(CellKey(*row[:4]), row[4]): row[5] for row in map(tuple, await days(rolled, "open", FIRST, PAST))}
    assert waiting == counted.open
    fields = {AttributeKey(*row[:5]): row[5:] for row in map(tuple, await days(rolled, "attributes", FIRST, PAST))}
    assert fields == counted.attributes
