"""A small supervisor: starts processes, learns when they are ready, restarts what dies, leaves nothing behind.

The rule: every child is tied to this process by the parent-death signal, runs in its own process
group, and is ended as a group. Everything happens in the thread that calls (the main thread).
"""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from gateway.tethered import command_line

_FIRST_DELAY_S, _LONGEST_DELAY_S, _STEADY_S = 0.1, 2.0, 30.0
_POLL_S = 0.2


class ProcessFailed(Exception):  # noqa: N818 — an event's name
    """A process ended or stayed silent before it was ready; the text names its log file."""


class Supervised(Protocol):
    """Something that can be started again when it died. `pid` is None while it does not run."""

    @property
    def pid(self) -> int | None:
        """The process id, or None."""
        ...

    def start(self) -> None:
        """Start, and return when ready."""
        ...

    def stop(self) -> None:
        """End it, bounded in time."""
        ...


class Program:
    """One child process that logs to `log_file` and, where `announces`, says `READY <url>` there when it is up.

    `command` is asked anew at every start, so that a restart may pin the port learned at the first.
    """

    def __init__(
        self,
        command: Callable[[], Sequence[str]],
        log_file: Path,
        *,
        environment: Mapping[str, str],
        announces: bool = False,
        ready_within_s: float = 30.0,
        grace_s: float = 10.0,
    ) -> None:
        self._command, self._log_file, self._environment = command, log_file, dict(environment)
        self._announces, self._ready_within_s, self._grace_s = announces, ready_within_s, grace_s
        self._process: subprocess.Popen[bytes] | None = None
        self._begin = 0
        self.url = ""
        """The address announced at the last start."""

    @property
    def pid(self) -> int | None:
        """The process id; None when it does not run."""
        return self._process.pid if self._process is not None and _runs(self._process.pid) else None

    def start(self) -> None:
        """Start it, unless launched; where it announces itself, wait for that. Raises `ProcessFailed`."""
        if self.pid is None:
            self.launch()
        if self._announces and self._process is not None and not self.url:
            self.url = self._await_announcement(self._process)

    def launch(self) -> None:
        """Start it without waiting, so that several can come up together."""
        self._end_group()  # what a killed leader may have left
        command = list(self._command())  # it may look at the former address
        with self._log_file.open("ab") as log:
            self._begin, self.url = log.tell(), ""
            self._process = subprocess.Popen(  # noqa: S603 — our own programs and arguments
                command_line(command, signal.SIGTERM),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )

    def stop(self) -> None:
        """Ask the process to end, then end its whole group."""
        if self._process is not None:
            deadline = time.monotonic() + self._grace_s
            os.kill(self._process.pid, signal.SIGTERM)
            while self.pid is not None and time.monotonic() < deadline:
                time.sleep(0.02)
            self._end_group()

    def _end_group(self) -> None:
        """Kill what is left of the group and only then reap its leader, so that the number cannot be another's."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _await_announcement(self, process: subprocess.Popen[bytes]) -> str:
        deadline = time.monotonic() + self._ready_within_s
        while time.monotonic() < deadline:
            with self._log_file.open("rb") as log:
                log.seek(self._begin)
                for line in log.read().split(b"\n")[:-1]:
                    if line.startswith(b"READY "):
                        return line[6:].decode().strip()
            if not _runs(process.pid):
                self._end_group()
                raise ProcessFailed(f"a process ended while it started: see {self._log_file}")
            time.sleep(0.05)
        self.stop()
        raise ProcessFailed(f"a process was not ready in time: see {self._log_file}")


def _runs(child: int) -> bool:
    """Whether our child still runs, without reaping it."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


@dataclass(slots=True)
class _Watched:
    name: str
    unit: Supervised
    started_at: float
    delay_s: float = _FIRST_DELAY_S
    due_at: float | None = None
    """When the next attempt is due; None while it runs."""


@dataclass(slots=True)
class Supervisor:
    """Starts units in order, watches them, stops them in reverse order. `report` gets one line per event."""

    report: Callable[[str], None]
    _watched: list[_Watched] = field(default_factory=list)

    def launch(self, name: str, program: Program) -> None:
        """Begin to start a program, which `add` waits for; from now on it is stopped with the others."""
        self._watched.append(_Watched(name, program, time.monotonic()))
        program.launch()

    def add(self, name: str, unit: Supervised) -> None:
        """Start a unit, unless launched, and watch it from now on. Raises what its start raises."""
        if all(watched.unit is not unit for watched in self._watched):
            self._watched.append(_Watched(name, unit, time.monotonic()))
        unit.start()
        self.report(f"{name} started, pid {unit.pid}")

    def check(self) -> None:
        """Restart, with a growing delay, whatever no longer runs."""
        for watched in self._watched:
            if watched.unit.pid is None:
                self._revive(watched, time.monotonic())

    def stop(self) -> None:
        """Stop everything, last started first; one unit's failure does not spare the others."""
        while self._watched:
            watched = self._watched.pop()
            try:
                watched.unit.stop()
            except Exception as error:  # noqa: BLE001 — the others must be stopped too
                self.report(f"{watched.name} did not stop cleanly: {type(error).__name__}")
            else:
                self.report(f"{watched.name} stopped")

    def _revive(self, watched: _Watched, now: float) -> None:
        if watched.due_at is None:
            if now - watched.started_at > _STEADY_S:
                watched.delay_s = _FIRST_DELAY_S
            watched.due_at = now + watched.delay_s
            self.report(f"{watched.name} died, restart in {watched.delay_s:.1f} s")
        if now < watched.due_at:
            return
        watched.delay_s = min(watched.delay_s * 2, _LONGEST_DELAY_S)
        watched.started_at, watched.due_at = now, None
        try:
            watched.unit.start()
        except Exception as error:  # noqa: BLE001 — whatever it was, the next attempt comes
            self.report(f"{watched.name} did not start: {error}")
        else:
            self.report(f"{watched.name} restarted, pid {watched.unit.pid}")


class StopSignals:
    """While entered, SIGTERM and SIGINT are caught: `wait` says when one came, at once."""

    def __init__(self) -> None:
        self._reader, self._writer = -1, -1
        self._former: dict[int, object] = {}
        self.received = False

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._former[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float = _POLL_S) -> bool:
        """Wait until a signal comes or the time has passed; whether one has come."""
        if not self.received:
            select.select([self._reader], [], [], seconds)
        return self.received

    def _note(self, *_: object) -> None:
        self.received = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._writer, b".")
