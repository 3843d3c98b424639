"""A scope sees its own agencies and nothing else, in Python and in SQL alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.database import Database
from gateway.store.scope import Scope

AGENCIES = ("H99", "H99.01", "H99.01.2", "H99.010", "H98.01", "G99")


def like(text: str, pattern: str) -> bool:
    """Judge LIKE for patterns whose only wildcard is a last `%`."""
    return text.startswith(pattern[:-1]) if pattern.endswith("%") else text == pattern


@given(st.sets(st.sampled_from(["H99*", "H99", "H99.01", "H99.01*", "G99*", "H98.01"])))
def test_python_and_sql_agree(patterns):
    """`holds` and the LIKE patterns judge every agency alike, and the roots lose none."""
    scope = Scope.of(patterns)
    for agency in AGENCIES:
        assert scope.holds(agency) == any(like(agency, pattern) for pattern in scope.likes())
        assert not scope.holds(agency) or agency.split(".")[0] in scope.roots()


def test_an_empty_scope_sees_nothing():
    """Nobody is let through for want of a rule."""
    scope = Scope.of([])
    assert not scope
    assert not any(scope.holds(agency) for agency in AGENCIES)
    assert (scope.likes(), scope.roots()) == ([], [])


def test_everything_is_only_for_who_asks_for_it():
    """The operator's scope holds all; a pattern can never say it."""
    assert Scope.everything().is_everything
    assert all(Scope.everything().holds(agency) for agency in AGENCIES)
    for pattern in ("*", "", "%", "H99%", "H*"):
        with pytest.raises(ValueError, match="pattern"):
            Scope.of([pattern])


async def test_the_database_judges_likewise(database: Database):
    """PostgreSQL's LIKE ANY keeps the same agencies as `holds`."""
    scope = Scope.of(["H99.01*", "G99"])
    likes = scope.likes()
    async with database._pool.acquire() as connection:
        rows = await connection.fetch(
            "SELECT a FROM unnest($1::text[]) AS t(a) WHERE a LIKE ANY ($2::text[])", list(AGENCIES), likes
        )
    assert {row[0] for row in rows} == {agency for agency in AGENCIES if scope.holds(agency)}
