"""One HTTP/1.1 connection to a registry: a request's bytes out, one whole answer in (RFC 9112).

The rules: one exchange at a time; a connection that did anything but answer completely and in turn is never used
again; a body is read up to a cap; whose fault a broken exchange is depends on whether any byte of an answer had come.
aiohttp's parser (llhttp) reads the answers; its client would spend three times as long around it (docs/PERFORMANCE.md).
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import cast

from aiohttp.http import HttpResponseParser, RawResponseMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from adapters.contract import RegistryError, RegistryFault, RegistryInvalid, RegistryTimeout, RegistryUnavailable
from schemas.frozen import valueclass

MAX_BODY = 1 << 20
"""Largest body accepted, bytes."""

_SWITCHING = 101
_FINAL = 200
_MULTIPLE_CHOICES = 300
_BAD_REQUEST = 400
_SERVER_ERROR = 500


@valueclass
class Reply:
    """A registry's whole answer: its status, the lower-case media type and the body's bytes."""

    status: int
    media_type: str
    body: bytes


class _NoFlowControl:
    """What the parser's buffers may ask of a connection that empties them at once."""

    def pause_reading(self) -> None:
        """Do nothing."""

    def resume_reading(self, *, resume_parser: bool = True) -> None:
        """Do nothing."""


class Connection(asyncio.Protocol):
    """A connection. `reusable` says whether the next request may go over it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Reply] | None = None
        self._clock: asyncio.TimerHandle | None = None
        self._parser: HttpResponseParser | None = None
        self._accepted: frozenset[int] = frozenset()
        self._message: RawResponseMessage | None = None
        self._payload: StreamReader | None = None
        self._media_type = ""
        self._body = b""
        self._begun = False
        self.reusable = False
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; TCP_NODELAY is the loop's own doing."""
        self._transport = cast("asyncio.Transport", transport)
        self.reusable = True

    async def exchange(self, request: bytes, accepted: frozenset[int], end: float) -> Reply:
        """Send one request and wait until `end` (the loop's time) for its answer. Raises `RegistryError`.

        Cancelled or failed, it closes.
        """
        if self._transport is None:
            raise RegistryUnavailable("reset", unanswered=True)
        self._waiter = self._loop.create_future()
        self._parser = HttpResponseParser(  # a new one: what began behind the last answer must not end as this one
            cast("asyncio.Protocol", _NO_FLOW_CONTROL),  # type: ignore[arg-type]  # all that its buffers ask for
            self._loop,
            MAX_BODY,
            read_until_eof=True,
            auto_decompress=False,
        )
        self._accepted, self._message, self._payload, self._body, self._begun = accepted, None, None, b"", False
        self._clock = self._loop.call_at(end, self._too_late)
        self._transport.write(request)
        try:
            return await self._waiter
        except BaseException:
            self.abort()
            raise
        finally:
            self._clock.cancel()
            self._waiter = self._parser = self._clock = None

    def data_received(self, data: bytes) -> None:
        """Feed the parser; end the exchange once the answer is whole."""
        if self._parser is None or self._waiter is None or self._waiter.done():
            self.abort()  # it speaks out of turn
            return
        self._begun = True
        try:
            messages, _, rest = self._parser.feed_data(data)
            for message, payload in messages:
                self._take_head(message, payload)
            self._take_body()
        except RegistryError as error:
            self._fail(error)
        except HttpProcessingError:
            self._fail(RegistryInvalid("garbage"))
        else:
            if rest:
                self._fail(RegistryInvalid("garbage"))

    def eof_received(self) -> bool:
        """Let the connection close."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange: with a body that the end completes, or as broken."""
        self.reusable, self._transport = False, None
        if self._parser is None or self._waiter is None or self._waiter.done():
            return
        if not self._begun:
            tls = isinstance(exc, ssl.SSLError)
            self._fail(RegistryUnavailable("tls") if tls else RegistryUnavailable("reset", unanswered=True))
            return
        if exc is None and self._message is not None:
            try:
                self._parser.feed_eof()
                self._take_body()
            except RegistryError as error:
                self._fail(error)
            except HttpProcessingError:
                pass
        self._fail(RegistryInvalid("truncated"))

    def abort(self) -> None:
        """Close at once."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    def _take_head(self, message: RawResponseMessage, payload: StreamReader) -> None:
        if self._message is not None or message.code == _SWITCHING:
            raise RegistryInvalid("garbage")
        if message.code < _FINAL:
            return
        self._media_type = _checked_head(message.code, message.headers, self._accepted)
        self._message, self._payload = message, payload

    def _take_body(self) -> None:
        message, payload, waiter = self._message, self._payload, self._waiter
        if message is None or payload is None or waiter is None or waiter.done():
            return
        error = payload.exception()
        if error is not None:
            raise RegistryInvalid("truncated")
        self._body += payload.read_nowait()
        if len(self._body) > MAX_BODY:
            raise RegistryInvalid("too-large")
        if not payload.is_eof():
            return
        if message.should_close or not self.reusable:
            self.abort()
        if not self._body:
            raise RegistryInvalid("empty")
        waiter.set_result(Reply(message.code, self._media_type, self._body))

    def _fail(self, error: RegistryError) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self.abort()

    def _too_late(self) -> None:
        self._fail(RegistryTimeout("deadline"))


def _checked_head(status: int, headers: Mapping[str, str], accepted: frozenset[int]) -> str:
    """Judge an answer before its body is read; return its media type."""
    if status not in accepted:
        if status >= _BAD_REQUEST:
            raise RegistryFault(f"http-{status}" if status < _SERVER_ERROR else "http-5xx")
        raise RegistryInvalid("redirect" if status >= _MULTIPLE_CHOICES else "status")
    if headers.get("Content-Encoding", "identity") != "identity":
        raise RegistryInvalid("content-encoding")
    length = headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise RegistryInvalid("too-large")
    media_type = headers.get("Content-Type", "application/octet-stream").partition(";")[0].strip().lower()
    if media_type == "text/html":
        raise RegistryInvalid("html")
    return media_type


_NO_FLOW_CONTROL = _NoFlowControl()
