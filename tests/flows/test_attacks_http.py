"""THREATS B as dialogues: shapes of HTTP that smuggle, exhaust or slip past, against a running installation."""

import gzip
import socket
import time

import orjson
import pytest

from signing.message import Request

pytestmark = [pytest.mark.usefixtures("healthy"), pytest.mark.timeout(120)]
LOOKUP = "/v1/lookups/population/person"

SHAPES = {
    "both-lengths": (b"", b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
    "two-lengths": (b"", b"Content-Length: 5\r\nContent-Length: 6\r\n"),
    "negative-length": (b"", b"Content-Length: -5\r\n"),
    "space-before-colon": (b"", b"Content-Length : 5\r\n"),
    "odd-coding": (b"", b"Transfer-Encoding: xchunked\r\n"),
    "bare-lf": (b"", b"X-One: a\nX-Two: b\r\n"),
    "obs-fold": (b"", b"X-One: a\r\n b\r\n"),
    "nul-in-value": (b"", b"X-One: a\x00b\r\n"),
    "control-in-name": (b"", b"X\x01One: a\r\n"),
    "two-hosts": (b"", b"Host: evil.test\r\n"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_what_two_servers_read_differently_is_refused(stack, name):
    """B11: refused by the parser, unsigned, uncounted by the log, and the connection ends."""
    calls = stack.calls()
    request, body = stack.signed()
    lines = "".join(f"{key}: {value}\r\n" for key, value in request.headers).encode()
    head = f"POST {LOOKUP} HTTP/1.1\r\n".encode() + lines + SHAPES[name][1]
    answer = stack.raw(head + b"\r\n" + body)
    assert answer is None or (answer.status, answer.code, answer.get("signature")) == (400, "request-malformed", None)
    assert stack.calls() == calls


@pytest.mark.parametrize(
    "target",
    [
        "/v1/lookups/population/../population/person",
        "/v1/lookups/population/%2e%2e/person",
        "/v1/lookups/population%2fperson",
        "/v1/lookups//population/person",
        "//v1/lookups/population/person",
        "/v1/lookups/population/person;x=1",
        "/v1/lookups/population/person%00",
        "/v1/lookups/population/pers%6fn%",
        "/v1/lookups/population/%c0%ae",
        "/v1/lookups/population/%e0%80%af",
    ],
)
def test_odd_targets_are_refused_before_anything_else(stack, target):
    """B11: a signature over the very same odd target does not help."""
    calls = stack.calls()
    request, body = stack.signed(target=target)
    answer = stack.send(request, body)
    if target.startswith("//"):
        assert (answer.status, answer.code) == (400, "request-malformed")
    else:
        stack.refused(answer, "request-malformed", 400, request=request, calls=calls)
    assert stack.calls() == calls


@pytest.mark.parametrize(
    "form", ["http://{authority}/v1/registries", "http://evil.test/v1/registries", "{authority}", "*"]
)
def test_only_the_origin_form_is_a_target(stack, form):
    """B11: absolute, authority and asterisk forms are refused; a proxy's `host` never comes from the target."""
    request, _ = stack.signed("GET", "/v1/registries")
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    answer = stack.raw(f"GET {form.format(authority=stack.authority)} HTTP/1.1\r\n{lines}\r\n".encode())
    assert answer.status in {400, 405}
    assert "data" not in answer.body.decode()


def test_escapes_are_another_path(stack):
    """B11: `%6f` is not `o`: routing, authorisation and signature use one and the same string."""
    calls = stack.calls()
    request, body = stack.signed(target="/v1/lookups/population/pers%6fn")
    stack.refused(stack.send(request, body), "not-found", 404, request=request, calls=calls)


@pytest.mark.parametrize("host", ["evil.test", "localhost", "127.0.0.1", "127.0.0.1:80", ""])
def test_the_host_is_ours_or_nobodys(stack, host):
    """B11: `Host` must be one of the public URLs to the letter."""
    calls = stack.calls()
    request, body = stack.signed()
    request = Request("POST", "http", stack.authority, LOOKUP, [("host", host), *request.headers[1:]])
    answer = stack.send(request, body)
    assert (answer.status, answer.code) == (400, "request-malformed")
    assert stack.calls() == calls


def test_slow_clients_hold_up_nobody(stack):
    """B12: a hundred clients that drip their headers and bodies leave the others their answers."""
    request, _ = stack.signed()
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    slow = []
    for number in range(100):
        connection = socket.create_connection(stack.address, 5)
        start = f"POST {LOOKUP} HTTP/1.1\r\n" + (lines + "Content-Length: 1000\r\n\r\n{" if number % 2 else "Hos")
        connection.sendall(start.encode())
        slow.append(connection)
    try:
        answers = [stack.ask() for _ in range(10)]
        assert {answer.status for answer in answers} == {200}
        assert max(answer.seconds for answer in answers) < 1.0
        slow[0].settimeout(15)
        begun = time.monotonic()
        assert slow[0].recv(1) == b""
        assert time.monotonic() - begun < 11.0
    finally:
        for connection in slow:
            connection.close()


def test_sizes_have_limits(stack):
    """B13: body, header, request line: 413, 431, 414, each at its limit."""
    calls = stack.calls()
    request, body = stack.signed(body=b"[" + b" " * (1 << 20) + b"]")
    stack.refused(stack.send(request, body), "payload-too-large", 413, request=request, calls=calls)
    request, body = stack.signed(body=b"[" + b" " * ((1 << 20) - 2) + b"]")
    stack.refused(stack.send(request, body), "request-invalid", 422, request=request, calls=calls)
    for data, status, code in (
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "uri-too-long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 40_000 + b"\r\n\r\n", 431, "headers-too-large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500 + b"\r\n", 431, "headers-too-large"),
    ):
        answer = stack.raw(data)
        assert (answer.status, answer.code) == (status, code)
    many = [(f"x-{number}", "a" * 3000) for number in range(12)]
    request, body = stack.signed()
    stack.refused(stack.send(request, body, extra=many), "headers-too-large", 431, calls=calls)


def test_compressed_content_is_refused(stack):
    """B13: whatever the encoding, and a bomb above all, it is not inflated."""
    calls = stack.calls()
    bomb = gzip.compress(bytes(20_000_000))
    for coding, content in (("gzip", bomb), ("identity", stack.body()), ("br", b"x")):
        request, body = stack.signed(body=content, headers=[("content-encoding", coding)])
        stack.refused(stack.send(request, body), "unsupported-media-type", 415, request=request, calls=calls)


def test_error_pages_echo_nothing_and_one_bad_request_is_one_line(stack):
    """B14: neither answer nor technical log repeats what was sent."""
    log = stack.directory / "log" / "gateway.log"
    before = log.stat().st_size
    answer = stack.raw(b"GET /zq7marker\x00 HTTP/1.1\r\nHost: zq7marker\r\nX: zq7marker\r\n\r\n")
    assert b"zq7marker" not in answer.body
    assert b"zq7marker" not in repr(answer.headers).encode()
    request, body = stack.signed(target="/v1/zq7marker")
    answer = stack.send(request, body)
    assert b"zq7marker" not in answer.body
    time.sleep(0.2)
    lines = log.read_bytes()[before:].splitlines()
    assert len(lines) == 1
    assert b"zq7marker" not in lines[0]
    assert len(lines[0]) < 400
    assert orjson.loads(lines[0])["code"] == "request-malformed"


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_look_nobody_up(stack, method):
    """B15: 405, whatever the override headers say, and a truly signed request does not change that."""
    calls = stack.calls()
    content = b"" if method in {"GET", "HEAD", "TRACE"} else stack.body()
    request, body = stack.signed(method, LOOKUP, content)
    answer = stack.send(request, body, extra=[("x-http-method-override", "POST"), ("x-method-override", "POST")])
    assert (answer.status, answer.get("allow")) == (405, "POST")
    assert stack.calls() == calls
    assert stack.entries(answer) == [("refused", "method-not-allowed")]


def test_a_websocket_is_refused(stack):
    """B15: an upgrade on an API route is 405."""
    calls = stack.calls()
    request, _ = stack.signed("GET", "/v1/registries")
    upgrade = [("connection", "upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")]
    answer = stack.send(request, extra=[*upgrade, ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")])
    stack.refused(answer, "method-not-allowed", 405, calls=calls)
