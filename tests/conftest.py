"""What the tests share: one embedded PostgreSQL a session, a fresh database for every module, and their order.

A module's tests share one event loop and one pool of connections.
With `-n` and `--dist loadfile` a file stays with one worker; the dialogues of `flows` stay together, for they share one
installation. What takes longest begins first, so that the workers end together.
"""

import asyncio
import gc
import os
import signal
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import trustme
from xdist.scheduler import LoadScopeScheduling

from gateway.store.database import Database
from gateway.store.embedded import APPLICATION, CONSOLE, DATABASE, OWNER, EmbeddedPostgres
from gateway.store.migrations import migrate

# No test asks a public authority, and to read all that the machine trusts is a quarter of what aiohttp's import costs
# every process.
os.environ["SSL_CERT_FILE"] = os.devnull
_numbers = count(1)
_FLOWS = "tests/flows/"
_ALONE = _FLOWS + "test_sandbox.py"
"""Starts an installation of its own."""
_FIRST = (
    _FLOWS,
    "tests/browser/test_walk.py",
    _ALONE,
    "tests/gateway/reuse/test_counting.py",
    "tests/gateway/audit/simulation/test_running.py",
)
_HARSH = (_FLOWS + "test_delivery.py", _FLOWS + "test_kills.py")
"""Kill what the other dialogues need, and so come after them."""


def _unit(nodeid: str) -> str:
    """Return what stays with one worker: the test's file, or all the dialogues."""
    file = nodeid.partition("::")[0]
    return _FLOWS if file.startswith(_FLOWS) and file != _ALONE else file


class ByUnit(LoadScopeScheduling):
    """Hands a unit of tests to the next worker that is free, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return _unit(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> LoadScopeScheduling | None:
    """Schedule by unit where `--dist loadfile` is asked for."""
    return ByUnit(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put first what takes longest, and of the dialogues last what kills."""

    def place(item: pytest.Item) -> tuple[int, bool]:
        file, unit = item.nodeid.partition("::")[0], _unit(item.nodeid)
        return _FIRST.index(unit) if unit in _FIRST else len(_FIRST), file in _HARSH

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Leave modules and tests, here for good, out of every later collection of garbage, as a worker of ours does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_unconfigure() -> None:
    """Give it all back, for modules in other languages complain at the interpreter's end of what was never freed."""
    gc.unfreeze()


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
    """One server for the whole session; its database `lienthong` is migrated and serves as a template.

    It writes without fsync, which no kill of a process can tell from the real settings; installations have those.
    """
    with tempfile.TemporaryDirectory(prefix="lt-pg-") as directory:
        Path(directory).chmod(0o755)
        server = EmbeddedPostgres(Path(directory) / "pg", scratch=True)
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


@pytest.fixture(scope="module")
async def database(database_urls: Urls) -> AsyncIterator[Database]:
    """Open the application's pool on the module's database."""
    opened = await Database.connect(database_urls.application)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def server_side() -> Callable[..., ssl.SSLContext]:
    """Make a TLS server's context: its certificate, one version of TLS alone, whose clients it demands."""

    def make(
        certificate: trustme.LeafCert, *, version: ssl.TLSVersion | None = None, demands: trustme.CA | None = None
    ) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        if version is not None:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
        if demands is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            demands.configure_trust(context)
        return context

    return make


@pytest.fixture(scope="session")
def hostile(server_side: Callable[..., ssl.SSLContext]) -> Callable[[str, trustme.CA], ssl.SSLContext]:
    """Make the context of a server that whoever trusts an authority must refuse (THREATS D28)."""

    def make(case: str, authority: trustme.CA) -> ssl.SSLContext:
        if case == "wrong_ca":
            return server_side(trustme.CA().issue_cert("127.0.0.1"))
        if case == "wrong_name":
            return server_side(authority.issue_cert("registry.example"))
        if case == "expired":
            now = datetime.now(UTC)
            past = {"not_before": now - timedelta(days=9), "not_after": now - timedelta(days=1)}
            return server_side(authority.issue_cert("127.0.0.1", **past))
        if case == "self_signed":
            lone, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            with lone.private_key_pem.tempfile() as key, lone.cert_pem.tempfile() as certificate:
                context.load_cert_chain(certificate, key)
            return context
        return server_side(authority.issue_cert("127.0.0.1"), version=ssl.TLSVersion[case])

    return make
