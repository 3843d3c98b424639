"""The client a province imports: asynchronous, and a synchronous twin of the same logic.

The rule: every request is signed afresh (a new nonce each), nothing is retried here, redirects are
not followed, and no answer is handed on before it was verified.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import orjson
from yarl import URL

from gateway.client.errors import Unknown
from gateway.client.exchange import Exchange
from gateway.client.identity import Identity, load_identity
from gateway.client.protocol import Answer, base_of, believe, signed
from signing.errors import KeyFormatError
from signing.keys import VerificationKey, parse_jwks
from signing.message import Request, Response

_BODY_LIMIT = 16 * 1024 * 1024
_Received = tuple[int, tuple[tuple[str, str], ...], bytes]
"""Status, header lines as received, content."""
_SKIPPED = ("User-Agent", "Accept-Encoding", "Content-Type", "Accept")


class Client:
    """A signed connection to one gateway, by the identity in `client.toml` (or an `Identity`).

    The gateway's answer keys are `jwks` (a JWK set) where given, else those pinned in `client.toml`,
    else what the gateway publishes at the first call, trusted and kept for this object's life
    (trust on first use: give `jwks` where that is not enough). Use as an async context manager.
    """

    def __init__(
        self,
        url: str,
        identity: Identity | Path | str,
        *,
        jwks: Mapping[str, Any] | None = None,
        timeout_s: float = 35.0,
    ) -> None:
        base_of(url)
        self._url = url.rstrip("/")
        self._identity = identity if isinstance(identity, Identity) else load_identity(Path(identity))
        self._keys = self._identity.gateway_keys if jwks is None else parse_jwks(jwks)
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Release the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def lookup(
        self, service: str, subject: Mapping[str, Any], purpose: Mapping[str, Any], fields: Sequence[str]
    ) -> Answer:
        """Look a person up in `registry/service` (PROTOCOL section 3). Raises `Refused` or `Unknown`."""
        body = {"subject": subject, "purpose": purpose, "fields": list(fields)}
        return await self.request("POST", f"/v1/lookups/{service}", body)

    async def verify_identity(
        self, service: str, subject: Mapping[str, Any], purpose: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Answer:
        """Have claims compared with a registry's record (PROTOCOL section 4). Raises `Refused` or `Unknown`."""
        body = {"subject": subject, "purpose": purpose, "claims": dict(claims)}
        return await self.request("POST", f"/v1/verifications/{service}", body)

    async def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Send any signed request; `body` is a JSON value or bytes. Raises `Refused` or `Unknown`."""
        exchange = await self.exchange(method, path, body)
        return believe(exchange, await self.gateway_keys())

    async def exchange(self, method: str, path: str, body: Any = None) -> Exchange:
        """Send a signed request and return what was said, unverified: for keeping and for tools."""
        content = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        now = int(time.time())
        request = signed(
            self._identity.key, self._url, method, path, content, created=now, nonce=secrets.token_urlsafe(24)
        )
        return await self.send(request, content, now)

    async def send(self, request: Request, content: bytes, sent_at: int) -> Exchange:
        """Send a request as it is, perhaps a second time. Raises `Unknown` when no answer came."""
        status, headers, answer = await self._call(request.method, request.target, request.headers, content)
        return Exchange(request, content, Response(status, headers), answer, sent_at)

    async def gateway_keys(self) -> Mapping[str, VerificationKey]:
        """Return the trusted answer keys, fetching them once where none were given. Raises `Unknown`."""
        if self._keys is None:
            document = orjson.loads(await self.fetch("/.well-known/jwks.json"))
            try:
                self._keys = parse_jwks(document)
            except KeyFormatError as error:
                raise Unknown("unsigned", "the gateway's published keys cannot be read") from error
        return self._keys

    async def fetch(self, path: str) -> bytes:
        """Get a public, unsigned document. Raises `Unknown`."""
        return _document(await self._call("GET", path, (), b""))

    async def _call(self, method: str, target: str, headers: Sequence[tuple[str, str]], content: bytes) -> _Received:
        if self._session is None:
            self._session = _session(self._timeout)
        return await _call(self._session, self._url, method, target, headers, content)


async def fetch_public(url: str, path: str, timeout_s: float = 35.0) -> bytes:
    """Get a public, unsigned document of the gateway at `url`. Raises `Unknown`."""
    base_of(url)
    async with _session(aiohttp.ClientTimeout(total=timeout_s)) as session:
        return _document(await _call(session, url.rstrip("/"), "GET", path, (), b""))


def _session(timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """Open connections that send nothing of their own accord and change nothing they receive."""
    jar = aiohttp.DummyCookieJar()
    return aiohttp.ClientSession(timeout=timeout, cookie_jar=jar, auto_decompress=False, skip_auto_headers=_SKIPPED)


async def _call(
    session: aiohttp.ClientSession,
    url: str,
    method: str,
    target: str,
    headers: Sequence[tuple[str, str]],
    content: bytes,
) -> _Received:
    address = URL(url + target, encoded=True)
    try:
        async with session.request(
            method, address, headers=list(headers), data=content or None, allow_redirects=False
        ) as response:
            lines = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers)
            return response.status, lines, await _bounded(response)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        kind = type(error).__name__
        raise Unknown("no-answer", f"no answer came from {url} ({kind}): its outcome is unknown") from None


def _document(received: _Received) -> bytes:
    status, _, body = received
    if status != 200:  # noqa: PLR2004 — OK
        raise Unknown("no-answer", f"the gateway answered {status} for a public document")
    return body


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = await response.content.read(_BODY_LIMIT)
    while chunk := await response.content.read(_BODY_LIMIT):
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise Unknown("bad-body", "the answer is too large")
    return body


class SyncClient:
    """The same client for code without an event loop; not to be shared between threads."""

    def __init__(
        self,
        url: str,
        identity: Identity | Path | str,
        *,
        jwks: Mapping[str, Any] | None = None,
        timeout_s: float = 35.0,
    ) -> None:
        self._client = Client(url, identity, jwks=jwks, timeout_s=timeout_s)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the connections and the loop."""
        self._runner.run(self._client.close())
        self._runner.close()

    def lookup(
        self, service: str, subject: Mapping[str, Any], purpose: Mapping[str, Any], fields: Sequence[str]
    ) -> Answer:
        """Do as `Client.lookup`."""
        return self._runner.run(self._client.lookup(service, subject, purpose, fields))

    def verify_identity(
        self, service: str, subject: Mapping[str, Any], purpose: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Answer:
        """Do as `Client.verify_identity`."""
        return self._runner.run(self._client.verify_identity(service, subject, purpose, claims))

    def request(self, method: str, path: str, body: Any = None) -> Answer:
        """Do as `Client.request`."""
        return self._runner.run(self._client.request(method, path, body))
