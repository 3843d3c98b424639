"""`lienthong serve`: two children, the workers' master (gunicorn) and the keeper, watched and ended together.

The keeper holds the operations port and the log's housekeeping; where it dies it is started again. Where
the master ends, everything ends. SIGHUP restarts the workers one by one without a refused request.
"""

import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from types import FrameType

import structlog

from gateway.settings import Settings, SettingsError
from gateway.telemetry import configure_logging
from gateway.tethered import command_line

_STOP_SECONDS, _FREE_SECONDS = 30.0, 5.0
_MEMORY = "/dev/shm"  # noqa: S108 — only for a directory with a name of its own
_log = structlog.get_logger("gateway.serve")


def serve(settings: Settings, workers: int, *, pin: bool = False) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code: 0 after an orderly end.

    With `pin` each worker keeps to a processor of its own.
    Raises `SettingsError` where an address cannot be listened on.
    """
    for name, address in (("LISTEN", settings.listen), ("OPERATIONS_LISTEN", settings.operations_listen)):
        _await_free(f"LIENTHONG_{name}", address)
    configure_logging(settings.log_level)
    metrics = tempfile.mkdtemp(prefix="lienthong-metrics-", dir=_in_memory())
    try:
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": metrics}
        return _Serving(settings, workers, environment, pin=pin).run()
    finally:
        shutil.rmtree(metrics, ignore_errors=True)


def _in_memory() -> str | None:
    """Return where files are kept in memory, None where there is no such place.

    The metrics' files are mapped and grow as they are written: on a full disk that kills the process (SIGBUS).
    """
    return _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else None


def _await_free(name: str, address: str) -> None:
    """Wait a moment for an address that a former gateway still holds. Raises `SettingsError`."""
    host, _, port = address.rpartition(":")
    until = time.monotonic() + _FREE_SECONDS
    while True:
        try:
            family, *_, place = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(place)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > until:
                raise SettingsError(f"{name}: {address}: {error.strerror}") from None
            time.sleep(0.1)
        else:
            return


class _Serving:
    def __init__(self, settings: Settings, workers: int, environment: dict[str, str], *, pin: bool) -> None:
        self._listen = settings.listen
        self._workers = workers
        self._pin = ["--pin"] if pin else []
        self._environment = environment
        self._stopping = False
        self._keeper_after = 0.0
        self._master: subprocess.Popen[bytes] | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)
        self._master = self._spawn("gateway.worker", "--workers", str(self._workers), *self._pin)
        self._keeper = self._spawn("gateway.keeper")
        _log.info("serving", listen=self._listen, workers=self._workers)
        while not self._stopping and self._master.poll() is None:
            self._watch_keeper()
            time.sleep(0.2)
        return self._stop(self._master, self._keeper)

    def _watch_keeper(self) -> None:
        if self._keeper is None or self._keeper.poll() is None:
            return
        if self._keeper_after == 0.0:
            _log.error("keeper died", exit_code=self._keeper.returncode)
            self._keeper_after = time.monotonic() + 1.0
        elif time.monotonic() >= self._keeper_after:
            self._keeper_after = 0.0
            self._keeper = self._spawn("gateway.keeper")

    def _spawn(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = command_line([sys.executable, "-m", module, *arguments], signal.SIGTERM)
        return subprocess.Popen(command, env=self._environment)  # noqa: S603 — our own interpreter and modules

    def _stop(self, master: subprocess.Popen[bytes], keeper: subprocess.Popen[bytes] | None) -> int:
        """End the workers first: the keeper seals what they leave."""
        code = _end(master)
        if keeper is not None:
            _end(keeper)
        return 0 if self._stopping and code in {0, -signal.SIGTERM} else (code or 1)

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        if self._master is not None:
            self._master.send_signal(signal.SIGHUP)


def _end(process: subprocess.Popen[bytes], clock: Callable[[], float] = time.monotonic) -> int:
    """Ask a child to end, then insist. Returns its exit code."""
    until = clock() + _STOP_SECONDS
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(max(0.1, until - clock()))
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
