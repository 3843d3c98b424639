"""A sandbox as its users meet it: one line READY, a whole installation behind it, and nothing left afterwards."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from gateway.client import SyncClient
from gateway.store.embedded import EmbeddedPostgres

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
    "fields": ["full_name", "birth_date", "permanent_address"],
}


def processes_of(directory):
    """Find every process that was started for this sandbox, by its environment or command line."""
    marks, found = [os.fsencode(str(directory))], {}
    place = directory / "postgres" / "location"  # where root keeps the data
    if place.exists():
        marks.append(os.fsencode(place.read_text().strip()))
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + b"\0" + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if any(mark in told for mark in marks) and state != "Z" and int(entry.name) != os.getpid():
            found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def settle(condition, seconds=20.0):
    """Wait until a condition holds; whether it did."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class Running:
    """`lienthong sandbox --pin` as a process."""

    def __init__(self, directory):
        self.directory = directory
        self.errors = (directory.parent / "stderr").open("w+")
        command = [sys.executable, "-m", "gateway.cli", "sandbox", "--dir", str(directory), "--port", "0", "--pin"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.line = self.process.stdout.readline()
        assert self.line.startswith("READY http://127.0.0.1:"), (directory.parent / "stderr").read_text()
        self.url = self.line.split()[1]

    def client(self, name="H99.igate"):
        """Open a client of the sandbox."""
        return SyncClient(self.url, self.directory / "clients" / name / "client.toml")

    def lienthong(self, *arguments):
        """Run a command of ours against the sandbox."""
        environment = {**os.environ, "LIENTHONG_ENV_FILE": str(self.directory / "env")}
        command = [sys.executable, "-m", "gateway.cli", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def end(self, number=signal.SIGTERM):
        """Signal it and wait; return its exit code and what else it printed."""
        self.process.send_signal(number)
        rest, _ = self.process.communicate(timeout=60)
        self.errors.close()
        return self.process.returncode, rest


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """Name a directory that does not exist yet, and clean up what root keeps elsewhere."""
    chosen = tmp_path_factory.mktemp("sandbox") / "DIR"
    yield chosen
    EmbeddedPostgres(chosen / "postgres").remove()


@pytest.fixture(scope="module")
def sandbox(directory):
    """Start a sandbox for the tests of this module, in order."""
    running = Running(directory)
    yield running
    if running.process.poll() is None:
        running.end()


def test_the_example_of_the_contract_is_found(sandbox):
    """The look-up of PROTOCOL section 3 is found, with the asked fields alone and a receipt."""
    with sandbox.client() as client:
        answer = client.request("POST", "/v1/lookups/population/person", EXAMPLE)
    assert answer.value["outcome"] == "found"
    assert set(answer.value["data"]) == set(EXAMPLE["fields"])
    assert answer.receipt is not None


@pytest.mark.parametrize(("client", "services"), [("H99.igate", 8), ("H98.onegate", 8), ("G99.registry", 0)])
def test_each_caller_signs_with_its_own_algorithm(sandbox, client, services):
    """Ed25519 and P-256 callers alike get their own catalogue."""
    with sandbox.client(client) as connection:
        answer = connection.request("GET", "/v1/registries")
    assert len(answer.value["registries"]) == services


def test_the_directory_holds_what_the_contract_names(sandbox):
    """urls.toml, env, clients, config and log are there, secrets readable by nobody else."""
    root = sandbox.directory
    urls = tomllib.loads((root / "urls.toml").read_text())
    assert urls["public"] == sandbox.url
    assert set(urls["mocks"]) >= {"population", "insurance", "civil_status", "tax"}
    assert {path.name for path in (root / "config").iterdir()} == {
        "agreements",
        "clients",
        "procedures",
        "registries",
        "staff",
        "compat.toml",
        "portal.toml",
    }
    assert {"gateway.log", "population.log", "postgresql.log"} <= {path.name for path in (root / "log").iterdir()}
    private = [*root.glob("clients/*/private.pem"), root / "env", *root.glob("keys/*.pem"), *root.glob("secrets/*")]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in private if path.name != "reveal.pub.pem"} == {0}


def test_commands_work_against_it(sandbox, tmp_path):
    """`call --save`, `verify`, `receipt verify`, `audit` and `diff` need nothing but LIENTHONG_ENV_FILE."""
    kept = tmp_path / "exchange.json"
    body = json.dumps(EXAMPLE)
    called = sandbox.lienthong("call", "--json", "--save", str(kept), "POST", "/v1/lookups/population/person", body)
    assert called.returncode == 0, called.stderr
    answer = json.loads(called.stdout)
    assert (answer["status"], answer["body"]["outcome"]) == (200, "found")
    assert sandbox.lienthong("verify", str(kept)).returncode == 0
    assert sandbox.lienthong("receipt", "verify", str(kept)).stdout.startswith("proved:")
    shown = sandbox.lienthong("audit", "show", "--request-id", answer["request_id"], "--json")
    assert [entry["kind"] for entry in json.loads(shown.stdout)] == ["asked", "answered"]
    audit = sandbox.lienthong("audit", "verify")
    assert (audit.returncode, audit.stdout.splitlines()[-1]) == (0, "the log verifies")
    assert sandbox.lienthong("diff", str(sandbox.directory / "config")).stdout == "no difference\n"


def test_an_altered_exchange_does_not_verify(sandbox, tmp_path):
    """`verify` ends with 1 and names the content where one byte of the answer was changed."""
    kept = tmp_path / "exchange.json"
    assert sandbox.lienthong("call", "--save", str(kept), "GET", "/v1/registries").returncode == 0
    document = json.loads(kept.read_text())
    document["response"]["body"] = "e30="
    kept.write_text(json.dumps(document))
    told = sandbox.lienthong("verify", str(kept))
    assert told.returncode == 1
    assert "NOT OK" in told.stdout
    assert "Traceback" not in told.stderr


def test_a_refusal_is_told_with_its_code(sandbox):
    """A refused call ends with 1, one line, and the problem document on standard output."""
    body = json.dumps({**EXAMPLE, "fields": ["religion"]})
    told = sandbox.lienthong("call", "POST", "/v1/lookups/population/person", body)
    assert told.returncode == 1
    assert json.loads(told.stdout)["code"] == "field-not-granted"
    assert "Traceback" not in told.stderr


def test_each_worker_keeps_to_a_processor_of_its_own(sandbox):
    """Asked to (`--pin`), a worker runs nowhere else, and no two share a processor while there are enough.

    Their master is free to run anywhere.
    """
    allowed, running = os.sched_getaffinity(0), processes_of(sandbox.directory)
    found = [os.sched_getaffinity(pid) for pid, command in running.items() if "gateway.worker" in command]
    assert sorted(map(len, found)) == sorted([1, 1, len(allowed)])
    assert len(set.union(*sorted(found, key=len)[:2])) == min(2, len(allowed))


def test_whatever_dies_comes_back(sandbox):
    """A killed mock, a killed PostgreSQL and a killed gateway are started again, at the same addresses."""
    before = processes_of(sandbox.directory)
    targets = [
        pid
        for pid, command in before.items()
        if " serve population " in command or " serve --workers " in command or "/postgres -D " in command
    ]
    assert len(targets) == 3
    for pid in targets:
        os.kill(pid, signal.SIGKILL)

    def answers():
        with sandbox.client() as client:
            try:
                return client.request("POST", "/v1/lookups/population/person", EXAMPLE).value["outcome"] == "found"
            except Exception:  # noqa: BLE001 — whatever it is, it must pass
                return False

    assert settle(answers, 40.0), (sandbox.directory / "log" / "sandbox.log").read_text()


def test_a_second_sandbox_in_the_same_directory_is_refused(sandbox):
    """Two sandboxes never share a directory: the second says so and the first goes on."""
    command = [sys.executable, "-m", "gateway.cli", "sandbox", "--dir", str(sandbox.directory), "--port", "0"]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert "another sandbox runs" in second.stderr
    with sandbox.client() as client:
        assert client.request("GET", "/v1/registries").status == 200


def test_sigterm_leaves_no_process_and_a_new_start_continues(sandbox, directory):
    """After SIGTERM nothing runs; the same directory has the same keys, its log goes on, and kill -9 leaves nothing."""
    code, rest = sandbox.end()
    assert (code, rest) == (0, "")
    assert processes_of(directory) == {}
    keys = {path: path.read_bytes() for path in directory.rglob("*.pem")}
    again = Running(directory)
    try:
        assert {path: path.read_bytes() for path in directory.rglob("*.pem")} == keys
        assert again.lienthong("audit", "verify").returncode == 0
        logs = json.loads(again.lienthong("log", "list", "--json").stdout)
        assert sum(log["size"] for log in logs) > 4
    finally:
        again.process.kill()
        again.process.communicate()
        again.errors.close()
    assert settle(lambda: processes_of(directory) == {}, 45.0), processes_of(directory)
