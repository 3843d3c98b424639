"""Step 1 of a look-up: the raw request, its limits, and its body exactly as sent."""

import asyncio
from itertools import chain
from operator import itemgetter

from aiohttp import hdrs
from aiohttp.web import BaseRequest, RequestPayloadError

from gateway.flow.exchange import JSON
from gateway.refusals import Refusal
from gateway.web.routes import Route
from signing.message import Fields

MAX_BODY = 1 << 20
MAX_HEADERS = 32 << 10
BODY_SECONDS = 30.0
_NAME, _VALUE = itemgetter(0), itemgetter(1)
_CHARSETS = frozenset({"", "charset=utf-8", 'charset="utf-8"'})


class ClientGone(Exception):  # noqa: N818 — nothing went wrong here: somebody left
    """The client closed the connection, or sent its body too slowly: there is nobody to answer."""


def header_fields(request: BaseRequest) -> Fields:
    """Return the header lines as they came: lower-case name, raw value."""
    raw = request.raw_headers
    names = b"\0".join(map(_NAME, raw)).decode("latin-1").lower().split("\0")
    values = b"\0".join(map(_VALUE, raw)).decode("latin-1").split("\0")
    if len(names) != len(raw) or len(values) != len(raw):  # no line at all; the parser lets no NUL pass
        return Fields([(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in raw])
    return Fields(list(zip(names, values, strict=True)))


def check_headers(fields: Fields) -> None:
    """Raise `Refusal` over 32 KiB of header lines in all, each with its colon, space and line end."""
    lines = fields.headers
    if sum(map(len, chain.from_iterable(lines))) + 4 * len(lines) > MAX_HEADERS:
        raise Refusal("headers-too-large", "headers")


async def read_body(request: BaseRequest, route: Route, sent: Fields) -> bytes:
    """Return the body's bytes, never inflated. Raises `Refusal` (400, 413, 415) or `ClientGone`."""
    codings = sent.lines("transfer-encoding")
    if codings and [value.strip().lower() for value in codings] != ["chunked"]:
        raise Refusal("request-malformed", "transfer-encoding", detail="The only transfer coding is chunked.")
    length = request.content_length
    if route.method == hdrs.METH_GET:
        if codings or length:
            raise Refusal("request-malformed", "get-with-content", detail="A GET request has no content.")
        _check_encoding(sent)
        return b""
    if length is not None and length > MAX_BODY:
        raise Refusal("payload-too-large", "length")
    _check_type(sent)
    _check_encoding(sent)
    expected = sent.lines("expect")
    if expected and "100-continue" in [value.lower() for value in expected]:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    if request.content.is_eof() and request.content.exception() is None and length is not None:
        return request.content.read_nowait()  # nearly always: the whole body came with its head
    return await _bounded(request)


async def _bounded(request: BaseRequest) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while chunk := await request.content.readany():
                size += len(chunk)
                if size > MAX_BODY:
                    raise Refusal("payload-too-large", "body")
                chunks.append(chunk)
    except TimeoutError:
        raise ClientGone("slow body") from None
    except RequestPayloadError:
        raise Refusal("request-malformed", "framing", detail="The content is not framed as HTTP/1.1 says.") from None
    except OSError as error:
        raise ClientGone("body cut short") from error
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _check_type(sent: Fields) -> None:
    types = sent.lines("content-type")
    if len(types) != 1 or types[0] != JSON:
        media = [value.lower().partition(";") for value in types]
        if [(name.strip(), parameter.strip() in _CHARSETS) for name, _, parameter in media] != [(JSON, True)]:
            raise Refusal("unsupported-media-type", "content-type", detail="Send application/json in UTF-8.")


def _check_encoding(sent: Fields) -> None:
    if sent.lines("content-encoding"):
        raise Refusal("unsupported-media-type", "content-encoding", detail="Send the content without an encoding.")
