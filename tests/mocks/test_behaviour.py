"""Misbehaviour is what was asked for, byte by byte."""

import asyncio
import contextlib
import json
import socket
import time
import zlib

import pytest

from mocks.behaviour import TRANSPORT_MODES, BehaviourError, Behaviours, Mode
from mocks.civil_status import CivilStatus
from mocks.insurance import Insurance
from mocks.population import Population
from mocks.special import MODES
from mocks.tax import Tax
from mocks.words import words

FIXED = {7: "hang", 8: "wrapped"}


@pytest.mark.parametrize(
    "wish",
    [
        {},
        [],
        None,
        "hang",
        {"mode": "unknown"},
        {"mode": "wrapped"},
        {"mode": ["hang"]},
        {"mode": "slow", "seconds": -1},
        {"mode": "slow", "seconds": "1"},
        {"mode": "slow", "seconds": True},
        {"mode": "hang", "times": 0},
        {"mode": "hang", "times": 1.5},
        {"mode": "hang", "more": 1},
    ],
)
def test_modes_it_lacks_and_nonsense_are_refused(wish):
    """A registry takes only its own modes, with sensible numbers."""
    behaviours = Behaviours(frozenset({"fault"}), {})
    with pytest.raises(BehaviourError):
        behaviours.put(wish)
    assert behaviours.take(None) is None


def test_times_are_counted_and_then_it_behaves():
    """A mode lasts as many look-ups as asked, or until it is cleared."""
    behaviours = Behaviours(frozenset({"fault"}), {})
    behaviours.put({"mode": "fault", "times": 2})
    assert [behaviours.take(None) for _ in range(3)] == [Mode("fault"), Mode("fault"), None]
    behaviours.put({"mode": "slow", "seconds": 2})
    assert [behaviours.take(None) for _ in range(50)] == [Mode("slow", 2)] * 50
    behaviours.clear()
    assert behaviours.take(None) is None


def test_a_sample_person_misbehaves_unless_a_mode_is_on():
    """The person's own mode counts where the registry has it; a mode that is on wins."""
    behaviours = Behaviours(frozenset({"fault"}), FIXED)
    assert (behaviours.take(7), behaviours.take(8), behaviours.take(9)) == (Mode("hang"), None, None)
    behaviours.put({"mode": "fault", "times": 1})
    assert [behaviours.take(7), behaviours.take(7)] == [Mode("fault"), Mode("hang")]


def test_the_protocols_modes_are_there():
    """Every registry has the modes of PROTOCOL 9, tax alone a forged signature, and each has its sample person."""
    common = set(words("slow hang fault http_500 garbage truncated drift another_person two_results empty redirect"))
    offered = [TRANSPORT_MODES | kind.content_modes for kind in (Population, Insurance, CivilStatus, Tax)]
    assert all(modes >= common for modes in offered)
    assert ["bad_signature" in modes for modes in offered] == [False, False, False, True]
    assert set(MODES.values()) == set().union(*offered)


@pytest.fixture(scope="module")
def civil_status(start):
    """Run a civil status registry."""
    url, _ = start("civil_status")
    return int(url.rpartition(":")[2])


@pytest.fixture
def exchange(civil_status, secrets_folder):
    """Ask for a birth with a mode on; return every byte of the answer, and how the connection ended."""
    token = (secrets_folder / "civil_status.token").read_text().strip()
    question = json.dumps({"module": "KS", "soDinhDanh": "099191000001", "maYeuCau": "r"})

    async def send(writer, method, path, body, authorization=""):
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        writer.write(f"{head}{authorization}\r\n{body}".encode())
        await writer.drain()

    async def control(method, path, body=""):
        reader, writer = await asyncio.open_connection("127.0.0.1", civil_status)
        await send(writer, method, path, body)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    async def ask(mode, limit=1 << 20, wait=2.0, **options):
        assert b" 204 " in await control("PUT", "/_behaviour", json.dumps({"mode": mode, "times": 1, **options}))
        reader, writer = await asyncio.open_connection("127.0.0.1", civil_status)
        await send(writer, "POST", "/hotich/traHoSo", question, f"Authorization: Bearer {token}\r\n")
        received, end = b"", "closed"
        try:
            async with asyncio.timeout(wait):
                while len(received) < limit and (part := await reader.read(65536)):
                    received += part
                end = "closed" if len(received) < limit else "endless"
        except TimeoutError:
            end = "open"
        except ConnectionResetError:
            end = "reset"
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        journal = await control("GET", "/_journal")
        return received, end, json.loads(journal.splitlines()[-1])["outcome"]

    return ask


def body_of(received):
    """Split the head from the body, and read the announced length."""
    head, _, body = received.partition(b"\r\n\r\n")
    length = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return head, body, int(length[0].split(b":")[1]) if length else None


async def test_slow_answers_are_right_and_late(exchange):
    """The answer comes after the seconds asked, and its outcome is the true one."""
    began = time.monotonic()
    received, end, outcome = await exchange("slow", seconds=0.3)
    assert time.monotonic() - began >= 0.3
    assert b"NGUY\xe1\xbb\x84N TH\xe1\xbb\x8a TH\xe1\xbb\xac" in received
    assert (end, outcome) == ("closed", "found")


async def test_hang_sends_nothing(exchange):
    """No byte comes and the connection stays; the call is in the journal all the same."""
    assert await exchange("hang", wait=0.3) == (b"", "open", "hang")


@pytest.mark.parametrize(
    ("mode", "status", "content"),
    [
        ("http_500", b"500", b"NullPointerException"),
        ("garbage", b"200", b"\x80\x81"),
        ("redirect", b"302", b""),
        ("html", b"200", b"<!DOCTYPE html>"),
        ("fault", b"200", b'"errorCode":"500"'),
    ],
)
async def test_whole_answers_that_are_wrong(exchange, mode, status, content):
    """Each of these is a complete HTTP answer of the wrong kind."""
    received, end, outcome = await exchange(mode)
    head, body, length = body_of(received)
    assert head.split(b" ")[1] == status
    assert content in body
    assert (len(body), end, outcome) == (length or 0, "closed", mode)


async def test_empty_is_a_body_of_no_bytes(exchange):
    """Status 200 with nothing in it."""
    received, _, _ = await exchange("empty")
    head, body, length = body_of(received)
    assert b" 200 " in head
    assert (body, length) == (b"", 0)


async def test_redirects_point_at_a_trap(exchange):
    """The address of a redirect is the mock's own trap, which writes down whoever follows."""
    received, _, _ = await exchange("redirect")
    assert b"/_trap\r\n" in body_of(received)[0] + b"\r\n"


@pytest.mark.parametrize(("mode", "ending"), [("truncated", "closed"), ("reset", "reset")])
async def test_cut_answers_end_early(exchange, mode, ending):
    """Half of the announced body comes, then the connection closes, politely or not."""
    received, end, outcome = await exchange(mode)
    _, body, length = body_of(received)
    assert 0 < len(body) == length // 2
    assert (end, outcome) == (ending, mode)


async def test_drop_resets_before_any_byte(exchange):
    """The connection is reset and nothing was said."""
    assert await exchange("drop") == (b"", "reset", "drop")


async def test_huge_does_not_end(exchange):
    """Megabytes come and there is no end in sight."""
    _, end, _ = await exchange("huge", limit=5 << 20, wait=10)
    assert end == "endless"


async def test_a_gzip_bomb_inflates_a_hundredfold(exchange):
    """A few KiB of body inflate to more than a MiB."""
    received, _, _ = await exchange("gzip_bomb", limit=1 << 15, wait=10)
    head, body, _ = body_of(received)
    assert b"Content-Encoding: gzip" in head
    chunks = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        chunks, body = chunks + body[: int(size, 16)], body[int(size, 16) + 2 :]
    assert len(zlib.decompressobj(31).decompress(chunks)) > 100 * len(chunks)


async def test_drip_sends_a_byte_at_a_time(exchange):
    """After the head a byte comes per pause, so that the whole takes long."""
    received, end, outcome = await exchange("drip", seconds=0.05, wait=0.6)
    _, body, length = body_of(received)
    assert 2 <= len(body) <= 15 < length
    assert (end, outcome) == ("open", "found")


def test_a_closed_port_is_refused(start):
    """Once stopped, a registry's port refuses."""
    url, process = start("civil_status")
    process.terminate()
    assert process.wait(2) == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), 1)
