"""An outbox in a database, a portal as a process that misbehaves on request, and a deliverer between them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from prometheus_client import CollectorRegistry

from adapters.http import HttpTransport
from adapters.portal import Credentials, PortalClient
from gateway.delivery.deliverer import Deliverer, Pace
from gateway.delivery.metrics import DeliveryMetrics
from gateway.dossiers.carrying import Carrier
from gateway.dossiers.receiving import EventResult, Receiver
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import MinuteSealer
from gateway.store.database import Database
from gateway.store.delivery import heads
from gateway.store.scope import Scope
from mocks.credentials import write_missing
from schemas.dossiers import DossierEvent, Party

BEGUN = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
CLIENT = "H99.igate"
_serials = count(1)


def _event(dossier: str, status: int, minute: int, **members: Any) -> DossierEvent:
    """Return an event of a dossier, `minute` minutes after the beginning."""
    made = {
        "event_id": f"{dossier}/{status}/{minute}",
        "dossier": dossier,
        "procedure": "9.999901",
        "agency": "H99.01",
        "status": status,
        "occurred_at": BEGUN + timedelta(minutes=minute),
        "parties": (Party("personal_id", "099191000001", "applicant"),) if minute == 0 else None,
    }
    return DossierEvent(**{**made, **members})


@pytest.fixture
def event():
    """Return a maker of events."""
    return _event


@pytest.fixture
def code() -> str:
    """Return a dossier's code that no other test uses."""
    return f"H99.01-261121-{next(_serials):04}"


@pytest.fixture
def codes() -> list[str]:
    """Return twenty codes that no other test uses."""
    return [f"H99.01-261121-{next(_serials):04}" for _ in range(20)]


@dataclass
class Portal:
    """The mock as a process; `restart` begins it again on the same port with what it kept."""

    folder: Path
    options: tuple[str, ...] = ()
    url: str = ""
    process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Begin, and wait until it is ready."""
        port = self.url.rpartition(":")[2] or "0"
        command = [sys.executable, "-m", "mocks", "serve", "portal", "--secrets", str(self.folder), "--port", port]
        command += ["--journal", str(self.folder / "journal"), *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        word, self.url = self.process.stdout.readline().split()
        assert word == "READY"

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process.stdout.close()

    def _ask(self, method: str, path: str, body: Any = None) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, method=method), timeout=10) as answer:
            return answer.read()

    def behave(self, mode: str, **members: Any) -> None:
        """Switch a misbehaviour on."""
        self._ask("PUT", "/_behaviour", {"mode": mode, **members})

    def be_good(self) -> None:
        """Switch misbehaviour off."""
        self._ask("DELETE", "/_behaviour")

    def held(self, code: str) -> dict[str, Any] | None:
        """Return what it holds of a dossier."""
        return json.loads(self._ask("GET", "/_state"))["dossiers"].get(code)

    def effects(self, code: str) -> list[tuple[str, str]]:
        """Return what changed something, in order: service and status."""
        held = self.held(code)
        return [(note["service"], note["TrangThai"]) for note in held["history"] if note["effect"]] if held else []

    def calls(self) -> int:
        """Return how many calls it ever got, log-ins not counted."""
        return json.loads(self._ask("GET", "/_journal/count"))["calls"]


@pytest.fixture(scope="session")
def portal_process(tmp_path_factory) -> Iterator[Portal]:
    """Run one portal for the session."""
    folder = tmp_path_factory.mktemp("portal")
    write_missing(folder, datetime.now(UTC))
    portal = Portal(folder)
    portal.start()
    yield portal
    portal.kill()


@pytest.fixture
def portal(portal_process: Portal) -> Iterator[Portal]:
    """Lend the portal; it behaves again afterwards."""
    yield portal_process
    if portal_process.process.poll() is not None:
        portal_process.start()
    portal_process.be_good()


@dataclass
class Office:
    """Takes events in and delivers them."""

    database: Database
    receiver: Receiver
    deliverer: Deliverer

    async def push(self, *events: DossierEvent) -> list[EventResult]:
        """Store events as one batch of one client."""
        now = datetime.now(UTC)
        return await self.receiver.receive(CLIENT, Scope.of(["H99*"]), events, request_id="r", now=now)

    async def waiting(self) -> int:
        """Return how many dossiers wait that are not parked."""
        return len(await heads(self.database, "waiting", 1000))

    async def deliver(self, turns: int = 400) -> None:
        """Turn until nothing waits that is not parked."""
        for _ in range(turns):
            await self.deliverer.turn()
            if not await self.waiting():
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the outbox does not get empty")


@pytest.fixture
def pseudonyms() -> Pseudonyms:
    """Return pseudonyms of one year's key."""
    return Pseudonyms({2026: bytes(range(32))})


@pytest.fixture
def make_office(database: Database, pseudonyms: Pseudonyms):
    """Return a maker of offices; the caller closes its portal client."""

    def make(portal: Portal, **pace: Any) -> tuple[Office, PortalClient]:
        secret = tomllib.loads((portal.folder / "portal.toml").read_text())
        client = PortalClient(HttpTransport(portal.url, limit=8), Credentials(**secret), "H99")
        chosen = Pace(**{"batch": 50, "concurrency": 2, "deadline_s": 1.0, **pace})
        deliverer = Deliverer(
            database,
            client,
            Carrier(pseudonyms),
            chosen,
            metrics=DeliveryMetrics(CollectorRegistry()),
            databases_of=lambda _procedure, _components: (),
            now=lambda: datetime.now(UTC),
        )
        receiver = Receiver(
            database, pseudonyms=pseudonyms, sealer=MinuteSealer(X25519PrivateKey.generate().public_key())
        )
        return Office(database, receiver, deliverer), client

    return make


@pytest.fixture
async def office(make_office, portal: Portal) -> AsyncIterator[Office]:
    """Deliver from the module's database to the session's portal."""
    made, client = make_office(portal)
    yield made
    await client.close()
