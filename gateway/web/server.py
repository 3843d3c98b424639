"""The HTTP server under the edge: aiohttp's parser, with deadlines and errors of our own.

aiohttp has no deadline for headers; here a request's headers must be complete within 10 s of its first
byte, a client that does not read its answers is dropped after 30 s, and what the parser refuses is answered
unsigned, with nothing echoed and one short log line.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
from aiohttp import hdrs
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.web import BaseRequest, Response, Server, StreamResponse
from aiohttp.web_protocol import RequestHandler

from gateway.refusals import Refusal
from gateway.telemetry import where
from gateway.web.problems import ProblemWriter
from gateway.web.receive import MAX_HEADERS

HEADER_SECONDS = 10.0
IDLE_SECONDS = 75.0
WRITE_SECONDS = 30.0
_MAX_LINE = 8 << 10
_SERVER_ERROR = 500
_TOO_MANY = "Too many headers received"
_log = structlog.get_logger("gateway.web")

EdgeHandler = Callable[[BaseRequest], Awaitable[StreamResponse]]
NewId = Callable[[], str]


class GatewayProtocol(RequestHandler):
    """One connection."""

    __slots__ = (
        "_deadline",
        "_header_seconds",
        "_new_id",
        "_problems",
        "_refused",
        "_wire",
        "_write_deadline",
        "_write_seconds",
    )

    def __init__(
        self,
        manager: Server,
        *,
        problems: ProblemWriter,
        new_id: NewId,
        refused: Callable[[str], None],
        header_seconds: float,
        write_seconds: float,
        **options: Any,
    ) -> None:
        super().__init__(manager, **options)
        self._problems = problems
        self._new_id = new_id
        self._refused = refused
        self._header_seconds = header_seconds
        self._write_seconds = write_seconds
        self._deadline: asyncio.TimerHandle | None = None
        self._write_deadline: asyncio.TimerHandle | None = None
        self._wire: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock for the first request's headers."""
        super().connection_made(transport)
        self._wire = cast("asyncio.Transport", transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        """Feed the parser; keep the clock running only while headers are incomplete."""
        before = self._request_count
        super().data_received(data)
        if self._request_count > before:
            self._disarm()
        elif self._deadline is None and self._current_request is None and not self._messages:
            self._arm()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop the clocks."""
        self._disarm()
        self._stop_write_clock()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the clock of a client that does not read."""
        super().pause_writing()
        self._write_deadline = self._loop.call_later(self._write_seconds, self._not_read)

    def resume_writing(self) -> None:
        """Stop that clock: the client reads."""
        self._stop_write_clock()
        super().resume_writing()

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Resume what was paused; aiohttp asks after every body, and would parse nothing once more."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def handle_error(
        self,
        request: BaseRequest,  # noqa: ARG002 — aiohttp's signature; nothing of the request is told
        status: int = _SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 — aiohttp's signature; its text may quote the request
    ) -> StreamResponse:
        """Answer what the HTTP parser refused: counted, unsigned, without a word of the request in it."""
        code = _code_of(status, exc)
        self._refused(code)
        _log.warning(
            "http refused", code=code, error=type(exc).__name__ if exc else None, where=where(exc) if exc else None
        )
        reply = self._problems.write(self._new_id(), Refusal(code, "http"))
        response = Response(status=reply.status, body=reply.body, headers={hdrs.CONTENT_TYPE: reply.content_type})
        response.force_close()
        return response

    def _arm(self) -> None:
        self._deadline = self._loop.call_later(self._header_seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_write_clock(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None

    def _not_read(self) -> None:
        self._write_deadline = None
        self._refused("unread-answer")
        if self._wire is not None:
            self._wire.abort()

    def _too_slow(self) -> None:
        self._deadline = None
        if self._current_request is None and not self._messages:
            self._refused("slow-headers")
            self.force_close()


class GatewayServer(Server):
    """Makes one `GatewayProtocol` a connection."""

    def __init__(
        self,
        handler: EdgeHandler,
        *,
        problems: ProblemWriter,
        new_id: NewId,
        refused: Callable[[str], None],
        header_seconds: float = HEADER_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        write_seconds: float = WRITE_SECONDS,
    ) -> None:
        super().__init__(handler)
        self._options: dict[str, Any] = {
            "problems": problems,
            "new_id": new_id,
            "refused": refused,
            "header_seconds": header_seconds,
            "write_seconds": write_seconds,
            "keepalive_timeout": idle_seconds,
            "access_log": None,
            "auto_decompress": False,
            "max_line_size": _MAX_LINE,
            "max_field_size": MAX_HEADERS,
            "lingering_time": 2.0,
        }

    def __call__(self) -> RequestHandler:
        """Make a protocol for one new connection."""
        return GatewayProtocol(self, loop=self._loop, **self._options)


def _code_of(status: int, exc: BaseException | None) -> str:
    if isinstance(exc, BadHttpMessage) and exc.message == _TOO_MANY:
        return "headers-too-large"
    if isinstance(exc, LineTooLong):
        return "uri-too-long" if exc.args[1] == _MAX_LINE else "headers-too-large"
    return "request-malformed" if status < _SERVER_ERROR else "internal"
