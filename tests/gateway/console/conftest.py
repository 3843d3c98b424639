"""A console on the module's database: its own role, keys, clock; browsers that log in with real forms."""

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import pyotp
import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from gateway.console import credentials
from gateway.console.accounts import Accounts
from gateway.console.app import application
from gateway.console.process import open_desk
from gateway.console.registry import SCREENS
from gateway.console.roles import Role
from gateway.console.settings import load_console_settings
from gateway.evidence.contract import Draft, Kind
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.leaf import uuid7
from gateway.export.signing import sign_manifests
from gateway.sandbox.files import Addresses, prepare, write_env
from gateway.sandbox.layout import Layout
from gateway.settings import load_settings
from gateway.store.findings import count_days

_numbers = count(1)
OFFICER, PERSON = "099085000009", "099191000001"


@dataclass
class Clock:
    """The console's clock: the machine's, set forward by `ahead`."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self):
        """Tell the time."""
        return datetime.now(UTC) + self.ahead


@pytest.fixture(scope="module")
def desk_clock():
    """Make the clock of the module's desk."""
    return Clock()


@pytest.fixture
def clock(desk_clock):
    """Tell the time, ahead where a test says so."""
    desk_clock.ahead = timedelta()
    return desk_clock


@pytest.fixture(scope="module")
def console_layout(tmp_path_factory, database_urls):
    """Prepare an installation's files and settings with a console, without processes: one set of keys a database."""
    layout = Layout(tmp_path_factory.mktemp("console") / "DIR")
    prepare(layout, datetime.now(UTC))
    addresses = Addresses("http://127.0.0.1:1", "http://127.0.0.1:2", {}, "http://127.0.0.1:3")
    write_env(layout, addresses, database_urls.application, database_urls.owner, database_urls.console)
    return layout


@pytest.fixture
def console_env(console_layout, monkeypatch):
    """Point the settings to the installation's file."""
    monkeypatch.setenv("LIENTHONG_ENV_FILE", str(console_layout.env))
    return console_layout


@pytest.fixture(scope="module")
def cheap_hashes():
    """Hash passwords fast; `test_credentials.py` and whole installations prove the real parameters."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(credentials, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="module")
async def shared_desk(console_layout, desk_clock, cheap_hashes):  # noqa: ARG001 — how it hashes
    """Open what the screens share, once a module."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("LIENTHONG_ENV_FILE", str(console_layout.env))
        chosen = load_console_settings()
    async with open_desk(*chosen, desk_clock) as opened:
        yield opened


@pytest.fixture
def desk(shared_desk, console_env, clock):  # noqa: ARG001 — what else is loaded, and the time set right
    """Return what the screens share."""
    return shared_desk


@pytest.fixture
def log_keys(console_env):  # noqa: ARG001 — its environment is what is loaded
    """Read the log's keys as the gateway's keeper does: the console itself cannot sign."""
    return EvidenceKeys.load(load_settings())


@pytest.fixture
async def keeper(database, log_keys):
    """Sign what waits, as the keeper does, for as long as the test runs."""

    async def sign():
        while True:
            await sign_manifests(database, log_keys)
            await asyncio.sleep(0.05)

    task = asyncio.create_task(sign())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def accounts(desk, clock):
    """Keep users."""
    return Accounts(desk.database, desk.evidence, desk.console.key_bytes(), by="test", clock=clock)


class Browser:
    """Somebody's browser: keeps cookies, fills in forms, reads pages."""

    def __init__(self, client, clock):
        self.client, self.clock, self.csrf, self.text = client, clock, "", ""

    async def get(self, path, **options):
        """Open a page; return the response, with its text kept."""
        response = await self.client.get(path, **options)
        self.text = await response.text()
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        self.csrf = found[1] if found else self.csrf
        return response

    async def post(self, path, **fields):
        """Send a form with the session's token, without following where it leads."""
        response = await self.client.post(path, data={"csrf": self.csrf, **fields}, allow_redirects=False)
        self.text = await response.text()
        return response

    async def log_in(self, secrets, *, password=None, code=None, headers=None):
        """Fill in the log-in form."""
        await self.get("/login")
        form = re.search(r'name="form" value="([^"]+)"', self.text)[1]
        code = code or pyotp.TOTP(secrets.totp_secret).at(self.clock())
        fields = {"login": secrets.login, "password": password or secrets.password, "code": code, "form": form}
        response = await self.client.post("/login", data=fields, headers=headers, allow_redirects=False)
        self.text = await response.text()
        return response


@pytest.fixture
async def browser(desk, clock):
    """Make browsers in front of one running console."""
    server = TestServer(application(desk, SCREENS))
    await server.start_server()
    opened = []

    async def make():
        client = TestClient(server, cookie_jar=CookieJar(unsafe=True))
        opened.append(client)
        return Browser(client, clock)

    yield make
    for client in opened:
        await client.session.close()
    await server.close()


@pytest.fixture
async def visitor(browser, accounts):
    """Log somebody new in; return the browser."""

    async def enter(role=Role.LEAD_AUDITOR, scope=("*",)):
        made = await accounts.add(f"user{next(_numbers)}", "Người thử", role, scope)
        entered = await browser()
        response = await entered.log_in(made)
        assert response.status == 303
        entered.login = made.login
        await entered.get("/lookups")  # any page has the token, one that is refused too
        return entered

    return enter


@pytest.fixture
async def looked_up(desk):
    """Append a look-up as the gateway would: its question and its answer; return both entries."""

    async def append(*, unit="H99.01", officer=OFFICER, outcome="found", at=None, **changes):
        took = timedelta(milliseconds=25)
        at = at or datetime.now(UTC) - took  # neither entry lies ahead of the clock
        common = {
            "request_id": uuid7(int(at.timestamp() * 1000)),
            "client": "H99.igate",
            "keyid": "H99.igate-1",
            "service": "population/person",
            "procedure": "9.999901",
            "dossier": f"{unit}-261121-0001",
            "unit": unit,
            "officer": officer,
            "subject": ("personal_id", PERSON),
            "mode": "lookup",
            **changes,
        }
        asked = await desk.evidence.append(Draft(Kind.ASKED, at=at, fields=("full_name", "sex"), **common))
        answer = Draft(
            Kind.ANSWERED,
            at=at + took,
            fields=("full_name",),
            outcome=outcome,
            question=asked.entry_id,
            commitment=b"c" * 32,
            **common,
        )
        answered = await desk.evidence.append(answer)
        await count_days(desk.database)  # as the keeper does
        return asked, answered

    return append


@pytest.fixture
async def acts(desk):
    """Read what users did, newest first, as (mode, outcome, detail)."""

    async def read():
        far = (datetime.now(UTC) + timedelta(days=9), 2**31 - 1, 2**63 - 1)
        return await desk.doorman.store.acts(far, datetime.now(UTC) - timedelta(days=9), None, 500)

    return read
