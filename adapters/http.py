"""One registry's HTTP connections: pooled, bounded, verified, and every failure in one of four words.

The rules (DESIGN section 5, THREATS D25, D26, D28): TLS is always verified and at least 1.2, the deadline covers
the whole exchange, and what was refused or reset before any byte of an answer says so (`unanswered`). What an
answer must be is in `adapters.wire`.
Nothing is logged here: neither addresses with their query strings nor bodies.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Mapping
from urllib.parse import urlsplit

from adapters.contract import RegistryFault, RegistryTimeout, RegistryUnavailable
from adapters.errors import MappingError
from adapters.wire import MAX_BODY, Connection, Reply

__all__ = ["MAX_BODY", "HttpTransport", "Reply", "tls_context"]

_PORTS = {"http": 80, "https": 443}
_IDLE_S = 15.0
"""Seconds after which an unused connection is not used again: the registry may be closing it."""
_OK = frozenset({200})


def tls_context(
    ca_file: str | None = None, certificate_file: str | None = None, key_file: str | None = None
) -> ssl.SSLContext:
    """Make a verifying client context, TLS 1.2 at least; `MappingError` where a file does not do."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise MappingError("/tls/ca_file", "must be a readable PEM file of certificate authorities") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate_file is None and key_file is None:
        return context
    if certificate_file is None:
        raise MappingError("/tls/client_certificate_file", "is missing beside client_key_file")
    try:
        context.load_cert_chain(certificate_file, key_file)
    except (OSError, ssl.SSLError):
        raise MappingError(
            "/tls/client_certificate_file", "and client_key_file must be a readable PEM pair that fit each other"
        ) from None
    return context


class HttpTransport:
    """The connections to one registry. Safe for concurrent use within one event loop.

    Raises `MappingError` for an address that is none.
    """

    def __init__(self, base_url: str, *, limit: int = 64, tls: ssl.SSLContext | None = None) -> None:
        self.base = base_url.rstrip("/")
        parts = urlsplit(self.base)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise MappingError("/url", "must be an http or https address")
        self._host, self._port = parts.hostname, parts.port or _PORTS[parts.scheme]
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._fixed = f"Host: {parts.netloc.rpartition('@')[2]}\r\nAccept-Encoding: identity\r\n"
        self._tls = (tls or tls_context()) if parts.scheme == "https" else None
        self._slots = asyncio.Semaphore(limit)
        self._idle: list[Connection] = []
        self._closed = False

    def url(self, path: str = "") -> str:
        """Return the address of `path`, an already encoded path (and query) that starts with a slash."""
        return self.base + path

    def post(self, url: str, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Awaitable[Reply]:
        """POST `body`; see `exchange`."""
        return self.exchange("POST", url, body, headers, timeout_s)

    async def exchange(
        self,
        method: str,
        url: str,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_s: float,
        *,
        accepted: frozenset[int] = _OK,
    ) -> Reply:
        """Make one call (`url` as from `url()`) and return its answer when the status is accepted.

        Raises `RegistryError` on anything else.
        """
        if timeout_s <= 0:
            raise RegistryTimeout("deadline")
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        request = self._request(method, url, body, headers)
        await self._slot(end)
        try:
            connection = self._take(loop.time()) or await self._connect(loop, end)
            reply = await connection.exchange(request, accepted, end)
            if self._closed:
                connection.abort()
            elif connection.reusable:
                connection.idle_since = loop.time()
                self._idle.append(connection)
        finally:
            self._slots.release()
        return reply

    async def close(self) -> None:
        """Close every connection: those in use once their answer has come."""
        self._closed = True
        while self._idle:
            self._idle.pop().abort()

    async def _slot(self, end: float) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout_at(end):
                await self._slots.acquire()
        except TimeoutError:
            raise RegistryTimeout("deadline") from None

    def _request(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
        """Return the request's bytes (RFC 9112 section 3); `RegistryFault` where a text cannot stand in it."""
        target = url.removeprefix(self._origin) or "/"
        texts = "".join([target, *headers, *headers.values()])
        if not (texts.isascii() and texts.isprintable()) or " " in target:
            raise RegistryFault("unsendable")
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"{method} {target} HTTP/1.1\r\n{self._fixed}{lines}"
        if body is None:
            return f"{head}\r\n".encode("ascii")
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode("ascii") + body

    def _take(self, now: float) -> Connection | None:
        """Return the connection used last, unless it has been idle for too long; then they all have."""
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and now - connection.idle_since < _IDLE_S:
                return connection
            connection.abort()
        return None

    async def _connect(self, loop: asyncio.AbstractEventLoop, end: float) -> Connection:
        try:
            async with asyncio.timeout_at(end):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop), self._host, self._port, ssl=self._tls
                )
        except TimeoutError:
            raise RegistryTimeout("deadline") from None
        except ssl.SSLError:
            raise RegistryUnavailable("tls") from None
        except ConnectionResetError:
            raise RegistryUnavailable("reset", unanswered=True) from None
        except OSError:
            raise RegistryUnavailable("refused", unanswered=True) from None
        return connection
