"""A whole installation for the dialogues: PostgreSQL, four registries that misbehave on request, two workers."""

import asyncio
import json
import os
import re
import secrets
import socket
import subprocess
import time
import tomllib
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import orjson
import pytest
from typer.testing import CliRunner

from gateway.cli.app import build
from gateway.sandbox.installation import Sandbox
from signing.digest import content_digest
from signing.keys import SigningKey, parse_jwks
from signing.message import Request, Response, sign_request, verify_response

LOOKUP = "/v1/lookups/population/person"
EXAMPLE = {
    "subject": {
        "id_type": "personal_id",
        "id": "099191000001",
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
PROBLEM = "application/problem+json"
_addresses = count(2)


@dataclass
class Answer:
    """One answer as it came over the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    seconds: float = 0.0

    def get(self, name):
        """Return the one value of a header, or None."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) <= 1, name
        return values[0] if values else None

    @property
    def value(self):
        """Return the body as JSON."""
        return orjson.loads(self.body)

    @property
    def code(self):
        """Return the problem's code, or None."""
        return self.value["code"] if self.get("content-type") == PROBLEM else None


class Stack:
    """A running sandbox and everything a test wants to know of it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.sandbox = Sandbox(directory, 0, workers=2)
        self.url = self.sandbox.start()
        self.authority = self.url.partition("://")[2]
        host, _, port = self.authority.partition(":")
        self.address = (host, int(port))
        urls = tomllib.loads((directory / "urls.toml").read_text())
        self.mocks, self.operations = urls["mocks"], urls["operations"]
        self.env = dict(line.split("=", 1) for line in (directory / "env").read_text().splitlines())
        self.database = self.env["LIENTHONG_MIGRATION_URL"].strip('"')
        self.answer_keys = parse_jwks(json.loads((directory / "gateway.jwks.json").read_text()))
        self.keys = {name: self._key(name) for name in ("H99.igate", "H98.onegate", "G99.registry")}

    def _key(self, client: str) -> SigningKey:
        folder = self.directory / "clients" / client
        about = tomllib.loads((folder / "client.toml").read_text())
        return SigningKey.from_pem((folder / "private.pem").read_bytes(), about["keyid"], about["algorithm"])

    # What a client sends.

    def body(self, **changes):
        """Return the example's body; `subject__id=…` reaches inside."""
        value = orjson.loads(orjson.dumps(EXAMPLE))
        for path, content in changes.items():
            place, *names = value, *path.split("__")
            for name in names[:-1]:
                place = place[name]
            if content is ...:
                place.pop(names[-1], None)
            else:
                place[names[-1]] = content
        return orjson.dumps(value)

    def signed(
        self, method="POST", target=LOOKUP, body=None, *, client="H99.igate", key=None, at=0, headers=(), **options
    ):
        """Return a signed request and its body; `at` moves `created` by seconds, `headers` stand there before."""
        content = self.body() if body is None and method == "POST" else body or b""
        headers = [("host", self.authority), *headers]
        if content:
            headers.append(("content-type", "application/json"))
        request = Request(method, "http", self.authority, target, headers)
        options = {"created": int(time.time()) + at, "nonce": secrets.token_urlsafe(18), **options}
        lines = sign_request(key or self.keys[client], request, content, **options)
        headers = [*headers, *((name.lower(), value) for name, value in lines)]
        return Request(method, "http", self.authority, target, headers), content

    def crafted(self, inner, *, key=None, label="sig", sign=None, body=None, target=LOOKUP):
        """Return a request whose Signature-Input member is `inner`, signed by hand, and its body.

        `{created}`, `{nonce}` and `{keyid}` in `inner` are filled in. `sign` makes the signature of the base.
        """
        key = key or self.keys["H99.igate"]
        content = self.body() if body is None else body
        values = {
            "@method": "POST",
            "@target-uri": f"http://{self.authority}{target}",
            "@authority": self.authority,
            "@path": target.partition("?")[0],
            "content-digest": content_digest(content),
            "content-type": "application/json",
        }
        filled = {"created": str(int(time.time())), "nonce": secrets.token_urlsafe(18), "keyid": key.keyid}
        for name, value in filled.items():
            inner = inner.replace("{" + name + "}", value)
        names = re.findall(r'"([^"]+)"', inner.partition(")")[0])
        lines = [f'"{name}": {values.get(name, "")}' for name in names]
        base = "\n".join([*lines, f'"@signature-params": {inner}']).encode()
        signature = b64encode((sign or key.sign)(base)).decode()
        headers = [
            ("host", self.authority),
            ("content-type", "application/json"),
            ("content-digest", values["content-digest"]),
            ("signature-input", f"{label}={inner}"),
            ("signature", f"{label}=:{signature}:"),
        ]
        return Request("POST", "http", self.authority, target, headers), content

    def raw(self, data, *, head=False, seconds=10.0, source=None):
        """Send bytes on a connection of its own and return the answer; None where there is none.

        Every call comes from another loopback address, so that no test runs into the limits of floods.
        """
        begun = time.monotonic()
        number = next(_addresses) if source is None else source
        here = f"127.{1 + number // 62_500 % 250}.{number // 250 % 250}.{1 + number % 250}"
        with socket.create_connection(self.address, seconds, source_address=(here, 0)) as connection:
            connection.sendall(data)
            file = connection.makefile("rb")
            return _read(file, begun, head=head)

    def send(self, request, body=b"", *, extra=(), length=True, **options):
        """Send a request as its bytes, `extra` lines behind its own."""
        lines = [*request.headers, *extra]
        if body and length:
            lines.append(("content-length", str(len(body))))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines)
        data = f"{request.method} {request.target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body
        return self.raw(data, head=request.method == "HEAD", **options)

    def ask(self, **options):
        """Send a signed request, verify the answer's signature, and return the answer."""
        request, body = self.signed(**options)
        answer = self.send(request, body)
        self.verify(answer, request)
        return answer

    def look_up(self, target=LOOKUP, *, client="H99.igate", **changes):
        """Ask a signed look-up with changes of the example's body."""
        return self.ask(target=target, body=self.body(**changes), client=client)

    def verify(self, answer, request):
        """Verify an answer as a client does."""
        response = Response(answer.status, answer.headers)
        return verify_response(response, answer.body, request, self.answer_keys.get, now=int(time.time()))

    # What the registries and the log know.

    def calls(self):
        """Return how many calls each registry has seen (the portal is told of events, it is not asked)."""
        registries = {name: url for name, url in self.mocks.items() if name != "portal"}
        return {name: self._get(url + "/_journal/count")["calls"] for name, url in registries.items()}

    def journal(self, mock):
        """Return a registry's journal."""
        with urllib.request.urlopen(self.mocks[mock] + "/_journal", timeout=5) as reply:
            return [json.loads(line) for line in reply.read().splitlines()]

    def _get(self, url):
        with urllib.request.urlopen(url, timeout=5) as reply:
            return json.loads(reply.read())

    @contextmanager
    def behaving(self, mode, *mocks, **options):
        """Let registries misbehave for a while."""
        for mock in mocks:
            self._behave(mock, "PUT", {"mode": mode, **options})
        try:
            yield
        finally:
            for mock in mocks:
                self._behave(mock, "DELETE", None)

    def _behave(self, mock, method, wish):
        data = None if wish is None else json.dumps(wish).encode()
        request = urllib.request.Request(self.mocks[mock] + "/_behaviour", data, method=method)
        with urllib.request.urlopen(request, timeout=5) as reply:
            assert reply.status == 204

    def query(self, sql, *values):
        """Ask the database as its owner."""

        async def asked():
            connection = await asyncpg.connect(self.database)
            try:
                return await connection.fetch(sql, *values)
            finally:
                await connection.close()

        return asyncio.run(asked())

    def entries(self, answer):
        """Return (kind, outcome) of an answer's entries, in the order of the log."""
        sql = "SELECT kind, outcome FROM lienthong.entry WHERE request_id = $1 ORDER BY log_id, index"
        return [tuple(row) for row in self.query(sql, answer.get("x-request-id"))]

    # What every refusal must be (THREATS, first paragraph).

    def refused(self, answer, code, status, *, request=None, calls=None):
        """Check a refusal: status, code, one entry, its signature, and no call since `calls`."""
        assert answer is not None
        assert (answer.status, answer.code) == (status, code), answer.body
        if request is not None:
            self.verify(answer, request)
        assert self.entries(answer) == [("refused", code)]
        if calls is not None:
            assert self.calls() == calls

    # How its processes are.

    def workers(self):
        """Return the process ids of the workers: children of gunicorn's master."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                environment = (entry / "environ").read_bytes()
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if b"gateway.worker" in command and os.fsencode(str(self.directory)) in environment:
                found[int(entry.name)] = parent
        return sorted(pid for pid, parent in found.items() if parent in found)

    def lienthong(self, *arguments):
        """Run a command of ours in this process: a new one would read everything anew (test_sandbox.py has such)."""
        environment = {"LIENTHONG_ENV_FILE": str(self.directory / "env")}
        done = CliRunner().invoke(build(arguments[0]), list(arguments), env=environment, catch_exceptions=False)
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def log_text(self):
        """Return everything that every process wrote."""
        return "\n".join(path.read_text("utf-8", "replace") for path in (self.directory / "log").glob("*.log"))

    def settle(self, condition, seconds=10.0):
        """Wait until a condition holds; whether it did."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


def _read(file, begun, *, head):
    try:
        line = file.readline()
        if not line:
            return None
        headers = []
        while (item := file.readline()) not in (b"\r\n", b""):
            name, _, value = item.decode("latin-1").partition(":")
            headers.append((name.lower(), value.strip()))
        length = int(dict(headers).get("content-length", 0))
        body = b"" if head else file.read(length)
    except ConnectionError:
        return None
    return Answer(int(line.split()[1]), headers, body, time.monotonic() - begun)


@pytest.fixture(scope="session")
def stack(tmp_path_factory) -> Iterator[Stack]:
    """Start one installation for all dialogues."""
    made = Stack(tmp_path_factory.mktemp("stack") / "DIR")
    yield made
    made.sandbox.remove()


@pytest.fixture(scope="module")
def healthy(stack):
    """After a module's dialogues the same workers serve, and no log holds anything about anybody."""
    state = SimpleNamespace(workers=stack.workers())
    assert len(state.workers) == 2
    yield state
    assert stack.workers() == state.workers, "a worker died"
    assert stack.ask(method="GET", target="/v1/registries").status == 200
    logs = stack.log_text()
    for personal in ("0991910", "09908500", "NGUYỄN", "Trần Văn", "1991-05-02", "Traceback", "BEGIN PRIVATE"):
        assert personal not in logs, personal
    for path in (stack.directory / "secrets").iterdir():
        for secret in path.read_text().splitlines():
            words = [word for word in secret.replace('"', " ").split() if len(word) >= 16]
            assert not [word for word in words if word in logs], path.name
