"""An answer whose every byte is known, written at once (RFC 9112 section 4).

The rule: it stands only where nothing is left to decide, that is HTTP/1.1, a connection that goes on, a method and a
status with content; for everything else aiohttp's `Response` decides. It does the same work in a third of the steps.
"""

from collections.abc import Sequence
from http import HTTPStatus

from aiohttp import HttpVersion11
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.web import BaseRequest

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}
_METHODS = frozenset({"GET", "POST"})
_WITHOUT_CONTENT = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Answer:
    """What `RequestHandler` asks of a response, and no more."""

    __slots__ = ("_bytes", "_request", "keep_alive", "status")

    def __init__(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        """Make the bytes. Raises `ValueError` where a header holds a line end or is not ASCII."""
        lines = [_STATUS_LINES[status], *map(": ".join, headers)]
        head = "\r\n".join([*lines, f"Date: {rfc822_formatted_time()}", f"Content-Length: {len(body)}", "\r\n"])
        if head.count("\n") != len(lines) + 3 or head.count("\r") != len(lines) + 3:
            raise ValueError("a header of an answer holds a line end")
        self._bytes = head.encode("ascii") + body
        self._request: BaseRequest | None = None
        self.keep_alive = True
        self.status = status

    @staticmethod
    def suits(request: BaseRequest, status: int, *, going_on: bool) -> bool:
        """Whether an answer to this request needs no more than this; `going_on`: the connection shall."""
        return (
            going_on
            and request.version == HttpVersion11
            and request.keep_alive
            and request.method in _METHODS
            and status not in _WITHOUT_CONTENT
        )

    async def prepare(self, request: BaseRequest) -> None:
        """Write it. Raises `ConnectionResetError` where nobody is there any more."""
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        self._request = request
        transport.write(self._bytes)

    async def write_eof(self) -> None:
        """Wait while the client reads too slowly."""
        if self._request is not None:
            await self._request.writer.drain()
