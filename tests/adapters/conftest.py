"""Questions, scripted servers and the sandbox's registries for the adapters' tests."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.contract import Call, RegistryError, RegistryFault, RegistryInvalid, RegistryTimeout, RegistryUnavailable
from adapters.factory import build_adapter
from schemas.configuration import Registry
from schemas.dates import parse_partial
from schemas.grants import Grant, Officer, Purpose, Subject
from schemas.services import CATALOGUE, ServiceSpec

ROOT = Path(__file__).parents[2]
AUTH = {
    "population": {"credentials_file": "population.toml"},
    "insurance": {"credentials_file": "insurance.toml"},
    "civil_status": {"token_file": "civil_status.token"},
    "tax": {
        "key_file": "tax-gateway.key.pem",
        "certificate_file": "tax-gateway.crt.pem",
        "registry_certificate_file": "tax-registry.crt.pem",
    },
}


@pytest.fixture(scope="session")
def grant():
    """Make a grant for a question: by default about the example person of PROTOCOL section 3."""

    def make(
        service: str | ServiceSpec,
        id_type: str = "personal_id",
        identifier: str = "099191000001",
        *,
        name: str | None = "NGUYỄN THỊ THỬ",
        birth: str | None = "1991-05-02",
        officer: str = "099085000009",
        fields: tuple[str, ...] | None = None,
    ) -> Grant:
        spec = CATALOGUE[service] if isinstance(service, str) else service
        subject = Subject(id_type, identifier, name, parse_partial(birth) if birth else None)
        purpose = Purpose("9.999901", "law", Officer(officer, "Trần Văn Cán", "H99.01"), "H99.01-261121-0001")
        return Grant("H99.igate", spec, subject, purpose, fields or spec.fields, "H99", 0, 1, 1000, explain=False)

    return make


@pytest.fixture(scope="session")
def call():
    """Make a call with a deadline of `timeout_s` seconds."""

    def make(timeout_s: float = 5.0, request_id: str = "0199aa00-0000-7000-8000-00000000000a") -> Call:
        return Call(request_id, datetime.now(UTC), timeout_s)

    return make


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def serving():
    """Return a context that serves raw connections on an ephemeral port and yields the port."""

    @asynccontextmanager
    async def serve(handler: Handler, **options) -> AsyncIterator[int]:
        talks = set()

        async def closing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            talks.add(asyncio.current_task())
            try:
                await handler(reader, writer)
            except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(closing, "127.0.0.1", 0, **options)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for talk in talks:
                talk.cancel()
            await asyncio.gather(*talks)
            await server.wait_closed()
            await asyncio.sleep(0.01)

    return serve


@pytest.fixture(scope="session")
def secrets(tmp_path_factory) -> Path:
    """Return a secrets directory as the sandbox writes it."""
    folder = tmp_path_factory.mktemp("secrets")
    subprocess.run([sys.executable, "-m", "mocks", "secrets", str(folder)], cwd=ROOT, check=True, capture_output=True)
    return folder


class MockRegistry:
    """One of the sandbox's registries, running as a process."""

    def __init__(self, name: str, url: str, secrets: Path) -> None:
        self.name = name
        self.url = url
        self.secrets = secrets

    def adapter(self):
        """Build an adapter from a configuration as an operator writes it."""
        config = Registry(registry=self.name.replace("_", "-"), adapter=self.name, url=self.url, auth=AUTH[self.name])
        return build_adapter(config, {}, self.secrets)

    def behave(self, mode: str | None, **options) -> None:
        """Switch a misbehaviour on, or all of them off."""
        body = None if mode is None else json.dumps({"mode": mode, **options}).encode()
        request = urllib.request.Request(
            f"{self.url}/_behaviour", data=body, method="DELETE" if mode is None else "PUT"
        )
        with urllib.request.urlopen(request) as response:
            assert response.status == 204

    def calls(self) -> int:
        """Return how many look-ups the registry's own journal counts."""
        with urllib.request.urlopen(f"{self.url}/_journal/count") as response:
            return json.load(response)["calls"]

    def journal(self) -> list[dict[str, str]]:
        """Return the registry's own journal."""
        with urllib.request.urlopen(f"{self.url}/_journal") as response:
            return [json.loads(line) for line in response.read().splitlines()]


@pytest.fixture(scope="session")
def mock_process(secrets) -> Iterator[Callable[..., MockRegistry]]:
    """Start a registry of the sandbox: `mock_process("tax", "--token-ttl", "2")`."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str, *options: str) -> MockRegistry:
        command = [sys.executable, "-m", "mocks", "serve", name, "--port", "0", "--secrets", str(secrets), *options]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "READY", f"the mock {name} did not start"
        return MockRegistry(name, url, secrets)

    yield start
    for process in started:
        process.terminate()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture(scope="session")
def mocks(mock_process) -> Callable[[str], MockRegistry]:
    """Return one of the sandbox's four registries, started once and behaving."""
    running: dict[str, MockRegistry] = {}

    def get(name: str) -> MockRegistry:
        if name not in running:
            running[name] = mock_process(name)
        running[name].behave(None)
        return running[name]

    return get


_OTHER_THAN_INVALID: dict[str, type[RegistryError]] = {
    "drop": RegistryUnavailable,
    "fault": RegistryFault,
    "http_500": RegistryFault,
    "hang": RegistryTimeout,
    "drip": RegistryTimeout,
}


@pytest.fixture
def misbehaving(mocks, call):
    """Return a check: a registry asked while it misbehaves raises that mode's class of error."""

    async def check(name: str, mode: str, question: Grant) -> None:
        expected = _OTHER_THAN_INVALID.get(mode, RegistryInvalid)
        registry = mocks(name)
        adapter = registry.adapter()
        registry.behave(mode)
        with pytest.raises(RegistryError) as caught:
            await adapter.ask(question, call(0.4 if expected is RegistryTimeout else 5.0))
        await adapter.close()
        assert type(caught.value) is expected
        assert not [line for line in registry.journal() if line["operation"] == "trap"]

    return check
