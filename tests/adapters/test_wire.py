"""One connection, one answer at a time: what may be used again, and what never is."""

import asyncio

import pytest

from adapters import http
from adapters.contract import RegistryFault, RegistryInvalid, RegistryTimeout
from adapters.http import HttpTransport

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers every request with the next of the given bytes; counts connections and requests."""

    def __init__(self, *answers: bytes, pause_s: float = 0.0) -> None:
        self.answers = list(answers)
        self.pause_s = pause_s
        self.connections = 0
        self.requests: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        while True:
            try:
                self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            await asyncio.sleep(self.pause_s)
            writer.write(self.answers.pop(0))
            await writer.drain()


async def get(transport: HttpTransport, *, timeout_s: float = 5.0, **headers: str) -> bytes:
    """Make one call and return the body."""
    return (await transport.exchange("GET", transport.url("/x"), None, headers, timeout_s)).body


async def test_a_connection_is_used_again(serving):
    """Calls one after the other go over one connection, calls at the same time over several."""
    server = Server(*[WHOLE] * 5, pause_s=0.02)
    async with serving(server) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        assert [await get(transport) for _ in range(3)] == [b"ok"] * 3
        assert server.connections == 1
        assert await asyncio.gather(get(transport), get(transport)) == [b"ok"] * 2
        assert server.connections == 2
        await transport.close()


async def test_no_more_connections_than_the_limit(serving):
    """Calls beyond the limit wait for a connection."""
    server = Server(*[WHOLE] * 6, pause_s=0.01)
    async with serving(server) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}", limit=2)
        await asyncio.gather(*(get(transport) for _ in range(6)))
        assert server.connections == 2
        await transport.close()


async def test_waiting_for_a_connection_counts(serving):
    """The deadline of a call that waits for its turn ends it, too."""
    async with serving(Server(WHOLE, pause_s=0.5)) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}", limit=1)
        first = asyncio.create_task(get(transport))
        await asyncio.sleep(0.05)
        with pytest.raises(RegistryTimeout):
            await get(transport, timeout_s=0.05)
        assert await first == b"ok"
        await transport.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
async def test_a_connection_that_ends_is_not_used_again(serving, answer):
    """`Connection: close` and HTTP/1.0 end the connection with the answer."""
    server = Server(answer, WHOLE)
    async with serving(server) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        assert [await get(transport), await get(transport)] == [b"ok", b"ok"]
        assert server.connections == 2
        await transport.close()


async def test_an_answer_nobody_asked_for_is_never_the_next_one(serving):
    """A second answer behind the first is refused, and one that comes later closes the connection."""
    together = Server(WHOLE + WHOLE.replace(b"ok", b"no"), WHOLE)
    async with serving(together) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        with pytest.raises(RegistryInvalid):
            await get(transport)
        assert await get(transport) == b"ok"
        await transport.close()

    closed = asyncio.Event()

    async def later(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(WHOLE)
        await asyncio.sleep(0.05)
        writer.write(WHOLE.replace(b"ok", b"no"))
        await asyncio.gather(reader.read(), return_exceptions=True)
        closed.set()

    async with serving(later) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        assert await get(transport) == b"ok"
        await asyncio.wait_for(closed.wait(), 5)
        assert await get(transport) == b"ok"
        await transport.close()


@pytest.mark.parametrize("begun", [1, 12, len(WHOLE) - len(b"\nok")])
async def test_an_answer_begun_too_early_is_never_completed(serving, begun):
    """What was begun behind one answer and ends after the next question is nonsense, not that question's answer."""
    other = WHOLE.replace(b"ok", b"no")
    server = Server(WHOLE + other[:begun], other[begun:])
    async with serving(server) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        assert await get(transport) == b"ok"
        with pytest.raises(RegistryInvalid):
            await get(transport)
        assert server.connections == 1
        await transport.close()


async def test_interim_answers_are_passed_over(serving):
    """100 and 103 come before the answer and are not it; a switch of protocols is nonsense."""
    server = Server(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + WHOLE)
    async with serving(server) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        assert await get(transport) == b"ok"
        await transport.close()
    switching = Server(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + WHOLE)
    async with serving(switching) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        with pytest.raises(RegistryInvalid):
            await get(transport)
        await transport.close()


async def test_a_call_given_up_takes_its_connection_along(serving):
    """After a deadline or a cancellation the late answer cannot be taken for the next call's."""
    server = Server(*[WHOLE] * 4, pause_s=0.2)
    async with serving(server) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        with pytest.raises(RegistryTimeout):
            await get(transport, timeout_s=0.05)
        call = asyncio.create_task(get(transport))
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        server.pause_s = 0.0
        assert await get(transport) == b"ok"
        assert server.connections == 3
        await transport.close()


async def test_a_connection_idle_for_long_is_not_trusted(serving, monkeypatch):
    """What the registry may be closing at this very moment is not used again."""
    server = Server(WHOLE, WHOLE)
    async with serving(server) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        await get(transport)
        monkeypatch.setattr(http, "_IDLE_S", 0.0)
        await get(transport)
        assert server.connections == 2
        await transport.close()


@pytest.mark.parametrize("value", ["a\r\nX-Other: b", "a\nb", "Đ", "\x00"])
async def test_what_cannot_stand_in_a_head_is_not_sent(serving, value):
    """A header value with a line end, a control or another script makes no request."""
    server = Server(WHOLE)
    async with serving(server) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        with pytest.raises(RegistryFault) as caught:
            await get(transport, Token=value)
        await transport.close()
    assert (caught.value.reason, server.connections) == ("unsendable", 0)


async def test_an_answer_may_end_with_its_connection(serving):
    """A body without a length ends where the connection does."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nto the ")
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(b"end")

    async with serving(handle) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        assert await get(transport) == b"to the end"
        await transport.close()
