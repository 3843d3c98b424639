"""A gateway's core without a database or a registry: keys, a configuration, a log in memory, signed requests.

And a log on the module's database, as the console's role sees it.
"""

import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from adapters.contract import Call, RegistryAnswer
from gateway.authentication import Caller, authenticate
from gateway.evidence.admin import admin_draft, record_act
from gateway.evidence.contract import Draft, EvidenceUnavailable, Kind, Loss, Nonce, Recorded, Reservation
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.leaf import uuid7
from gateway.evidence.log import EvidenceLog
from gateway.flow.exchange import Exchange
from gateway.live import LiveConfiguration
from gateway.snapshot import Snapshot, build_snapshot
from gateway.store.database import Database
from schemas.dates import PartialDate
from schemas.grants import Grant, Officer, Purpose, Subject
from schemas.services import CATALOGUE
from signing.keys import Algorithm, SigningKey
from signing.message import Request, sign_request

HOST = "gateway.test"
CLIENT = "H99.test"
ORIGIN = "log.test.example"
PERSON, OFFICER = "099191000001", "099085000009"
_numbers = count(1)

LOOKUP = {
    "subject": {
        "id_type": "personal_id",
        "id": PERSON,
        "full_name": "NGUYỄN THỊ THỬ",
        "birth_date": "1991-05-02",
    },
    "purpose": {
        "procedure": "9.999901",
        "dossier": "H99.01-261121-0001",
        "component": "TP01",
        "legal_basis": "law",
        "officer": {"id": "099085000009", "name": "Trần Văn Cán", "unit": "H99.01"},
    },
    "fields": ["full_name", "birth_date"],
}

REGISTRY = 'registry = "population"\nadapter = "population"\nurl = "http://127.0.0.1:9"\n'
GRANT = {
    "service": "population/person",
    "procedures": ["9.999901"],
    "fields": ["full_name", "birth_date", "sex"],
    "legal_bases": ["law"],
    "agencies": ["H99*"],
    "dossier_rule": "none",
    "valid_from": "2020-01-01",
    "valid_until": "2099-12-31",
    "daily_quota": 1000,
    "explain": False,
}


def toml(value: Any) -> str:
    """Write a plain value as TOML; JSON's texts, numbers, lists and booleans are TOML's too."""
    return orjson.dumps(value).decode()


@dataclass
class Kit:
    """Makes configurations, snapshots, requests and callers for the tests."""

    keys: dict[str, SigningKey] = field(default_factory=dict)

    def key(self, keyid: str = f"{CLIENT}-1", algorithm: Algorithm = Algorithm.ED25519) -> SigningKey:
        """Return the private key called `keyid`, made at its first use."""
        if keyid not in self.keys:
            self.keys[keyid] = SigningKey.generate(algorithm, keyid)
        return self.keys[keyid]

    def client_file(self, client: str = CLIENT, *keyids: str, suspended: bool = False, extra: str = "") -> str:
        """Write `clients/<client>.toml`; `extra` goes into the last key's table."""
        head = f'client = "{client}"\nname = "Thử nghiệm"\nkind = "province"\nsuspended = {toml(suspended)}\n'
        tables = [
            f'[[keys]]\nkeyid = "{keyid}"\nalgorithm = "{self.key(keyid).algorithm}"\n'
            f'public_key = """\n{self.key(keyid).public_key().to_pem()}"""\n'
            for keyid in keyids or (f"{client}-1",)
        ]
        return head + "".join(tables) + extra

    def agreement_file(self, *rows: dict[str, Any], client: str = CLIENT, name: str = "A1") -> str:
        """Write an agreement; each row is laid over `GRANT`."""
        lines = [f'agreement = "{name}"', f'client = "{client}"', 'push_agencies = ["H99*"]']
        for row in rows:
            lines.append("[[grants]]")
            lines += [f"{key} = {toml(value)}" for key, value in {**GRANT, **row}.items()]
        return "\n".join(lines) + "\n"

    def documents(self, *rows: dict[str, Any], **files: str) -> dict[str, str]:
        """Return a whole configuration; `files` replace or add texts, `__` in a name standing for `/`."""
        base = {
            f"clients/{CLIENT}.toml": self.client_file(),
            "agreements/A1.toml": self.agreement_file(*(rows or ({},))),
            "registries/population.toml": REGISTRY,
        }
        return {**base, **{f"{name.replace('__', '/')}": text for name, text in files.items()}}

    def snapshot(self, *rows: dict[str, Any], version: int = 1, **files: str) -> Snapshot:
        """Return a snapshot of `documents`."""
        return build_snapshot(version, self.documents(*rows, **files))

    def signed(  # a request is many choices, each with a plain default
        self,
        method: str = "POST",
        target: str = "/v1/lookups/population/person",
        body: bytes | None = None,
        *,
        keyid: str = f"{CLIENT}-1",
        now: datetime | None = None,
        **options: Any,
    ) -> tuple[Request, bytes]:
        """Return a signed request and its body (by default the example of PROTOCOL section 3)."""
        content = orjson.dumps(LOOKUP) if body is None and method == "POST" else body or b""
        headers: list[tuple[str, str]] = [("host", HOST)]
        if content:
            headers.append(("content-type", "application/json"))
        request = Request(method, "https", HOST, target, headers)
        created = int((now or datetime.now(UTC)).timestamp())
        nonce = options.pop("nonce", None) or secrets.token_urlsafe(18)
        lines = sign_request(self.key(keyid), request, content, created=created, nonce=nonce, **options)
        return Request(
            method, "https", HOST, target, [*headers, *((name.lower(), value) for name, value in lines)]
        ), content

    def exchange(self, snapshot: Snapshot | None = None, **options: Any) -> Exchange:
        """Return an authenticated exchange (without a snapshot: one that is not)."""
        request, body = self.signed(**options)
        now = options.get("now") or datetime.now(UTC)
        exchange = Exchange(f"request-{next(_numbers)}", now, "127.0.0.1", "lookup", request, body)
        if snapshot is not None:
            exchange.caller = authenticate(request, body, snapshot, now)
        return exchange

    def caller(self, snapshot: Snapshot) -> Caller:
        """Return a caller whose request verified."""
        caller = self.exchange(snapshot).caller
        assert caller is not None
        return caller

    def subject(self, **changes: Any) -> Subject:
        """Return the example's subject."""
        made = {
            "id_type": "personal_id",
            "id": PERSON,
            "full_name": "NGUYỄN THỊ THỬ",
            "birth_date": PartialDate(1991, 5, 2),
        }
        return Subject(**{**made, **changes})

    def purpose(self, **changes: Any) -> Purpose:
        """Return the example's purpose."""
        officer = Officer("099085000009", "Trần Văn Cán", changes.pop("unit", "H99.01"))
        made = {"procedure": "9.999901", "legal_basis": "law", "officer": officer, "dossier": "H99.01-261121-0001"}
        return Purpose(**{**made, **changes})

    def grant(self, **changes: Any) -> Grant:
        """Return a grant of the example's look-up."""
        made = {
            "client": CLIENT,
            "service": CATALOGUE["population/person"],
            "subject": self.subject(),
            "purpose": self.purpose(),
            "fields": ("full_name", "birth_date"),
            "agreement": "A1",
            "row": 0,
            "config_version": 1,
            "daily_quota": 1000,
            "explain": False,
        }
        return Grant(**{**made, **changes})


class MemoryEvidence:
    """A log in memory that keeps the contract: nonces are spent once, losses and outages can be ordered."""

    def __init__(self) -> None:
        self.entries: list[Draft] = []
        self.spent: set[tuple[str, str]] = set()
        self.losses: list[Loss] = []
        self.down = False

    async def append(self, draft: Draft) -> Recorded | Loss:
        """Append, or lose."""
        if self.down:
            raise EvidenceUnavailable("down")
        if draft.nonce is not None:
            lost = await self.spend(draft.nonce)
            if lost is not None:
                return lost
        if self.losses and draft.kind is Kind.ASKED:
            self.spent.discard((draft.nonce.client, draft.nonce.value))
            return self.losses.pop(0)
        self.entries.append(draft)
        index = len(self.entries) - 1
        return Recorded(f"entry-{index:04d}", "log.test", 0, index, draft.at)

    async def spend(self, nonce: Nonce) -> Loss | None:
        """Spend a nonce, once."""
        if self.down:
            raise EvidenceUnavailable("down")
        key = (nonce.client, nonce.value)
        if key in self.spent:
            return Loss.REPLAYED
        self.spent.add(key)
        return None

    def kinds(self) -> list[str]:
        """Return the entries' kinds, in order."""
        return [str(entry.kind) for entry in self.entries]


class ScriptedAdapter:
    """A registry that does what it is told: `script` holds answers and errors, callables are awaited."""

    services = (CATALOGUE["population/person"],)

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.calls: list[tuple[Grant, Call]] = []
        self.closed = 0

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Answer with the script's next line; its last line stays."""
        self.calls.append((grant, call))
        line = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if callable(line):
            line = await line()
        if isinstance(line, BaseException):
            raise line
        return line

    async def close(self) -> None:
        """Count."""
        self.closed += 1


class MemoryConfiguration:
    """A configuration store in memory."""

    def __init__(self, documents: dict[str, str]) -> None:
        self.version, self.documents = 1, documents

    async def current(self) -> tuple[int, dict[str, str]]:
        """Return what is in force."""
        return self.version, self.documents

    def apply(self, documents: dict[str, str]) -> None:
        """Put a new version in force."""
        self.version, self.documents = self.version + 1, documents


@pytest.fixture(scope="session")
def kit() -> Kit:
    """Make configurations, requests and callers, with keys of the session."""
    return Kit()


@pytest.fixture
def memory_evidence() -> MemoryEvidence:
    """Keep a log in memory."""
    return MemoryEvidence()


@pytest.fixture
def scripted() -> type[ScriptedAdapter]:
    """Make registries that do what they are told."""
    return ScriptedAdapter


@pytest.fixture
def configured(kit: Kit) -> MemoryConfiguration:
    """Hold a configuration that can be changed."""
    return MemoryConfiguration(kit.documents())


@pytest.fixture
async def live(configured: MemoryConfiguration) -> LiveConfiguration:
    """Serve that configuration, live."""

    async def unwatched(_: Snapshot) -> None:
        return None

    return await LiveConfiguration.load(configured, unwatched)


def found(**record: Any) -> RegistryAnswer:
    """Return an answer about the example's person that holds every field of the service."""
    values = dict.fromkeys(CATALOGUE["population/person"].fields)
    values |= {"full_name": "NGUYỄN THỊ THỬ", "birth_date": "1991-05-02", "personal_id": PERSON, **record}
    return RegistryAnswer(
        found=True, record=values, source_as_of=datetime(2026, 11, 21, 1, 30, tzinfo=UTC), person_id=PERSON
    )


@pytest.fixture
def answer_found() -> Any:
    """Return a maker of answers."""
    return found


@pytest.fixture(scope="session")
def reveal_key() -> X25519PrivateKey:
    """Make the half that only the console has."""
    return X25519PrivateKey.generate()


@pytest.fixture(scope="session")
def keys(reveal_key) -> EvidenceKeys:
    """Make a log's keys."""
    pseudonyms = {datetime.now(UTC).year + step: os.urandom(32) for step in (-1, 0, 1)}
    return EvidenceKeys(SigningKey.generate(Algorithm.ED25519, ORIGIN), reveal_key.public_key(), pseudonyms)


@pytest.fixture(scope="module")
async def console(database_urls) -> AsyncIterator[Database]:
    """Open the pool of the console's role."""
    opened = await Database.connect(database_urls.console)
    yield opened
    await opened.close()


@pytest.fixture
async def log(console, keys) -> AsyncIterator[EvidenceLog]:
    """Start a log that the console writes."""
    started = await EvidenceLog.start(console, keys=keys, origin_base=ORIGIN)
    yield started
    await started.close()


@pytest.fixture
def record(log):
    """Append acts as the console does, and remember them."""

    async def append(act, detail, *, sealed):
        append.acts.append((act, dict(detail)))
        return await record_act(log, admin_draft(act, "an", datetime.now(UTC), detail, sealed))

    append.acts = []
    return append


@pytest.fixture
def exchange(log):
    """Append a question and its answer; return both places."""

    async def append(unit="H99.01", person=PERSON, dossier="H99.01-261121-0001", returned=None):
        now, request = datetime.now(UTC), uuid7(int(datetime.now(UTC).timestamp() * 1000))
        subject = ("personal_id", person)
        common = {
            "request_id": request,
            "client": "H99.igate",
            "service": "population/person",
            "procedure": "9.999901",
            "dossier": dossier,
            "legal_basis": "law",
            "unit": unit,
            "officer": OFFICER,
            "subject": subject,
            "fields": ("full_name",),
            "address": "192.0.2.7",
        }
        sealed = {
            "subject": {"id_type": "personal_id", "id": person, "full_name": "NGUYỄN THỊ THỬ", "birth_date": "1991"},
            "officer": {"id": OFFICER, "name": "Trần Văn Cán"},
            "signature": b"s" * 64,
        }
        reserve = Reservation("H99.igate", "H99/1", 10**6, subject, 10**6)
        spent = {"nonce": Nonce("H99.igate", request, int(now.timestamp())), "reserve": reserve, "sealed": sealed}
        asked = await log.append(Draft(Kind.ASKED, at=now, deadline=now + timedelta(seconds=3), **spent, **common))
        told = {"outcome": "found", "person_id": returned or person, "commitment": b"c" * 32}
        answered = await log.append(Draft(Kind.ANSWERED, at=now, question=asked.entry_id, **told, **common))
        return SimpleNamespace(asked=asked.entry_id, answered=answered.entry_id, request=request)

    return append
