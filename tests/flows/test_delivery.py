"""Pushed twice, shuffled, through kills of everything: the portal ends in the same state, each event once, in order."""

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from gateway.client import Refused, SyncClient, Unknown
from gateway.sandbox.installation import Sandbox

LIFE = (1, 2, 4, 5, 4, 9, 10)
DOSSIERS = 12
BEGUN = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


class Installation:
    """The installation of the dialogues, whose processes may be killed."""

    def __init__(self, directory: Path, sandbox: Sandbox, url: str, portal: str) -> None:
        self.directory, self.sandbox, self.url, self.portal = directory, sandbox, url, portal

    def processes(self, *words: bytes) -> list[int]:
        """Return the processes of this installation whose command line holds all words."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes().split(b"\0")
                environment = (entry / "environ").read_bytes()
            except OSError:
                continue
            if all(word in command for word in words) and os.fsencode(str(self.directory)) in environment:
                found.append(int(entry.name))
        return sorted(found)

    def kill(self, *words: bytes) -> None:
        """Kill the last of those processes with SIGKILL, as soon as there is one: the former victim may not be back."""
        until = time.monotonic() + 30.0
        while not (found := self.processes(*words)):
            assert time.monotonic() < until, f"{words} does not come back"
            self.rest(0.05)
        os.kill(found[-1], signal.SIGKILL)

    def rest(self, seconds: float) -> None:
        """Let time pass; what died is started again meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.sandbox.check()
            time.sleep(0.05)

    def push(self, client: SyncClient, events: list[dict]) -> list[str]:
        """Report events until the gateway says what became of each."""
        body = orjson.dumps({"events": events})
        for _ in range(200):
            try:
                answer = client.request("POST", "/v1/dossiers/events", body)
            except (Refused, Unknown):
                self.rest(0.2)
            else:
                return [result["result"] for result in answer.value["results"]]
        raise AssertionError("the gateway does not come back")

    def told(self) -> str:
        """Say what waits, for a failure."""
        environment = {**os.environ, "LIENTHONG_ENV_FILE": str(self.directory / "env")}
        command = [sys.executable, "-m", "gateway.cli", "deliveries", "list"]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout

    def ask(self, method: str, path: str, body: dict | None = None) -> bytes:
        """Ask the portal, as soon as it is there."""
        data = None if body is None else json.dumps(body).encode()
        for _ in range(100):
            try:
                request = urllib.request.Request(self.portal + path, data, method=method)
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return answer.read()
            except OSError:
                self.rest(0.2)
        raise AssertionError("the portal does not come back")

    def held(self) -> dict:
        """Return what the portal holds."""
        return json.loads(self.ask("GET", "/_state"))["dossiers"]

    def behave(self, mode: str, **members) -> None:
        """Let the portal misbehave."""
        self.ask("PUT", "/_behaviour", {"mode": mode, **members})


@pytest.fixture(scope="module")
def installation(stack):
    """Use the installation of the dialogues."""
    return Installation(stack.directory, stack.sandbox, stack.url, stack.mocks["portal"])


def _events(prefix: str) -> list[dict]:
    events = []
    for number in range(1, DOSSIERS + 1):
        for minute, status in enumerate(LIFE):
            events.append(
                {
                    "event_id": f"{prefix}-{number}-{minute}",
                    "dossier": f"H99.01-261121-{prefix}{number:03}",
                    "procedure": "9.999901",
                    "agency": "H99.01",
                    "status": status,
                    "occurred_at": (BEGUN + timedelta(minutes=minute)).isoformat(),
                    "note": f"bước {minute}",
                    "received_at": BEGUN.isoformat(),
                }
            )
    return events


def _delivered(installation, prefix: str) -> bool:
    held = {code: one for code, one in installation.held().items() if code.startswith(f"H99.01-261121-{prefix}")}
    return len(held) == DOSSIERS and all(len(one["progress"]) == len(LIFE) for one in held.values())


def _await_delivery(installation, prefix: str, seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not _delivered(installation, prefix):
        assert time.monotonic() < until, installation.told()
        installation.rest(0.3)


def _check(installation, prefix: str, *, in_order: bool) -> None:
    """Each event is one progress line; the newest state stands; states never go back where events came in order."""
    for code, one in installation.held().items():
        if not code.startswith(f"H99.01-261121-{prefix}"):
            continue
        assert one["members"]["TrangThaiHoSo"] == "10", code
        assert one["members"]["NgayTiepNhan"] == "20261121080000"
        moments = [line["ThoiDiemXuLy"] for line in one["progress"]]
        assert len(set(moments)) == len(moments) == len(LIFE)
        states = [note["TrangThai"] for note in one["history"] if note["service"] == "DongBoHoSoMC" and note["effect"]]
        if in_order:
            assert moments == sorted(moments)
            assert states == [str(status) for status in LIFE]


@pytest.mark.timeout(240)
def test_kills_of_gateway_keeper_and_portal(installation):
    """Events told in order and again, while workers, keeper and portal die: nothing lost, doubled or turned back."""
    events = _events("1")
    rounds = [events[start : start + 7] for start in range(0, len(events), 7)]
    kills = {
        2: (b"gateway.worker",),
        4: (b"mocks", b"portal"),
        6: (b"gateway.keeper",),
        8: (b"gateway.worker",),
        9: (b"mocks", b"portal"),
        10: (b"gateway.keeper",),
    }
    with SyncClient(installation.url, installation.directory / "clients/H99.igate/client.toml", timeout_s=5) as client:
        for number, batch in enumerate(rounds):
            words = kills.get(number)
            if words:
                installation.rest(0.2)
                installation.kill(*words)
            told = installation.push(client, batch)
            assert set(told) <= {"accepted", "duplicate"}
            assert set(installation.push(client, batch)) == {"duplicate"}
    installation.rest(0.5)
    _await_delivery(installation, "1", 120.0)
    _check(installation, "1", in_order=True)


@pytest.mark.timeout(240)
def test_twice_shuffled_past_a_portal_that_loses_answers(installation):
    """Any order of arrival ends in the same state; lost answers, faults and ended sessions double nothing."""
    events = _events("2") * 2
    random.Random(20).shuffle(events)
    with SyncClient(installation.url, installation.directory / "clients/H99.igate/client.toml", timeout_s=5) as client:
        for start in range(0, len(events), 20):
            mode = ("lost_answer", "session_expired", "http_500", "duplicate", "lost_request")[start // 20 % 5]
            installation.behave(mode, times=2)
            assert "rejected" not in installation.push(client, events[start : start + 20])
            installation.rest(0.2)
    installation.behave("slow", times=1, seconds=0.1)
    _await_delivery(installation, "2")
    _check(installation, "2", in_order=False)
