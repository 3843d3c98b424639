"""Servers on ephemeral ports, and sockets that say exactly what a test wants said."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

import pytest
import uvloop
from prometheus_client import CollectorRegistry

from gateway.addresses import Proxies
from gateway.evidence.floods import RefusalQueue
from gateway.flow import lookup
from gateway.flow.asking import Asking
from gateway.flow.enumeration import EnumerationGuard
from gateway.registries.pool import RegistryPool
from gateway.telemetry import Telemetry
from gateway.web.catalogue import Catalogue
from gateway.web.edge import Edge
from gateway.web.pages import Pages
from gateway.web.problems import ProblemWriter
from gateway.web.routes import Route, RouteTable
from gateway.web.server import GatewayServer
from gateway.web.signer import AnswerSigner
from gateway.web.target import Targets
from signing.keys import Algorithm, SigningKey
from signing.message import Request, Response, verify_response


@dataclass
class Raw:
    """One answer as it came: status line, header lines in lower case, body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def get(self, name):
        """Return the one value of a header, or None."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1
        return values[0] if values else None


class Wire:
    """A connection that sends bytes as they are."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def send(self, data):
        """Send bytes, if the other side still takes them."""
        if self.writer.transport.is_closing():
            return
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self, *, head=False, seconds=3.0):
        """Read one answer; None where the connection was closed instead."""
        async with asyncio.timeout(seconds):
            try:
                top = await self.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
            line, *rest = top.decode("latin-1").split("\r\n")[:-2]
            headers = [(name.lower(), value.strip()) for name, _, value in (item.partition(":") for item in rest)]
            length = int(dict(headers).get("content-length", 0))
            body = b"" if head else await self.reader.readexactly(length)
            return Raw(int(line.split()[1]), headers, body)

    async def closed(self, seconds=3.0):
        """Wait until the other side has closed; return what it still sent."""
        async with asyncio.timeout(seconds):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def close(self):
        """Hang up."""
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


class Ports:
    """Starts servers and opens wires; everything is closed at the end."""

    def __init__(self):
        self.refused, self.servers, self.wires, self.protocols = [], [], [], []

    async def serve(self, handler, **options):
        """Serve a handler and return its port."""
        numbers = iter(range(10_000))
        protocols = GatewayServer(
            handler,
            problems=ProblemWriter("https://gateway.test"),
            new_id=lambda: f"id-{next(numbers)}",
            refused=self.refused.append,
            **options,
        )
        server = await asyncio.get_running_loop().create_server(protocols, "127.0.0.1", 0)
        self.servers.append(server)
        self.protocols.append(protocols)
        return server.sockets[0].getsockname()[1]

    async def wire(self, port):
        """Open a connection."""
        wire = Wire(*await asyncio.open_connection("127.0.0.1", port))
        self.wires.append(wire)
        return wire

    async def close(self):
        """Close all of it."""
        for wire in self.wires:
            await wire.close()
        for server in self.servers:
            server.close()
        for protocols in self.protocols:
            await protocols.shutdown(0.2)


def pytest_asyncio_loop_factories():
    """Serve on the loop that the workers use."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def ports():
    """Start servers and open wires."""
    made = Ports()
    yield made
    await made.close()


class Gateway:
    """A whole edge over a log in memory and a scripted registry, on a port of its own."""

    url = "https://gateway.test"

    def __init__(self, kit, live, evidence, adapter, pool, ports):
        self.kit, self.live, self.evidence, self.adapter = kit, live, evidence, adapter
        self.ports = ports
        self.key = SigningKey.generate(Algorithm.ED25519, "answers-1")
        self.metrics = CollectorRegistry()
        self.telemetry = Telemetry(self.metrics)
        problems = ProblemWriter(self.url)
        asking = Asking(
            live=live,
            registries=pool,
            evidence=evidence,
            guard=EnumerationGuard(150, on_refusal=lambda _: None),
            guess_limit=10,
            problem=lambda exchange, refusal: problems.write(exchange.request_id, refusal),
        )
        self.strangers = RefusalQueue(evidence, clock=lambda: datetime.now(UTC), monotonic=lambda: next(self._seconds))
        self._seconds = count()
        numbers = count(1)
        self.edge = Edge(
            routes=RouteTable(self._routes(asking, Catalogue(live, pool), Pages())),
            targets=Targets((self.url,)),
            live=live,
            evidence=evidence,
            strangers=self.strangers,
            problems=problems,
            signer=AnswerSigner(self.key),
            telemetry=self.telemetry,
            new_id=lambda: f"request-{next(numbers):04d}",
            max_waiting=8,
            proxies=Proxies(("10.0.0.0/8",)),
        )
        self.port = 0

    def _routes(self, asking, catalogue, pages):
        async def look_up(exchange, params):
            spec = self.live.snapshot.services[f"{params['registry']}/{params['service']}"]
            return await asking.answer(exchange, spec, "lookup", lookup.parse)

        async def broken(exchange, _params):
            raise LookupError(exchange.body.decode() + "099191000001")

        return [
            Route(
                "POST",
                "/v1/lookups/{registry}/{service}",
                "lookup",
                look_up,
                exists=lambda params: "/".join(params.values()) in self.live.snapshot.services,
            ),
            Route("GET", "/v1/registries", "registries", catalogue.list, free=True),
            Route("GET", "/v1/registries/health", "registries-health", catalogue.health, free=True),
            Route("GET", "/v1/broken", "broken", broken, free=True),
            Route("GET", "/docs", "docs", pages.docs),
            Route("GET", "/problems/{code}", "problem", pages.problem),
        ]

    async def start(self):
        """Listen."""
        self.port = await self.ports.serve(self.edge)
        return self

    async def send(self, request, body=b"", *, close=True, extra=(), length=True):
        """Send a request as its bytes; `extra` lines are put behind its own. Returns the answer, and checks it."""
        wire = await self.ports.wire(self.port)
        lines = [*request.headers, *extra]
        if body and length:
            lines.append(("content-length", str(len(body))))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines)
        await wire.send(f"{request.method} {request.target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        answer = await wire.answer(head=request.method == "HEAD")
        if close:
            await wire.close()
        return answer

    async def ask(self, **options):
        """Send a signed request; return the answer and the request."""
        extra = options.pop("extra", ())
        request, body = self.kit.signed(**options)
        answer = await self.send(request, body, extra=extra)
        return answer, Request(
            request.method, request.scheme, request.authority, request.target, [*request.headers, *extra]
        )

    def verify(self, answer, request):
        """Verify an answer's signature against its request, as a client does."""
        response = Response(answer.status, answer.headers)
        return verify_response(response, answer.body, request, {self.key.keyid: self.key.public_key()}.get)

    def counted(self, name, **labels):
        """Return a metric's value."""
        self.telemetry.flush()
        return self.metrics.get_sample_value(name, labels) or 0.0


@pytest.fixture
async def gateway(kit, live, memory_evidence, scripted, answer_found, ports, tmp_path):
    """Start a gateway whose registry answers about the example's person."""
    adapter = scripted(answer_found())
    pool = RegistryPool(tmp_path, lambda *_: None, lambda *_: adapter)
    await pool.load(live.snapshot)
    return await Gateway(kit, live, memory_evidence, adapter, pool, ports).start()
