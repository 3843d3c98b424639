"""The operations port: alive at once, ready only when all of it would work, metrics without persons."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.operations import Operations
from gateway.store.database import StoreUnavailable

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Database:
    """Answers what the checks ask: alive, and what time it is."""

    def __init__(self, skew=timedelta(0), *, away=False):
        self.skew, self.away = skew, away

    async def fetchval(self, name):
        """Answer one of the two queries."""
        if self.away:
            raise StoreUnavailable("gone")
        return NOW + self.skew if name == "database.now" else 180000


@pytest.fixture
async def gateway():
    """Serve what stands in for a worker: the public address that the check calls."""

    async def answer(request):
        return web.Response(status=200 if request.path == "/.well-known/jwks.json" else 404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


def operations(listen, database, keeper):
    """Make the port with its parts set."""
    settings = SimpleNamespace(listen=listen, public_url="http://gateway.example")
    made = Operations(settings, None, clock=lambda: NOW, monotonic=lambda: 5.0)
    made.database, made.keeper, made.problem = database, keeper, None
    return made


async def ask(made, path):
    """Ask one path."""
    async with TestClient(TestServer(made.application())) as client:
        response = await client.get(path)
        return response.status, await response.text()


async def test_ready_when_every_check_holds(gateway):
    """A database that answers in time, a kept log and a worker that answers make the gateway ready."""
    made = operations(f"127.0.0.1:{gateway.port}", Database(), SimpleNamespace(problem=None))
    status, text = await ask(made, "/readyz?verbose")
    assert status == 200
    assert '"ready":true' in text


@pytest.mark.parametrize(
    ("database", "problem", "named"),
    [
        (Database(away=True), None, "database"),
        (Database(timedelta(seconds=2)), None, "clock"),
        (Database(timedelta(seconds=-3)), None, "clock"),
        (Database(), "seal: behind its pin", "log"),
    ],
)
async def test_not_ready_names_what_does_not_hold(gateway, database, problem, named):
    """A database away, a clock 2 s off, or a log that is not kept: 503, and the verbose answer names it."""
    made = operations(f"127.0.0.1:{gateway.port}", database, SimpleNamespace(problem=problem))
    checks = await made.checks()
    assert checks[named] is not None
    assert (await ask(made, "/readyz"))[0] == 503


async def test_not_ready_without_a_worker(unused_tcp_port):
    """Where nobody listens on the public address the gateway is not ready."""
    made = operations(f"127.0.0.1:{unused_tcp_port}", Database(), SimpleNamespace(problem=None))
    assert (await made.checks())["workers"] is not None


async def test_alive_before_anything_is_there(unused_tcp_port):
    """`/healthz` and `/metrics` answer while the database is still being waited for."""
    made = Operations(
        SimpleNamespace(listen=f"127.0.0.1:{unused_tcp_port}", public_url="http://x"),
        None,
        clock=lambda: NOW,
        monotonic=lambda: 5.0,
    )
    assert (await ask(made, "/healthz"))[0] == 200
    assert (await ask(made, "/metrics"))[0] == 200
    assert (await ask(made, "/readyz"))[0] == 503
