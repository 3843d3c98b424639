"""Misbehaviour on request: which mode is on, for how long, and what it does to the wire (PROTOCOL 9, THREATS D).

A mode set by `PUT /_behaviour` wins over the one a sample person has. Modes of transport are made here
from any reply; modes of content belong to each registry, since they change what its answer says.
"""

import asyncio
import contextlib
import socket
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from mocks.words import words

TRANSPORT_MODES = frozenset(
    words("slow hang http_500 garbage truncated empty redirect html huge gzip_bomb drip reset drop")
)
"""Modes every registry has."""

HELD_BACK = frozenset({"slow", "drip"})
"""Modes whose answer is the right one, only late."""

_HANG_S, _SLOW_S, _DRIP_S = 86_400.0, 1.0, 0.1
_BLOCK = b" " * 65_536
_ENDLESS_BLOCKS = 1 << 20
_BOMB_PART = 1 << 20
_BOMB_PARTS = 1024
_HTML = "<!DOCTYPE html><html><body><h1>Bảo trì hệ thống</h1><p>Vui lòng quay lại sau.</p></body></html>"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a registry would send if nothing went wrong on the way."""

    status: int
    content_type: str
    body: bytes


_CUT = frozenset({"truncated", "reset", "drop"})
_STREAMED = frozenset({"huge", "gzip_bomb", "drip"})
_INSTEAD: dict[str, Callable[[Reply], Reply]] = {
    "http_500": lambda _: Reply(500, "text/plain", b"Traceback: java.lang.NullPointerException at dichvu.TraCuu:42"),
    "garbage": lambda reply: Reply(200, reply.content_type, bytes(range(128, 256)) * 4 + b"<<{{"),
    "empty": lambda reply: Reply(200, reply.content_type, b""),
    "html": lambda _: Reply(200, "text/html; charset=utf-8", _HTML.encode()),
}


@dataclass(frozen=True, slots=True)
class Mode:
    """A misbehaviour; `seconds` is how long a slow answer waits, or the pause between dripped bytes."""

    name: str
    seconds: float | None = None


class BehaviourError(Exception):
    """A mode that the registry lacks, or a request for one that makes no sense."""


class Behaviours:
    """The mode that is on, and for how many more look-ups."""

    def __init__(self, content_modes: frozenset[str], by_person: Mapping[int, str]) -> None:
        self.modes = TRANSPORT_MODES | content_modes
        self._by_person = {serial: Mode(name) for serial, name in by_person.items() if name in self.modes}
        self._mode: Mode | None = None
        self._left: int | None = None

    def put(self, wish: Any) -> None:
        """Switch a mode on: `{"mode", "seconds"?, "times"?}`; `BehaviourError` where that cannot be."""
        if not isinstance(wish, dict) or not wish.keys() <= {"mode", "seconds", "times"}:
            raise BehaviourError("members are mode, seconds and times")
        mode, seconds, times = wish.get("mode"), wish.get("seconds"), wish.get("times")
        if not isinstance(mode, str) or mode not in self.modes:
            raise BehaviourError("this registry lacks the mode")
        if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0):
            raise BehaviourError("seconds is a number, 0 or more")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
            raise BehaviourError("times is an integer, 1 or more")
        self._mode, self._left = Mode(mode, seconds), times

    def clear(self) -> None:
        """Behave again."""
        self._mode = self._left = None

    def take(self, serial: int | None) -> Mode | None:
        """Say how to treat the next look-up, and count it."""
        mode = self._mode
        if mode is None:
            return self._by_person.get(serial) if serial is not None else None
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self.clear()
        return mode


async def deliver(request: web.BaseRequest, reply: Reply, mode: Mode | None, trap: str) -> web.StreamResponse:
    """Send the reply the way the mode wants it; `trap` is an address that nobody should ever follow."""
    if mode is None:
        return plain(reply)
    if mode.name == "slow":
        await asyncio.sleep(_SLOW_S if mode.seconds is None else mode.seconds)
    elif mode.name == "hang":
        await asyncio.sleep(_HANG_S)
    elif mode.name in _CUT:
        return await _cut(request, reply, mode.name)
    elif mode.name in _STREAMED:
        return await _stream(request, reply, mode)
    elif mode.name == "redirect":
        return web.Response(status=302, headers={"Location": trap})
    instead = _INSTEAD.get(mode.name)
    return plain(instead(reply) if instead is not None else reply)


def plain(reply: Reply) -> web.Response:
    """Make the ordinary answer."""
    return web.Response(status=reply.status, body=reply.body, headers={"Content-Type": reply.content_type})


async def _cut(request: web.BaseRequest, reply: Reply, how: str) -> web.StreamResponse:
    """Close the connection early: after half the body, with a reset after half, or before any byte.

    Whatever is returned afterwards finds the transport closed and is dropped.
    """
    transport = request.transport
    if transport is None:
        return web.Response()
    if how != "drop":
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {reply.content_type}\r\nContent-Length: {len(reply.body)}\r\n\r\n"
        transport.write(head.encode() + reply.body[: len(reply.body) // 2])
    if how == "truncated":
        transport.close()
        return web.Response()
    await asyncio.sleep(0.05)
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    return web.Response()


async def _stream(request: web.BaseRequest, reply: Reply, mode: Mode) -> web.StreamResponse:
    response = web.StreamResponse(status=200, headers={"Content-Type": reply.content_type})
    if mode.name == "drip":
        response.content_length = len(reply.body)
    elif mode.name == "gzip_bomb":
        response.headers["Content-Encoding"] = "gzip"
    with contextlib.suppress(ConnectionError):  # whoever had enough hangs up
        await response.prepare(request)
        for part, pause in _parts(reply, mode):
            await response.write(part)
            await asyncio.sleep(pause)
    return response


def _parts(reply: Reply, mode: Mode) -> Iterator[tuple[bytes, float]]:
    """Cut what is sent into parts, each with the pause after it in seconds."""
    if mode.name == "drip":
        for place in range(len(reply.body)):
            yield reply.body[place : place + 1], _DRIP_S if mode.seconds is None else mode.seconds
    elif mode.name == "gzip_bomb":
        head, part = _bomb(reply.body[:1])
        yield head, 0
        yield from ((part, 0) for _ in range(_BOMB_PARTS))
    else:
        yield reply.body[:1], 0
        yield from ((_BLOCK, 0) for _ in range(_ENDLESS_BLOCKS))


def _bomb(start: bytes) -> tuple[bytes, bytes]:
    """Make the start of a gzip stream and a part, a few KiB each time, that inflates to 1 MiB of spaces."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    return head, packer.compress(b" " * _BOMB_PART) + packer.flush(zlib.Z_FULL_FLUSH)
