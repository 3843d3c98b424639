"""Named SQL is found by file and name."""

from pathlib import Path

import pytest

import gateway.store.queries as module
from gateway.store.queries import named, query


def test_a_query_is_its_block_without_its_end():
    """A block runs to the next name, without the last semicolon."""
    assert query("configuration.version") == "SELECT configuration FROM in_force"


def test_an_unknown_name_is_an_error():
    """A typo in a name never becomes another query."""
    with pytest.raises(KeyError):
        query("configuration.nonsense")


def test_a_part_stands_where_it_is_named_and_comments_do_not():
    """What queries share is written once; a comment before a block is no end of the one before."""
    page, facets = (named("console_lookups")[name] for name in ("page", "facets"))
    assert "split_part(e.unit, '.', 1) = $6" in page
    assert "split_part(e.unit, '.', 1) = $6" in facets
    assert not any("{{" in sql or "--" in sql for sql in named("console_lookups").values())


async def test_every_query_is_valid(database):
    """PostgreSQL prepares every named query that stands for one statement."""
    checked = []
    async with database.own_session() as session:
        for file in sorted(Path(module.__file__).with_name("queries").glob("*.sql")):
            for name, sql in named(file.stem).items():
                if ";" not in sql:  # several statements are run as a script
                    await session._connection.prepare(sql)
                    checked.append(name)
    assert len(checked) > 200
