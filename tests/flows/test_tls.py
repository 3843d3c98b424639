"""D28 through the whole gateway: a registry over TLS is told nothing before it has proved who it is."""

import asyncio
import re
import shutil
import ssl
import threading
from contextlib import contextmanager, suppress

import pytest
import trustme

from gateway.sandbox.installation import free_port
from mocks.sample import people

pytestmark = [
    pytest.mark.usefixtures("healthy"),
    pytest.mark.timeout(180),
    pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning"),
]
TLS = """
[tls]
ca_file = "tls-test-ca.pem"
client_certificate_file = "tls-test-ours.crt.pem"
client_key_file = "tls-test-ours.key.pem"
"""
_persons = (person for person in people(200, 78) if person["expect"]["insurance/health-card"] == "found")


class Front:
    """TLS before a registry's mock, on one port: passes bytes on, and counts what came out of the TLS."""

    def __init__(self, upstream):
        self._upstream, self.port, self.received = upstream, free_port(), 0

    async def _serve(self, context, serving):
        server = await asyncio.start_server(self._handle, "127.0.0.1", self.port, ssl=context)
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        serving.set()
        async with server:
            await self._done.wait()
            server.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0.01)

    async def _handle(self, reader, writer):
        host, _, port = self._upstream.rpartition("/")[2].partition(":")
        theirs, ours = await asyncio.open_connection(host, int(port))
        try:
            await asyncio.gather(self._pass(reader, ours, counted=True), self._pass(theirs, writer, counted=False))
        finally:
            for side in (ours, writer):
                side.transport.abort()

    async def _pass(self, reader, writer, *, counted):
        with suppress(OSError):
            while data := await reader.read(65536):
                self.received += len(data) if counted else 0
                writer.write(data)
                await writer.drain()
        writer.close()

    @contextmanager
    def proving(self, context):
        """Serve with a context, in a thread."""
        self.received, serving = 0, threading.Event()
        thread = threading.Thread(target=lambda: asyncio.run(self._serve(context, serving)))
        thread.start()
        assert serving.wait(5)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._done.set)
            thread.join()


def look_up(stack):
    """Ask about somebody nobody asked about before: what a registry does not answer counts against guessing."""
    person = next(_persons)
    named = {name: person[name] for name in ("full_name", "birth_date")}
    subject = {"id_type": "personal_id", "id": person["personal_id"], **named}
    return stack.look_up("/v1/lookups/insurance/health-card", subject=subject, fields=["status"])


@pytest.fixture(scope="module")
def authority():
    """Return the authority that the configuration trusts."""
    return trustme.CA()


@pytest.fixture(scope="module")
def front(stack, authority, tmp_path_factory):
    """Have the insurer, who wants a password, asked over TLS, as a configuration says; then all is as before."""
    front, config = Front(stack.mocks["insurance"]), tmp_path_factory.mktemp("tls") / "config"
    secrets, ours = stack.directory / "secrets", authority.issue_cert("gateway.example")
    files = {
        "tls-test-ca.pem": authority.cert_pem.bytes(),
        "tls-test-ours.crt.pem": b"".join(blob.bytes() for blob in ours.cert_chain_pems),
        "tls-test-ours.key.pem": ours.private_key_pem.bytes(),
    }
    for name, content in files.items():
        (secrets / name).write_bytes(content)
        (secrets / name).chmod(0o600)
    shutil.copytree(stack.directory / "config", config)
    path = config / "registries" / "insurance.toml"
    path.write_text(re.sub(r"http://[^/\"]+", f"https://127.0.0.1:{front.port}", path.read_text()) + TLS)
    done = stack.lienthong("apply", str(config))
    assert done.returncode == 0, done.stderr
    yield front
    assert stack.lienthong("apply", str(stack.directory / "config")).returncode == 0
    for name in files:
        (secrets / name).unlink()


def unavailable(stack, answer):
    """Check that the registry was not there, and that the log says so."""
    assert (answer.status, answer.code) == (503, "registry-unavailable"), answer.body
    assert int(answer.get("retry-after")) >= 1
    assert stack.entries(answer) == [("asked", None), ("answered", "registry-unavailable")]


@pytest.mark.parametrize("case", ["wrong_ca", "self_signed", "expired", "wrong_name", "TLSv1", "TLSv1_1"])
def test_a_registry_that_does_not_prove_itself_is_told_nothing(stack, front, authority, hostile, case):
    """It is `registry-unavailable`, with its question and its end in the log, and no byte of ours."""
    before = stack.calls()
    with front.proving(hostile(case, authority)):
        unavailable(stack, look_up(stack))
    assert front.received == 0
    assert stack.calls() == before


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_registry_that_proves_itself_is_asked_and_shown_who_we_are(stack, front, authority, server_side, version):
    """Behind a certificate of the configured authority it answers as ever, also where it demands to know us."""
    for demands in (None, authority):
        with front.proving(server_side(authority.issue_cert("127.0.0.1"), version=version, demands=demands)):
            answer = look_up(stack)
        assert answer.status == 200, answer.body
        assert front.received > 0


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_registry_that_does_not_accept_us_is_unavailable(stack, front, authority, server_side, version):
    """It demands another authority's certificate and hangs up: in TLS 1.3 only after we have spoken."""
    others = trustme.CA()
    with front.proving(server_side(authority.issue_cert("127.0.0.1"), version=version, demands=others)):
        unavailable(stack, look_up(stack))
    assert front.received == 0
