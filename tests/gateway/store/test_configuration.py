"""Versions of the configuration: atomic, kept, watched."""

import asyncio

import pytest

from gateway.store import configuration
from gateway.store.configuration import ConfigurationConflict, ConfigurationStore, documents_digest
from gateway.store.embedded import EmbeddedPostgres


async def test_nothing_is_in_force_at_first(database):
    """A fresh database has version 0 and no documents."""
    assert await ConfigurationStore(database).current() == (0, {})


async def test_every_version_is_kept(database):
    """A new version replaces the one in force and leaves it readable, with who applied it."""
    store = ConfigurationStore(database)
    first = await store.apply({"clients": {"ß": ["a", 1, None]}}, by="người vận hành")
    second = await store.apply({"clients": {}}, by="other")
    assert second == first + 1
    assert await store.current() == (second, {"clients": {}})
    assert await store.documents(first) == {"clients": {"ß": ["a", 1, None]}}
    assert await store.documents(999) is None
    history = {applied.version: applied for applied in await store.history()}
    assert history[first].by == "người vận hành"
    assert history[first].digest == documents_digest({"clients": {"ß": ["a", 1, None]}})


async def test_of_two_that_expect_the_same_version_one_wins(database):
    """Operators who apply at once on the same base: one succeeds, the others are told to compare again."""
    store = ConfigurationStore(database)
    base = await store.version()
    fates = await asyncio.gather(
        *(store.apply({"n": n}, expected=base, by="x") for n in range(5)), return_exceptions=True
    )
    assert sum(fate == base + 1 for fate in fates) == 1
    assert sum(isinstance(fate, ConfigurationConflict) for fate in fates) == 4
    with pytest.raises(ConfigurationConflict):
        await store.apply({}, expected=base, by="x")


async def test_a_watcher_hears_of_each_version_at_once(database):
    """A worker learns of a new version by notification, long before it would ask."""
    store, heard = ConfigurationStore(database), asyncio.Queue()
    task = asyncio.create_task(store.watch(heard.put))
    assert await asyncio.wait_for(heard.get(), 2) == await store.version()
    version = await store.apply({"w": 1}, by="x")
    assert await asyncio.wait_for(heard.get(), 1) == version
    task.cancel()


async def test_a_watcher_survives_its_server_and_a_lost_notification(
    postgres: EmbeddedPostgres, database, crash, monkeypatch
):
    """After PostgreSQL was killed the watcher connects again and asks, so it misses no version."""
    monkeypatch.setattr(configuration, "POLL_S", 0.2)
    store, heard = ConfigurationStore(database), asyncio.Queue()
    task = asyncio.create_task(store.watch(heard.put))
    await asyncio.wait_for(heard.get(), 2)
    crash()
    postgres.start()
    await asyncio.sleep(0.05)
    version = await store.apply({"after": "crash"}, by="x")
    assert await asyncio.wait_for(heard.get(), 5) == version
    task.cancel()
