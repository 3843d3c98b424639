"""A whole installation as child processes: PostgreSQL, registries, gateway, console (PROTOCOL section 9).

The rule: `start` returns only when a signed call has succeeded; `stop` leaves no process behind; what dies
in between is started again, on the port it had.
"""

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from gateway.client import ClientError, SyncClient
from gateway.sandbox.files import Addresses, prepare, write_addresses, write_env
from gateway.sandbox.layout import AUDITOR, AUDITOR_NAME, PORTAL, PROVINCE, REGISTRIES, Layout, SandboxError
from gateway.sandbox.processes import ProcessFailed, Program, Supervisor
from gateway.store.embedded import APPLICATION, CONSOLE, OWNER, EmbeddedPostgres

_PORT_WAIT_S, _READY_WAIT_S, _COMMAND_WAIT_S = 15.0, 180.0, 180.0  # generous: a busy machine is slow, not broken


class Sandbox:
    """One sandbox in one directory. Not safe for concurrent use; call from the main thread."""

    def __init__(self, directory: Path, port: int, workers: int = 2, *, pin: bool = False) -> None:
        self._layout = Layout(directory.absolute())
        self._port, self._workers, self._pin = port, workers, pin
        self._supervisor = Supervisor(self._report)
        self._held = ExitStack()
        self._postgres = EmbeddedPostgres(self._layout.postgres, log_file=self._layout.logs / "postgresql.log")
        self.addresses: Addresses | None = None
        """Where everything listens, once started."""

    @property
    def layout(self) -> Layout:
        """Where its files are."""
        return self._layout

    @property
    def postgres_pid(self) -> int | None:
        """The process id of its PostgreSQL; None while it is not running."""
        return self._postgres.pid

    def start(self) -> str:
        """Start everything and return the public URL once a signed call has succeeded.

        Raises `SandboxError`, `ProcessFailed` or `EmbeddedPostgresError`; then nothing is left running.
        """
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def check(self) -> None:
        """Restart what died. Call it a few times a second."""
        self._supervisor.check()

    def stop(self) -> None:
        """End every process, the gateway first."""
        self._supervisor.stop()
        self._held.close()

    def remove(self) -> None:
        """Stop, and delete the database's data, wherever it is kept."""
        self.stop()
        self._postgres.remove()

    def _start(self) -> str:
        prepare(self._layout, datetime.now(UTC))
        self._lock()
        self._run("secrets", [sys.executable, "-m", "mocks", "secrets", str(self._layout.secrets)])
        mocks = {name: self._mock(name) for name in (*REGISTRIES, PORTAL)}
        for name, mock in mocks.items():
            self._supervisor.launch(name, mock)
        self._supervisor.add("postgresql", self._postgres)
        for name, mock in mocks.items():
            self._supervisor.add(name, mock)
        addresses = self._addresses({name: mock.url for name, mock in mocks.items()})
        write_addresses(self._layout, addresses)
        write_env(self._layout, addresses, *(self._postgres.url(role) for role in (APPLICATION, OWNER, CONSOLE)))
        self._run("setup", self._setup())
        gateway, console = self._gateway(), self._console()
        self._supervisor.launch("console", console)
        self._supervisor.add("gateway", gateway)
        self._await_answer(addresses.public, gateway)
        self._supervisor.add("console", console)
        self.addresses = addresses
        return addresses.public

    def _lock(self) -> None:
        lock = self._held.enter_context((self._layout.root / "lock").open("w"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SandboxError(
                f"another sandbox runs in {self._layout.root} — stop it, or choose another --dir"
            ) from None

    def _mock(self, name: str) -> Program:
        """Make a registry that takes a free port first and keeps it when it is restarted."""

        def command() -> list[str]:
            port = program.url.rpartition(":")[2] or "0"
            options = ["--secrets", str(self._layout.secrets)]
            if name == PORTAL:  # what it acknowledged, it holds, whatever happens to it
                options += ["--journal", str(self._layout.kept)]
            return [sys.executable, "-m", "mocks", "serve", name, "--port", port, *options]

        # a registry asks nobody, and to read whom this machine trusts is a quarter of its start
        environment = {**self._environment(), "SSL_CERT_FILE": os.devnull}
        program = Program(command, self._log_file(name), environment=environment, announces=True)
        return program

    def _gateway(self) -> Program:
        command = _lienthong("serve", "--workers", str(self._workers), *(["--pin"] if self._pin else []))
        return Program(lambda: command, self._log_file("gateway"), environment=self._environment(), grace_s=40.0)

    def _setup(self) -> list[str]:
        """Return what prepares the database: schema, configuration, and one lead auditor who sees every agency."""
        commands = [["migrate"], ["apply", str(self._layout.config)]]
        auditor = self._layout.auditor
        if not auditor.exists():
            words = ["--role", "lead_auditor", "--scope", "*", "--name", AUDITOR_NAME, "--out", str(auditor)]
            commands.append(["console", "user", "add", AUDITOR, *words])
        return [sys.executable, "-m", "gateway.sandbox.commands", json.dumps(commands)]

    def _console(self) -> Program:
        command = _lienthong("console")
        return Program(lambda: command, self._log_file("console"), environment=self._environment(), announces=True)

    def _addresses(self, mocks: Mapping[str, str]) -> Addresses:
        port = self._port or free_port()
        until = time.monotonic() + _PORT_WAIT_S  # a gateway whose sandbox was killed takes a moment to leave
        while not _is_free(port):
            if time.monotonic() > until:
                raise SandboxError(f"port {port} is in use — choose another with --port (0 takes any)")
            time.sleep(0.1)
        operations, console = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        return Addresses(f"http://127.0.0.1:{port}", operations, mocks, console)

    def _run(self, name: str, command: list[str]) -> None:
        with self._log_file(name).open("ab") as log:
            done = subprocess.run(  # noqa: S603 — our own programs and arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                timeout=_COMMAND_WAIT_S,
                check=False,
            )
        if done.returncode:
            raise SandboxError(f"`{name}` ended with {done.returncode} — see {self._log_file(name)}")

    def _await_answer(self, url: str, gateway: Program) -> None:
        until = time.monotonic() + _READY_WAIT_S
        with SyncClient(url, self._layout.client_toml(PROVINCE), timeout_s=5.0) as client:
            while True:
                try:
                    client.request("GET", "/v1/registries")
                except ClientError as error:
                    if time.monotonic() > until:
                        raise SandboxError(f"the gateway does not answer ({error}) — see {self._layout.logs}") from None
                    if gateway.pid is None:
                        raise ProcessFailed(f"the gateway ended while it started: see {self._layout.logs}") from None
                    time.sleep(0.1)
                else:
                    return

    def _environment(self) -> dict[str, str]:
        """Return this process's environment without its own LIENTHONG settings, pointing to the sandbox's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIENTHONG_")}
        return {**kept, "LIENTHONG_ENV_FILE": str(self._layout.env), "PYTHONUNBUFFERED": "1"}

    def _log_file(self, name: str) -> Path:
        return self._layout.logs / f"{name}.log"

    def _report(self, line: str) -> None:
        with suppress(OSError), self._log_file("sandbox").open("a", encoding="utf-8") as log:  # the disk may be full
            log.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} {line}\n")


def free_port() -> int:
    """Return a TCP port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _lienthong(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "gateway.cli", *arguments]
