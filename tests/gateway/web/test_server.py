"""The HTTP server itself: deadlines, limits, and shapes of requests that smuggle (THREATS B11 to B15)."""

import asyncio
import logging

import orjson
import pytest
from aiohttp.web import Response

GET = b"GET / HTTP/1.1\r\nHost: gateway.test\r\n"


class Handler:
    """Answers every request with its method and body, and remembers them."""

    def __init__(self):
        self.seen = []

    async def __call__(self, request):
        """Answer."""
        body = await request.read()
        self.seen.append((request.method, request.raw_path, body, request.raw_headers))
        return Response(body=body or b"none")


@pytest.fixture
def handler():
    """Remember what arrived."""
    return Handler()


@pytest.fixture
async def port(ports, handler):
    """Serve with short deadlines."""
    return await ports.serve(handler, header_seconds=0.2, idle_seconds=0.6)


async def _ask(ports, port, data, **options):
    wire = await ports.wire(port)
    await wire.send(data)
    return await wire.answer(**options)


async def test_answers_a_plain_request(ports, port, handler):
    """An ordinary request reaches the handler."""
    answer = await _ask(ports, port, GET + b"\r\n")
    assert (answer.status, answer.body) == (200, b"none")
    assert handler.seen[0][:2] == ("GET", "/")


@pytest.mark.parametrize("start", [b"", b"G", GET, GET + b"X-Slow: "])
async def test_headers_that_do_not_come_close_the_connection(ports, port, handler, start):
    """Whatever came so far, the deadline for complete headers holds, and it is counted."""
    wire = await ports.wire(port)
    await wire.send(start)
    assert await wire.closed(1.0) == b""
    assert ports.refused == ["slow-headers"]
    assert handler.seen == []


async def test_dripping_headers_do_not_move_the_deadline(ports, port, handler):
    """A byte now and then buys no time."""
    wire = await ports.wire(port)
    begun = asyncio.get_running_loop().time()
    await wire.send(GET)
    while asyncio.get_running_loop().time() - begun < 0.5:
        await wire.send(b"X: y\r\n")
        await asyncio.sleep(0.05)
    assert await wire.closed(0.5) == b""
    assert handler.seen == []


async def test_the_second_requests_headers_have_a_deadline_too(ports, port, handler):
    """Slowness after a good request is no different."""
    wire = await ports.wire(port)
    await wire.send(GET + b"\r\n")
    assert (await wire.answer()).status == 200
    await asyncio.sleep(0.3)  # idle is not slow
    await wire.send(b"GET /slow HT")
    assert await wire.closed(0.5) == b""
    assert ports.refused == ["slow-headers"]
    assert len(handler.seen) == 1


async def test_an_idle_connection_is_closed_after_a_while(ports, port):
    """Keep-alive does not last for ever, and its end is no refusal."""
    wire = await ports.wire(port)
    await wire.send(GET + b"\r\n")
    assert (await wire.answer()).status == 200
    assert await wire.closed(2.0) == b""
    assert ports.refused == []


async def test_a_slow_answer_is_not_cut_by_the_header_deadline(ports):
    """The deadline is for headers, not for the work that follows."""

    async def slow(request):
        await asyncio.sleep(0.4)
        return Response(body=await request.read())

    port = await ports.serve(slow, header_seconds=0.1)
    answer = await _ask(ports, port, b"POST / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 2\r\n\r\nok")
    assert answer.body == b"ok"


async def test_five_hundred_slow_clients_hold_up_nobody(ports, port):
    """While hundreds drip, an ordinary request is answered, and at the deadline they are all gone."""
    slow = [await ports.wire(port) for _ in range(200)]
    for wire in slow:
        await wire.send(b"GET / HT")
    assert (await _ask(ports, port, GET + b"\r\n")).status == 200
    assert [await wire.closed(1.5) for wire in slow] == [b""] * 200


async def test_pipelined_requests_are_answered_in_order(ports, port, handler):
    """Two requests in one packet are two requests."""
    wire = await ports.wire(port)
    await wire.send(GET.replace(b"/ ", b"/a ") + b"\r\n" + GET.replace(b"/ ", b"/b ") + b"\r\n")
    assert [(await wire.answer()).status for _ in range(2)] == [200, 200]
    assert [seen[1] for seen in handler.seen] == ["/a", "/b"]


POST = b"POST / HTTP/1.1\r\nHost: gateway.test\r\n"


async def test_many_pipelined_bodies_are_all_read(ports, port):
    """More requests with bodies in one packet than the parser queues: each is answered, in order."""
    wire = await ports.wire(port)
    bodies = [b"%03d" % number * 300 for number in range(60)]
    await wire.send(b"".join(POST + b"Content-Length: 900\r\n\r\n" + body for body in bodies))
    assert [(await wire.answer()).body for _ in bodies] == bodies


async def test_reading_goes_on_after_a_large_body(ports, port):
    """A body beyond every buffer, read slowly, pauses the connection and is read whole; so is what follows it."""
    wire = await ports.wire(port)
    for body in (bytes(900_000), b"short", bytes(range(256)) * 3000):
        await wire.send(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert (await wire.answer()).body == body


SMUGGLING = {
    "both-lengths": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two-lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "signed-length": POST + b"Content-Length: +5\r\n\r\nabcde",
    "negative-length": POST + b"Content-Length: -5\r\n\r\nabcde",
    "hex-length": POST + b"Content-Length: 0x5\r\n\r\nabcde",
    "length-list": POST + b"Content-Length: 5, 5\r\n\r\nabcde",
    "space-before-colon": POST + b"Content-Length : 5\r\n\r\nabcde",
    "chunked-not-last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "odd-coding-name": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "vertical-tab-coding": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "coding-in-http-1.0": POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "bare-lf-headers": POST.replace(b"\r\n", b"\n") + b"\n",
    "bare-lf-one-line": POST + b"X-One: a\nX-Two: b\r\n\r\n",
    "bare-cr-in-value": POST + b"X-One: a\rX-Two: b\r\n\r\n",
    "obs-fold": POST + b"X-One: a\r\n b\r\n\r\n",
    "nul-in-value": POST + b"X-One: a\x00b\r\n\r\n",
    "control-in-value": POST + b"X-One: a\x01b\r\n\r\n",
    "nul-in-name": POST + b"X\x00One: a\r\n\r\n",
    "no-colon": POST + b"X-One\r\n\r\n",
    "empty-name": POST + b": a\r\n\r\n",
    "space-in-name": POST + b"X One: a\r\n\r\n",
    "no-host": b"POST / HTTP/1.1\r\n\r\n",
    "two-hosts": POST + b"Host: evil.test\r\n\r\n",
    "no-version": b"GET /\r\n\r\n",
    "http-0.9": b"GET / HTTP/0.9\r\nHost: gateway.test\r\n\r\n",
    "http-2-preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "garbage": b"\x00\xff\x00\xff\r\n\r\n",
    "lower-case-method": b"get / HTTP/1.1\r\nHost: gateway.test\r\n\r\n",
    "tabs-in-request-line": b"GET\t/\tHTTP/1.1\r\nHost: gateway.test\r\n\r\n",
}


@pytest.mark.parametrize("name", SMUGGLING)
async def test_shapes_that_two_servers_read_differently_are_refused(ports, port, handler, name):
    """Nothing reaches the handler; the answer is an unsigned 400 or a closed connection, and the connection ends."""
    wire = await ports.wire(port)
    await wire.send(SMUGGLING[name] + b"GET /smuggled HTTP/1.1\r\nHost: gateway.test\r\n\r\n")
    answer = await wire.answer()
    if answer is not None:
        assert answer.status == 400
        assert orjson.loads(answer.body)["code"] == "request-malformed"
        assert answer.get("content-type") == "application/problem+json"
        assert answer.get("signature") is None
        assert b"smuggled" not in answer.body
    assert await wire.closed() == b""
    assert handler.seen == []
    assert ports.refused


async def test_a_chunked_body_is_read_whole(ports, port):
    """Ordinary chunks are ordinary."""
    data = POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n"
    assert (await _ask(ports, port, data)).body == b"abcde"


async def test_compressed_bodies_are_not_inflated(ports, port):
    """The handler sees the bytes that came: a digest is over these."""
    gzip = bytes.fromhex("1f8b08000000000000ff4b4c4a0600c241243503000000")
    data = POST + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(gzip) + gzip
    assert (await _ask(ports, port, data)).body == gzip


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: gateway.test\r\n\r\n", 414, "uri-too-long"),
        (b"GET /header/" + b"a" * 9000 + b" HTTP/1.1\r\nHost: gateway.test\r\n\r\n", 414, "uri-too-long"),
        (GET + b"X-Long: " + b"a" * 33_000 + b"\r\n\r\n", 431, "headers-too-large"),
        (GET + b"X-" + b"a" * 33_000 + b": x\r\n\r\n", 431, "headers-too-large"),
        (GET + b"X: y\r\n" * 200 + b"\r\n", 431, "headers-too-large"),
    ],
)
async def test_too_long_lines_have_their_own_codes(ports, port, handler, data, status, code):
    """The request line at most 8 KiB, a field at most 32 KiB, a bounded number of fields."""
    answer = await _ask(ports, port, data)
    assert (answer.status, orjson.loads(answer.body)["code"]) == (status, code)
    assert ports.refused == [code]
    assert handler.seen == []


async def test_a_refusal_echoes_nothing(ports, port, capfd, caplog):
    """Neither the answer nor the log repeats what was sent, and the log has one short line without a traceback."""
    with caplog.at_level(logging.DEBUG):
        answer = await _ask(ports, port, b"GET /099191000001\x00<script> HTTP/1.1\r\nHost: 099191000002\r\n\r\n")
    written = capfd.readouterr()
    text = answer.body.decode() + str(answer.headers) + written.out + written.err + caplog.text
    assert "09919100000" not in text
    assert "script" not in text
    assert "Traceback" not in text
    assert len([line for line in (written.out + written.err).splitlines() if "http refused" in line]) == 1


async def test_an_error_in_the_handler_is_a_500_without_a_word(ports, capfd, caplog):
    """What went wrong inside is nobody's business outside."""

    async def broken(_request):
        raise ValueError("099191000001")

    port = await ports.serve(broken)
    with caplog.at_level(logging.DEBUG):
        answer = await _ask(ports, port, GET + b"\r\n")
    written = capfd.readouterr()
    assert (answer.status, orjson.loads(answer.body)["code"]) == (500, "internal")
    assert "099191000001" not in answer.body.decode() + written.out + written.err + caplog.text


async def test_head_has_no_body(ports, port):
    """An answer to HEAD ends after its headers, so the next request is read right."""
    wire = await ports.wire(port)
    await wire.send(b"HEAD / HTTP/1.1\r\nHost: gateway.test\r\n\r\n" + GET + b"\r\n")
    assert (await wire.answer(head=True)).status == 200
    assert (await wire.answer()).body == b"none"


async def test_a_client_that_hangs_up_leaves_the_handler_alone(ports):
    """The work that was begun is finished: a question's answer must reach the log (THREATS E35)."""
    done = asyncio.Event()

    async def slow(_request):
        await asyncio.sleep(0.2)
        done.set()
        return Response()

    wire = await ports.wire(await ports.serve(slow))
    await wire.send(GET + b"\r\n")
    await asyncio.sleep(0.05)
    await wire.close()
    await asyncio.wait_for(done.wait(), 1.0)


async def test_a_client_that_never_reads_holds_up_nobody(ports):
    """One connection's full buffer is its own trouble, and only for so long."""

    async def much(_request):
        return Response(body=b"x" * 3_000_000)

    port = await ports.serve(much, write_seconds=0.3)
    deaf = await ports.wire(port)
    await deaf.send((GET + b"\r\n") * 20)
    await asyncio.sleep(0.1)
    assert len((await _ask(ports, port, GET + b"\r\n")).body) == 3_000_000
    await asyncio.sleep(0.4)
    assert ports.refused == ["unread-answer"]
    assert len(await deaf.closed()) < 20 * 3_000_000
