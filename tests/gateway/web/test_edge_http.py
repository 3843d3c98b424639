"""The edge against HTTP: methods, framing, types and bodies, before anybody is authenticated (THREATS B)."""

import asyncio

import orjson
import pytest

from gateway.web import receive
from signing.message import Request

LOOKUP = "/v1/lookups/population/person"


def _code(answer):
    return orjson.loads(answer.body)["code"]


def _plain(method, target, *headers, host="gateway.test"):
    return Request(method, "https", "gateway.test", target, [("host", host), *headers])


JSON = ("content-type", "application/json")


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "OPTIONS", "GET", "PUT", "DELETE", "PATCH", "PROPFIND"])
async def test_no_other_method_looks_anybody_up(gateway, method):
    """405 names the method allowed; a header that asks for another method has no say (THREATS B15)."""
    request, body = gateway.kit.signed()
    request = Request(method, "https", "gateway.test", LOOKUP, request.headers)
    answer = await gateway.send(request, b"" if method == "TRACE" else body, extra=[("x-http-method-override", "POST")])
    assert (answer.status, answer.get("allow")) == (405, "POST")
    assert gateway.adapter.calls == []
    assert gateway.evidence.kinds() == ["refused"]


async def test_an_upgrade_is_refused(gateway):
    """There are no sockets behind API routes."""
    request, _ = gateway.kit.signed("GET", "/v1/registries")
    upgrade = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")]
    answer = await gateway.send(request, extra=[*upgrade, ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")])
    assert (answer.status, _code(answer)) == (405, "method-not-allowed")


async def test_unsigned_headers_decide_nothing(gateway):
    """Forwarded hosts, schemes and purposes of a proxy's invention change neither the answer nor its entry."""
    extra = [
        ("x-forwarded-for", "10.0.0.1"),
        ("x-forwarded-host", "evil.test"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.test"),
        ("x-purpose", "9.999909"),
        ("x-original-url", "/v1/registries"),
    ]
    answer, request = await gateway.ask(extra=extra)
    assert answer.status == 200
    gateway.verify(answer, request)
    assert gateway.evidence.entries[0].procedure == "9.999901"


@pytest.mark.parametrize("name", ["content-digest", "signature-input", "signature"])
async def test_a_signed_header_that_was_doubled_is_refused(gateway, name):
    """A second line behind the signed one is no way in (THREATS A9)."""
    request, body = gateway.kit.signed()
    answer = await gateway.send(request, body, extra=[(name, dict(request.headers)[name])])
    assert answer.status in {400, 401}
    assert gateway.adapter.calls == []
    assert len(gateway.evidence.entries) == 1


@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ([("content-encoding", "gzip")], 415),
        ([("content-encoding", "identity")], 415),
        ([("transfer-encoding", "gzip, chunked")], 400),
    ],
)
async def test_content_is_never_decoded(gateway, extra, status):
    """Any encoding is refused, and the inflated bytes never exist."""
    request, body = gateway.kit.signed()
    answer = await gateway.send(request, body, extra=extra, length=status == 415)
    assert answer.status == status
    assert gateway.adapter.calls == []


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/json; charset=latin-1",
        "application/jsonp",
        "app lication/json",
        "application/json;x=y",
    ],
)
async def test_only_json_is_taken(gateway, content_type):
    """Other media types and charsets are 415, before any signature is looked at."""
    answer = await gateway.send(_plain("POST", LOOKUP, ("content-type", content_type)), b"{}")
    assert (answer.status, _code(answer)) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_may_name_its_charset(gateway, content_type):
    """UTF-8 may be said in the ways HTTP allows; the signature is what is missing then."""
    answer = await gateway.send(_plain("POST", LOOKUP, ("content-type", content_type)), b"{}")
    assert _code(answer) == "signature-missing"


async def test_a_get_with_content_is_malformed(gateway):
    """GET has no content, framed either way."""
    request, _ = gateway.kit.signed("GET", "/v1/registries")
    assert _code(await gateway.send(request, b"{}")) == "request-malformed"
    chunked = await gateway.send(
        request, b"2\r\n{}\r\n0\r\n\r\n", extra=[("transfer-encoding", "chunked")], length=False
    )
    assert _code(chunked) == "request-malformed"


async def test_a_chunked_body_without_end_is_cut_at_the_limit(gateway):
    """1 MiB is the most, whatever the framing promises, and the connection ends."""
    wire = await gateway.ports.wire(gateway.port)
    head = "POST /v1/lookups/population/person HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"
    await wire.send((head + "Transfer-Encoding: chunked\r\n\r\n").encode())
    for _ in range(17):
        await wire.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
    answer = await wire.answer()
    assert (answer.status, _code(answer), answer.get("connection")) == (413, "payload-too-large", "close")


async def test_broken_chunks_are_malformed(gateway):
    """A body that is not framed right is refused, and what follows it is not read as a request."""
    wire = await gateway.ports.wire(gateway.port)
    head = "POST /v1/lookups/population/person HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"
    await wire.send((head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\nGET /docs HTTP/1.1\r\n\r\n").encode())
    answer = await wire.answer()
    assert (answer.status, _code(answer)) == (400, "request-malformed")
    assert await wire.closed() == b""


async def test_a_slow_body_is_given_up_and_counted(gateway, monkeypatch):
    """After its time the connection is closed without an answer: there is nobody waiting for one."""
    monkeypatch.setattr(receive, "BODY_SECONDS", 0.2)
    wire = await gateway.ports.wire(gateway.port)
    head = "POST /v1/lookups/population/person HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"
    await wire.send((head + "Content-Length: 100\r\n\r\n{").encode())
    assert await wire.closed(1.0) == b""
    assert gateway.counted("lienthong_http_refused_total", code="slow-body") == 1
    assert (await gateway.ask())[0].status == 200


async def test_a_client_that_hangs_up_in_its_body_is_forgotten(gateway):
    """Half a body is nobody's request: nothing is recorded, nothing is asked."""
    wire = await gateway.ports.wire(gateway.port)
    head = "POST /v1/lookups/population/person HTTP/1.1\r\nHost: gateway.test\r\nContent-Type: application/json\r\n"
    await wire.send((head + "Content-Length: 100\r\n\r\n{").encode())
    await asyncio.sleep(0.05)
    await wire.close()
    await asyncio.sleep(0.05)
    assert gateway.counted("lienthong_http_refused_total", code="body-cut-short") == 1
    assert gateway.evidence.entries == []


async def test_continue_is_said_only_where_the_head_is_sound(gateway):
    """`Expect: 100-continue` is answered before the body where it is wanted, and refused at once where not."""
    request, body = gateway.kit.signed()
    wire = await gateway.ports.wire(gateway.port)
    lines = [*request.headers, ("content-length", str(len(body))), ("expect", "100-continue")]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    await wire.send(f"POST {request.target} HTTP/1.1\r\n{head}\r\n".encode())
    assert (await wire.answer()).status == 100
    await wire.send(body)
    answer = await wire.answer()
    gateway.verify(answer, request)
    assert answer.status == 200
    refused = await gateway.send(_plain("POST", LOOKUP, ("expect", "100-continue")), length=True)
    assert refused.status == 415
