"""Sessions of the door as the database keeps them."""

from gateway.store.compat import open_session, own_dossiers, reported_at, session_account
from gateway.store.scope import Scope


async def test_a_session_is_known_by_its_name_alone(database):
    """Its account comes back for its name; a name that was never given opens nothing."""
    await open_session(database, "ten phien", "motcua")
    assert await session_account(database, "ten phien") == "motcua"
    assert await session_account(database, "ten khac") is None
    assert await database.fetch("compat.session", b"ten phien") == []


async def test_a_session_lives_half_an_hour_at_most(database):
    """However long is asked for, the database gives thirty minutes; an ended one is forgotten."""
    await database.fetch("compat.open_session", b"k" * 32, "motcua", 86_400.0)
    await database.fetch("compat.open_session", b"e" * 32, "motcua", -1.0)
    assert await database.fetchval("compat.session", b"k" * 32) == "motcua"
    assert await database.fetchval("compat.session", b"e" * 32) is None


async def test_nothing_is_known_of_strangers_dossiers(database):
    """A client without dossiers and events has none."""
    assert await own_dossiers(database, "H99.igate", Scope.of(["H99*"]), ["H99.01-261121-0001"]) == {}
    assert await reported_at(database, "H99.igate", ["e"]) == {}
