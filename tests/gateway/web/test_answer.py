"""Answers written at once say what aiohttp's own would, and leave the odd cases to those."""

import pytest
from aiohttp.web import Response

from gateway.web.answer import Answer

HEADERS = [("Server", "lienthong"), ("Content-Type", "application/json"), ("X-Request-Id", "r-1")]
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def sending(kind, *, status=200, body=b"{}", suited=None):
    """Make a handler that answers in one of the two ways; notes whether the short one would suit."""

    async def handler(request):
        if suited is not None:
            suited.append(Answer.suits(request, status, going_on=True))
        return kind(status=status, headers=HEADERS, body=body)

    return handler


@pytest.mark.parametrize("status", [200, 404, 503])
async def test_it_says_what_a_response_would(ports, status):
    """Status, headers and body are those of aiohttp's response, in whatever order."""
    answers = []
    for kind in (Answer, Response):
        wire = await ports.wire(await ports.serve(sending(kind, status=status)))
        await wire.send(GET)
        answers.append(await wire.answer())
    ours, theirs = answers
    assert (ours.status, ours.body) == (theirs.status, theirs.body) == (status, b"{}")
    assert {name for name, _ in ours.headers} == {name for name, _ in theirs.headers}
    assert [ours.get(name.lower()) for name, _ in HEADERS] == [value for _, value in HEADERS]


async def test_the_connection_goes_on(ports):
    """Requests sent together are answered one after the other."""
    wire = await ports.wire(await ports.serve(sending(Answer, body=b"x" * 100_000)))
    await wire.send(GET * 3)
    assert [len((await wire.answer()).body) for _ in range(3)] == [100_000] * 3


@pytest.mark.parametrize(
    ("request_", "status", "expected"),
    [
        (GET, 200, True),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx", 422, True),
        (b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", 200, False),
        (b"GET / HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n", 200, False),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200, False),
        (GET, 204, False),
        (GET, 304, False),
    ],
)
async def test_odd_cases_are_left_to_aiohttp(ports, request_, status, expected):
    """HEAD, HTTP/1.0, a connection that ends and statuses without content need more than bytes."""
    suited = []
    wire = await ports.wire(await ports.serve(sending(Response, status=status, suited=suited)))
    await wire.send(request_)
    await wire.answer(head=True)
    assert suited == [expected]


async def test_an_ending_connection_does_not_suit(ports):
    """Where the connection shall end, the answer has to say so."""
    suited = []

    async def handler(request):
        suited.append(Answer.suits(request, 200, going_on=False))
        return Response()

    wire = await ports.wire(await ports.serve(handler))
    await wire.send(GET)
    await wire.answer()
    assert suited == [False]


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "Đ"])
def test_no_header_can_add_another(value):
    """A line end or another script in a header makes no answer."""
    with pytest.raises(ValueError, match=r"line end|ascii"):
        Answer(200, [("X-Odd", value)], b"")


async def test_a_client_that_left_is_nobodys_error(ports, caplog):
    """An answer to a closed connection is dropped without a word."""

    async def handler(request):
        request.transport.abort()
        return Answer(200, HEADERS, b"{}")

    wire = await ports.wire(await ports.serve(handler))
    await wire.send(GET)
    assert await wire.closed() == b""
    assert not caplog.records
