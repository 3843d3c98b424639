"""One registry as an HTTP server on the loopback: look-ups, the journal, the switch for misbehaviour.

The journal is written before anything is sent, so a call that hangs is in it too. SIGTERM and SIGINT end
the process at once, open connections and all.
"""

import asyncio
import gc
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import orjson
import uvloop
from aiohttp import web

from mocks.behaviour import BehaviourError, Behaviours, Mode, Reply, deliver, plain
from mocks.journal import Entry, Journal
from mocks.special import MODES

TRAP = "/_trap"
_JSON = "application/json"
_GRACE_S = 0.05  # not 0: aiohttp takes that for "without end"


@dataclass(frozen=True, slots=True)
class Message:
    """A request as a registry sees it. `now` is Unix time in seconds; `path` and `query` are raw."""

    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    now: float


@dataclass(frozen=True, slots=True)
class Handled:
    """What came of a request: the reply, the line for the journal (logins have none), the way to send it."""

    reply: Reply
    entry: Entry | None = None
    mode: Mode | None = None


Take = Callable[[int | None], Mode | None]
"""Asks, once per look-up and with the person's serial if there is a person, how to misbehave."""


class Registry(Protocol):
    """What a registry brings: its own misbehaviours and its answers."""

    @property
    def content_modes(self) -> frozenset[str]:
        """Modes that change what its answers say."""
        ...

    def handle(self, message: Message, take: Take) -> Handled | None:
        """Answer a POST; `None` where there is nothing at the path."""
        ...


@runtime_checkable
class Stateful(Protocol):
    """A registry that is told things: `GET /_state` shows what it holds, for tests."""

    def state(self) -> bytes:
        """Everything it holds, as JSON."""
        ...


class Server:
    """Serves one registry."""

    def __init__(self, registry: Registry, journal: Journal, public_url: str, delay_s: float = 0.0) -> None:
        self._registry = registry
        self._journal = journal
        self._behaviours = Behaviours(registry.content_modes, MODES)
        self._trap = public_url + TRAP
        self._delay_s = delay_s

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request."""
        path, _, query = request.raw_path.partition("?")
        if path.startswith("/_"):
            return await self._control(request, path)
        if request.method != "POST":
            return web.Response(status=405, headers={"Allow": "POST"})
        message = Message(path, query, request.headers, await request.read(), time.time())
        handled = self._registry.handle(message, self._behaviours.take)
        if handled is None:
            return web.Response(status=404)
        if handled.entry is not None:
            self._journal.add(message.now, handled.entry)
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
        return await deliver(request, handled.reply, handled.mode, self._trap)

    async def _control(self, request: web.BaseRequest, path: str) -> web.Response:  # noqa: PLR0911 — one a route
        match request.method, path:
            case "GET", "/_journal":
                return plain(Reply(200, "application/x-ndjson", self._journal.lines()))
            case "GET", "/_journal/count":
                return plain(Reply(200, _JSON, orjson.dumps({"calls": self._journal.calls})))
            case "GET", "/_state" if isinstance(self._registry, Stateful):
                return plain(Reply(200, _JSON, self._registry.state()))
            case "GET", "/_trap":
                self._journal.add(time.time(), Entry("trap", "", None, "followed"))
                return web.Response(status=204)
            case "PUT", "/_behaviour":
                return self._put(await request.read())
            case "DELETE", "/_behaviour":
                self._behaviours.clear()
                return web.Response(status=204)
        return web.Response(status=404)

    def _put(self, body: bytes) -> web.Response:
        try:
            self._behaviours.put(orjson.loads(body))
        except (BehaviourError, orjson.JSONDecodeError) as error:
            return web.Response(status=400, text=f"{error}\n")
        return web.Response(status=204)


@dataclass(frozen=True, slots=True)
class Options:
    """How to serve. Port 0 takes a free one; `public_url` is what callers post to, if not the bound address."""

    port: int = 0
    public_url: str | None = None
    delay_ms: int = 0
    journal: Path | None = None


async def _serve(build: Callable[[str], Registry], options: Options) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    journal = Journal(options.journal)
    holder: list[Server] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return await holder[0].answer(request)

    runner = web.ServerRunner(web.Server(answer, handler_cancellation=True, access_log=None), shutdown_timeout=_GRACE_S)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port).start()
    bound = f"http://127.0.0.1:{runner.addresses[0][1]}"
    url = (options.public_url or bound).rstrip("/")
    holder.append(Server(build(url), journal, url, options.delay_ms / 1000))
    sys.stdout.write(f"READY {bound}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()
    journal.close()


def run(build: Callable[[str], Registry], options: Options) -> None:
    """Serve until SIGTERM; `build` makes the registry from the URL that its callers use."""
    gc.freeze()  # what was imported stays: later collections need not look at it
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(build, options))
