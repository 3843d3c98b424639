"""The supervisor: what dies comes back, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.sandbox.processes import ProcessFailed, Program, StopSignals, Supervisor

ENVIRONMENT = {"PATH": os.environ["PATH"]}


def shell(tmp_path, script, **options):
    """Make a program of a shell script."""
    return Program(lambda: ["/bin/sh", "-c", script], tmp_path / "out.log", environment=ENVIRONMENT, **options)


def gone(pid, seconds=5.0):
    """Whether the process ends in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_waits_for_the_announcement(tmp_path):
    """`start` returns when the process has said READY, with its address."""
    program = shell(tmp_path, "sleep 0.2; echo READY http://127.0.0.1:1; exec sleep 60", announces=True)
    program.start()
    assert program.url == "http://127.0.0.1:1"
    assert program.pid is not None
    program.stop()
    assert program.pid is None


def test_a_restart_knows_the_former_address(tmp_path):
    """The command is made anew at each start and may pin the address that the last run announced."""

    def command():
        return ["/bin/sh", "-c", f"echo READY {program.url}x; exec sleep 60"]

    program = Program(command, tmp_path / "out.log", environment=ENVIRONMENT, announces=True)
    program.start()
    os.kill(program.pid, signal.SIGKILL)
    while program.pid is not None:
        time.sleep(0.01)
    program.start()
    assert program.url == "xx"
    program.stop()


def test_an_old_announcement_does_not_count(tmp_path):
    """A line that a former run left in the log is not taken for this run's."""
    (tmp_path / "out.log").write_text("READY http://old\n")
    program = shell(tmp_path, "echo READY http://new; exec sleep 60", announces=True)
    program.start()
    assert program.url == "http://new"
    program.stop()


def test_a_process_that_ends_early_is_an_error(tmp_path):
    """A process that ends before it announced itself is reported with its log file."""
    with pytest.raises(ProcessFailed, match=r"out\.log"):
        shell(tmp_path, "exit 3", announces=True).start()


def test_a_silent_process_is_given_up(tmp_path):
    """A process that never announces itself is ended after the time allowed."""
    program = shell(tmp_path, "exec sleep 60", announces=True, ready_within_s=0.3)
    with pytest.raises(ProcessFailed, match="in time"):
        program.start()
    assert program.pid is None


def test_stop_ends_the_whole_group(tmp_path):
    """Grandchildren go with their parent, even those that ignore SIGTERM."""
    script = "(trap '' TERM; echo $$ > child; exec sleep 60) & echo $! > child; wait"
    program = Program(
        lambda: ["/bin/sh", "-c", f"cd {tmp_path}; {script}"], tmp_path / "out.log", environment=ENVIRONMENT
    )
    program.start()
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text().strip():
        time.sleep(0.02)
    program.stop()
    assert gone(int((tmp_path / "child").read_text()))


def test_what_dies_is_restarted(tmp_path):
    """A killed unit is started again by `check`, after a delay, and the report says so."""
    lines = []
    supervisor = Supervisor(lines.append)
    program = shell(tmp_path, "exec sleep 60")
    supervisor.add("sleeper", program)
    first = program.pid
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while program.pid in {first, None} and time.monotonic() < deadline:
        supervisor.check()
        time.sleep(0.02)
    assert program.pid not in {None, first}
    supervisor.stop()
    assert program.pid is None
    assert [line.split(",")[0] for line in lines] == [
        "sleeper started",
        "sleeper died",
        "sleeper restarted",
        "sleeper stopped",
    ]


def test_what_is_launched_is_waited_for_and_stopped(tmp_path):
    """`launch` returns at once; `add` waits for that same process; a stop before it ends what was launched."""
    slow = "sleep 0.3; echo READY x; exec sleep 60"
    supervisor, programs = Supervisor([].append), [shell(tmp_path, slow, announces=True) for _ in range(2)]
    for program in programs:
        supervisor.launch("slow", program)
        assert program.url == ""
    first, second = (program.pid for program in programs)
    supervisor.add("slow", programs[0])
    assert (programs[0].url, programs[0].pid) == ("x", first)
    supervisor.stop()
    assert gone(first)
    assert gone(second)


def test_restarts_grow_apart(tmp_path):
    """A unit that keeps dying is tried less and less often."""
    lines = []
    supervisor = Supervisor(lines.append)
    supervisor.add("failing", shell(tmp_path, "exit 1"))
    deadline = time.monotonic() + 1.2
    while time.monotonic() < deadline:
        supervisor.check()
        time.sleep(0.02)
    supervisor.stop()
    delays = [line.rsplit(" ", 2)[1] for line in lines if "died" in line]
    assert delays[:3] == ["0.1", "0.2", "0.4"]


def test_restarts_do_not_grow_too_far_apart(tmp_path):
    """However long the disk was full, what died is tried again within two seconds of its having room."""
    lines = []
    supervisor = Supervisor(lines.append)
    supervisor.add("failing", shell(tmp_path, "exit 1"))
    watched = supervisor._watched[0]
    for _ in range(12):
        supervisor._revive(watched, time.monotonic())
        watched.due_at = 0.0
        supervisor._revive(watched, time.monotonic())
    supervisor.stop()
    assert lines[-2].startswith("failing")
    assert max(float(line.rsplit(" ", 2)[1]) for line in lines if "died" in line) == 2.0


def test_children_end_with_a_killed_supervisor(tmp_path):
    """When the supervisor is killed -9, its child gets SIGTERM by the kernel."""
    code = f"""
import time
from pathlib import Path
from gateway.sandbox.processes import Program
program = Program(lambda: ["/bin/sleep", "60"], Path({str(tmp_path / "out.log")!r}), environment={{}})
program.start()
print(program.pid, flush=True)
time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as supervisor:
        pid = int(supervisor.stdout.readline())
        time.sleep(0.2)
        supervisor.kill()
    assert gone(pid)


def test_signals_are_noticed_at_once():
    """A signal ends the wait immediately, and the former handlers come back."""
    former = signal.getsignal(signal.SIGTERM)
    with StopSignals() as signals:
        assert not signals.wait(0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        begun = time.monotonic()
        assert signals.wait(5)
        assert time.monotonic() - begun < 1
    assert signal.getsignal(signal.SIGTERM) is former
