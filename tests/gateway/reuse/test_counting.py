"""The SQL's rollups against the pure functions, over twenty thousand made-up dossiers."""

from collections import Counter
from datetime import date

import pytest

from gateway.reuse.counting import COUNTS, AttributeKey, CellKey, count
from gateway.reuse.measuring import Rollups
from gateway.store.reuse import days

FIRST, PAST = date(2026, 2, 1), date(2026, 7, 1)


@pytest.fixture(scope="module")
def counted(big_country, catalogues):
    """Count the country by the pure functions."""
    return count(big_country.dossiers, catalogues)


@pytest.fixture
async def rolled(big_country, database_urls, database):
    """Put the country into the module's database and bring the rollups up to date."""
    await big_country.store(database_urls.owner)
    assert await Rollups(database).refresh()
    return database


async def test_the_rollups_equal_the_pure_count_of_20000_dossiers(rolled, counted):
    """Every count of every cell, every unfinished dossier and every field is the same in SQL and in Python."""
    cells = {
        CellKey(*list(row.values())[:4]): {name: row[name] for name in COUNTS if row[name]}
        for row in await days(rolled, "cells", FIRST, PAST)
    }
    wrong = {key: (cells.get(key), cell) for key, cell in counted.cells.items() if cells.get(key) != +Counter(cell)}
    assert wrong == {}
    assert cells.keys() == counted.cells.keys()
    waiting = {(CellKey(*row[:4]), row[4]): row[5] for row in map(tuple, await days(rolled, "open", FIRST, PAST))}
    assert waiting == counted.open
    fields = {AttributeKey(*row[:5]): row[5:] for row in map(tuple, await days(rolled, "attributes", FIRST, PAST))}
    assert fields == counted.attributes


def test_the_country_has_every_flaw(counted):
    """The comparison would not notice a count that never occurs: each does, many times."""
    total = Counter()
    for key, cell in counted.cells.items():
        if not key.registry:
            total.update(cell)
    assert {name for name in COUNTS if total[name] < 50} == set()
    assert sum(counted.open.values()) > 50
