"""What the tests share: one embedded PostgreSQL a session, and a fresh database for every module."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from gateway.store.database import Database
from gateway.store.embedded import APPLICATION, CONSOLE, DATABASE, OWNER, EmbeddedPostgres
from gateway.store.migrations import migrate

_numbers = count(1)


@dataclass(frozen=True)
class Urls:
    """Where a module's database is, for the owner, the application and the console."""

    owner: str
    application: str
    console: str


async def _execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


Crash = Callable[[], None]


@pytest.fixture
def crash(postgres: EmbeddedPostgres) -> Iterator[Crash]:
    """Kill the server with SIGKILL; it runs again at the end of the test, whatever happened."""

    def kill() -> None:
        os.kill(postgres.pid, signal.SIGKILL)
        while postgres.pid is not None:
            time.sleep(0.005)

    yield kill
    postgres.start()


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One server for the whole session; its database `lienthong` is migrated and serves as a template."""
    with tempfile.TemporaryDirectory(prefix="lt-pg-") as directory:
        Path(directory).chmod(0o755)
        server = EmbeddedPostgres(Path(directory) / "pg")
        server.start()
        try:
            asyncio.run(migrate(server.url(OWNER), APPLICATION))
            yield server
        finally:
            server.stop()
            server.remove()


@pytest.fixture(scope="module")
def database_urls(postgres: EmbeddedPostgres) -> Iterator[Urls]:
    """Copy the template into a fresh database of the module's own."""
    name = f"module_{next(_numbers)}"
    asyncio.run(_execute(postgres.url(OWNER, "postgres"), f"CREATE DATABASE {name} TEMPLATE {DATABASE}"))
    yield Urls(*(postgres.url(role, name) for role in (OWNER, APPLICATION, CONSOLE)))
    asyncio.run(_execute(postgres.url(OWNER, "postgres"), f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def database(database_urls: Urls) -> AsyncIterator[Database]:
    """Open the application's pool on the module's database."""
    opened = await Database.connect(database_urls.application)
    yield opened
    await opened.close()
