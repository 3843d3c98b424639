"""HTTP transport: every way a connection can go wrong has its word, TLS is always verified, bodies are bounded."""

import asyncio
import gzip
import socket
import ssl
import struct

import pytest
import trustme

from adapters.contract import RegistryError, RegistryFault, RegistryInvalid, RegistryTimeout, RegistryUnavailable
from adapters.errors import MappingError
from adapters.http import MAX_BODY, HttpTransport, Reply, tls_context


def answer(head: str, body: bytes = b"", *, hold: bool = False):
    """Make a handler that reads a request, then sends the head and the body."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head.replace("\n", "\r\n").encode() + body)
        await writer.drain()
        if hold:
            await asyncio.sleep(60)

    return handle


async def asked(port: int, *, timeout_s: float = 5.0, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"):
    """Post once to the server and return what the transport makes of it."""
    transport = HttpTransport(f"{'https' if tls else 'http'}://{host}:{port}", tls=tls)
    try:
        return await transport.post(transport.url("/x"), b"<q/>", {"Content-Type": "text/xml"}, timeout_s)
    finally:
        await transport.close()


OK = "HTTP/1.1 200 OK\nContent-Type: text/xml; charset=utf-8\n"
ANSWERS = {
    "server_error": ("HTTP/1.1 503 Busy\nContent-Length: 0\n\n", b"", RegistryFault, "http-5xx"),
    "client_error": ("HTTP/1.1 404 No\nContent-Length: 0\n\n", b"", RegistryFault, "http-404"),
    "redirect": (
        "HTTP/1.1 302 Go\nLocation: http://127.0.0.1:1/\nContent-Length: 0\n\n",
        b"",
        RegistryInvalid,
        "redirect",
    ),
    "no_content": ("HTTP/1.1 204 Nothing\n\n", b"", RegistryInvalid, "status"),
    "empty": (OK + "Content-Length: 0\n\n", b"", RegistryInvalid, "empty"),
    "html": ("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 6\n\n", b"<html>", RegistryInvalid, "html"),
    "gzipped": (OK + "Content-Encoding: gzip\n\n", gzip.compress(b"<a/>"), RegistryInvalid, "content-encoding"),
    "announced_too_large": (OK + f"Content-Length: {MAX_BODY + 1}\n\n", b"", RegistryInvalid, "too-large"),
    "too_large": (OK + "Connection: close\n\n", b" " * (MAX_BODY + 1), RegistryInvalid, "too-large"),
    "truncated": (OK + "Content-Length: 100\n\n", b"<half", RegistryInvalid, "truncated"),
    "truncated_chunk": (OK + "Transfer-Encoding: chunked\n\n", b"64\r\n<half", RegistryInvalid, "truncated"),
    "bad_chunk_size": (OK + "Transfer-Encoding: chunked\n\n", b"zz\r\n<half", RegistryInvalid, None),
    "half_a_head": ("HTTP/1.1 200 OK\nContent-Ty", b"", RegistryInvalid, "truncated"),
    "not_http": ("\x00\x01SSH-2.0-nothing\n\n", b"", RegistryInvalid, "garbage"),
    "two_lengths": (OK + "Content-Length: 4\nContent-Length: 5\n\n", b"<a/>", RegistryInvalid, "garbage"),
    "endless_header": (OK + "X: " + "y" * 20_000 + "\n\n", b"", RegistryInvalid, "garbage"),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_bad_answers_have_their_word(serving, name):
    """An answer that broke the contract is named for how, and never counts as unanswered."""
    head, body, kind, reason = ANSWERS[name]
    async with serving(answer(head, body)) as port:
        with pytest.raises(RegistryError) as caught:
            await asked(port)
    assert type(caught.value) is kind
    assert reason in {None, caught.value.reason}
    assert not caught.value.unanswered


async def test_sound_answer_is_returned_whole(serving):
    """A 200 with a body within the cap is returned with its media type, however it was cut into pieces."""

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK.replace("\n", "\r\n").encode() + b"Content-Length: 200000\r\n\r\n")
        for _ in range(4):
            writer.write(b"x" * 50_000)
            await writer.drain()
            await asyncio.sleep(0.01)

    async with serving(handle) as port:
        assert await asked(port) == Reply(200, "text/xml", b"x" * 200_000)


async def test_request_carries_nothing_of_the_client_library(serving):
    """A request has the headers given, Host, length and identity encoding: no User-Agent and no cookies."""
    seen = []

    async def handle(reader, writer):
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nSet-Cookie: a=b\r\n\r\nx")
        await writer.drain()
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")

    async with serving(handle) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        for _ in range(2):
            await transport.exchange("GET", transport.url("/x?a=%2F"), None, {}, 5.0)
        await transport.close()
    for head in seen:
        lines = head.decode().strip().split("\r\n")
        assert lines[0] == "GET /x?a=%2F HTTP/1.1"
        assert {line.partition(":")[0].lower() for line in lines[1:]} <= {"host", "accept-encoding"}


async def test_refused_connection_is_unanswered():
    """A port where nobody listens is unavailable and may be asked again."""
    with socket.socket() as idle:
        idle.bind(("127.0.0.1", 0))
        with pytest.raises(RegistryUnavailable) as caught:
            await asked(idle.getsockname()[1])
    assert (caught.value.reason, caught.value.unanswered) == ("refused", True)


@pytest.mark.parametrize("reset", [False, True])
async def test_close_before_any_byte_is_unanswered(serving, reset):
    """A connection closed or reset before the first byte of an answer may be asked again."""

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if reset:
            link = writer.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async with serving(handle) as port:
        with pytest.raises(RegistryUnavailable) as caught:
            await asked(port)
    assert caught.value.unanswered


async def test_reset_in_the_middle_is_not_unanswered(serving):
    """A connection reset after half the body broke the contract: some answer was given."""

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK.replace("\n", "\r\n").encode() + b"Content-Length: 100\r\n\r\n<half")
        await writer.drain()
        await asyncio.sleep(0.05)
        link = writer.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with serving(handle) as port:
        with pytest.raises(RegistryInvalid) as caught:
            await asked(port)
    assert (caught.value.reason, caught.value.unanswered) == ("truncated", False)


@pytest.mark.parametrize("head", ["", OK, OK + "Content-Length: 9\n\n<a"])
async def test_deadline_covers_the_whole_exchange(serving, head):
    """Silence before, within or after the head ends at the deadline as a time-out."""
    async with serving(answer(head, hold=True)) as port:
        started = asyncio.get_running_loop().time()
        with pytest.raises(RegistryTimeout):
            await asked(port, timeout_s=0.2)
        assert asyncio.get_running_loop().time() - started < 1.0


async def test_drip_does_not_stretch_the_deadline(serving):
    """Bytes that keep coming one by one do not keep the call alive beyond its deadline."""

    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK.replace("\n", "\r\n").encode() + b"Content-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(handle) as port:
        with pytest.raises(RegistryTimeout):
            await asked(port, timeout_s=0.3)


async def test_no_time_left_asks_nobody():
    """A deadline already passed is a time-out without any connection (0 would mean "forever" to the library)."""
    with pytest.raises(RegistryTimeout):
        await asked(1, timeout_s=0.0)


@pytest.fixture(scope="module")
def authority():
    """Return a certificate authority made for these tests."""
    return trustme.CA()


def trusting(authority: trustme.CA, folder, **files) -> ssl.SSLContext:
    """Make the transport's context that trusts the authority alone."""
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return tls_context(str(file), **files)


HELLO = answer(OK + "Content-Length: 4\n\n", b"<a/>")


async def test_trusted_certificate_is_accepted(serving, authority, server_side, tmp_path):
    """A server whose certificate the authority signed for its address is spoken to."""
    async with serving(HELLO, ssl=server_side(authority.issue_cert("127.0.0.1"))) as port:
        assert (await asked(port, tls=trusting(authority, tmp_path))).body == b"<a/>"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("case", ["wrong_ca", "self_signed", "wrong_name", "expired", "TLSv1", "TLSv1_1"])
async def test_untrusted_servers_are_refused(serving, authority, hostile, tmp_path, case):
    """Another authority's, another host's, an expired certificate and old TLS are refused before a byte is asked."""
    asked_for = []

    async def handle(reader, _):
        asked_for.append(await reader.read(1))

    async with serving(handle, ssl=hostile(case, authority)) as port:
        with pytest.raises(RegistryUnavailable) as caught:
            await asked(port, tls=trusting(authority, tmp_path))
    assert not any(asked_for)
    assert caught.value.reason == "tls" or case.startswith("TLS")  # the server may hang up before it says why
    assert tls_context().minimum_version >= ssl.TLSVersion.TLSv1_2


async def test_default_trust_refuses_a_private_authority(serving, authority, server_side):
    """Without a CA file only the system's authorities count."""
    async with serving(HELLO, ssl=server_side(authority.issue_cert("127.0.0.1"))) as port:
        with pytest.raises(RegistryUnavailable):
            await asked(port, tls=tls_context())


async def test_client_certificate_is_presented(serving, authority, server_side, tmp_path):
    """A registry that demands a client certificate gets the configured one."""
    context = server_side(authority.issue_cert("127.0.0.1"), demands=authority)
    ours = authority.issue_cert("gateway.example")
    ours.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "ours.pem"))
    async with serving(HELLO, ssl=context) as port:
        tls = trusting(authority, tmp_path, certificate_file=str(tmp_path / "ours.pem"))
        assert (await asked(port, tls=tls)).status == 200


@pytest.mark.parametrize(
    ("files", "pointer"),
    [
        ({"ca_file": "absent.pem"}, "/tls/ca_file"),
        ({"key_file": "absent.pem"}, "/tls/client_certificate_file"),
        ({"certificate_file": "absent.pem", "key_file": "absent.pem"}, "/tls/client_certificate_file"),
    ],
)
def test_unusable_tls_files_are_named(files, pointer):
    """A TLS file that cannot be read is an error of the configuration that names its member."""
    with pytest.raises(MappingError) as caught:
        tls_context(**files)
    assert caught.value.pointer == pointer


async def test_a_dropped_get_is_not_silently_asked_again(serving):
    """Asking again is the gateway's to decide and to budget: the client library does not retry on its own."""
    asked_for = []

    async def handle(reader, writer):
        asked_for.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        await writer.drain()
        asked_for.append(await reader.readuntil(b"\r\n\r\n"))

    async with serving(handle) as port:
        transport = HttpTransport(f"http://127.0.0.1:{port}")
        await transport.exchange("GET", transport.url("/1"), None, {}, 5.0)
        with pytest.raises(RegistryUnavailable) as caught:
            await transport.exchange("GET", transport.url("/2"), None, {}, 5.0)
        await transport.close()
    assert caught.value.unanswered
    assert len(asked_for) == 2
