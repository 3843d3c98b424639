"""One registry's HTTP connections: pooled, bounded, verified, and every failure in one of four words.

The rules (DESIGN section 5, THREATS D25, D26, D28): TLS is always verified and at least 1.2, redirects are
answers that broke the contract, a body is read up to a cap and never inflated, the deadline covers the
whole exchange, and what was refused or reset before any byte of an answer says so (`unanswered`).
Nothing is logged here: neither addresses with their query strings nor bodies.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import hdrs
from aiohttp.client_exceptions import ClientConnectorCertificateError, ClientConnectorSSLError
from yarl import URL

from adapters.contract import RegistryError, RegistryFault, RegistryInvalid, RegistryTimeout, RegistryUnavailable
from adapters.errors import MappingError

MAX_BODY = 1 << 20
"""Largest body accepted, bytes."""

_SKIPPED = (hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.CONTENT_TYPE)
_OK = frozenset({200})
_MULTIPLE_CHOICES = 300
_BAD_REQUEST = 400
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """A registry's whole answer: its status, the lower-case media type and the body's bytes."""

    status: int
    media_type: str
    body: bytes


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
    """The connections to one registry. Safe for concurrent use within one event loop."""

    def __init__(self, base_url: str, *, limit: int = 64, tls: ssl.SSLContext | None = None) -> None:
        self.base = base_url.rstrip("/")
        self._limit = limit
        self._tls = tls if tls is not None else tls_context() if self.base.startswith("https:") else True
        self._session: aiohttp.ClientSession | None = None

    def url(self, path: str = "") -> URL:
        """Return the address of `path`, an already encoded path (and query) that starts with a slash."""
        return URL(self.base + path, encoded=True)

    async def post(self, url: URL, body: bytes, headers: Mapping[str, str], timeout_s: float) -> Reply:
        """POST `body`; see `exchange`."""
        return await self.exchange(hdrs.METH_POST, url, body, headers, timeout_s)

    async def exchange(
        self,
        method: str,
        url: URL,
        body: bytes | None,
        headers: Mapping[str, str],
        timeout_s: float,
        *,
        accepted: frozenset[int] = _OK,
    ) -> Reply:
        """Make one call and return its answer when the status is accepted; `RegistryError` on anything else."""
        if timeout_s <= 0:
            raise RegistryTimeout("deadline")
        session = self._session or self._open()
        try:
            async with session.request(
                method,
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                _check_head(response, accepted)
                return Reply(response.status, response.content_type, await _read(response))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _translated(error) from None

    async def close(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._limit, ssl=self._tls),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_SKIPPED,
            headers={hdrs.ACCEPT_ENCODING: "identity"},
            trust_env=False,
        )
        # The library asks an idempotent question again when an idle connection turns out closed; retries are the
        # gateway's to count and to budget, and there is no public switch.
        self._session._retry_connection = False  # noqa: SLF001 — see above
        return self._session


def _check_head(response: aiohttp.ClientResponse, accepted: frozenset[int]) -> None:
    status = response.status
    if status not in accepted:
        if status >= _BAD_REQUEST:
            raise RegistryFault(f"http-{status}" if status < _SERVER_ERROR else "http-5xx")
        raise RegistryInvalid("redirect" if status >= _MULTIPLE_CHOICES else "status")
    if response.headers.get(hdrs.CONTENT_ENCODING, "identity") != "identity":
        raise RegistryInvalid("content-encoding")
    if (response.content_length or 0) > MAX_BODY:
        raise RegistryInvalid("too-large")
    if response.content_type == "text/html":
        raise RegistryInvalid("html")


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Read the body piece by piece, giving up where it passes the cap or breaks off."""
    try:
        body = await response.content.readany()
        while not response.content.at_eof():
            body += await response.content.readany()
            if len(body) > MAX_BODY:
                raise RegistryInvalid("too-large")
    except TimeoutError:
        raise
    except (aiohttp.ClientError, OSError):
        raise RegistryInvalid("truncated") from None
    if not body:
        raise RegistryInvalid("empty")
    return body


def _translated(error: Exception) -> RegistryError:
    """Say whose fault a client library's error is. Order matters: the families overlap."""
    if isinstance(error, TimeoutError):
        return RegistryTimeout("deadline")
    if isinstance(error, (ClientConnectorCertificateError, ClientConnectorSSLError, ssl.SSLError)):
        return RegistryUnavailable("tls")
    if isinstance(error, aiohttp.ClientConnectorError):
        return RegistryUnavailable("refused", unanswered=True)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        begun = not isinstance(error.message, str)
        return RegistryInvalid("truncated") if begun else RegistryUnavailable("reset", unanswered=True)
    if isinstance(error, OSError):
        return RegistryUnavailable("reset", unanswered=True)
    return RegistryInvalid("garbage")
