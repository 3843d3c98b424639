"""Servers on ephemeral ports, and sockets that say exactly what a test wants said."""

import asyncio
import contextlib
from dataclasses import dataclass

import pytest
import uvloop

from gateway.web.problems import ProblemWriter
from gateway.web.server import GatewayServer


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
