"""The wrapper script: it becomes the command, tied to its parent, as the user that was named."""

import os
import shutil
import signal
import subprocess

import pytest

from gateway import tethered

PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin")


def run(*command, user=None):
    """Run a command through the wrapper."""
    line = tethered.command_line(command, signal.SIGINT, user)
    return subprocess.run(line, capture_output=True, text=True, check=False)


def test_becomes_the_command():
    """Without a user the command runs as ourselves, with a private umask."""
    done = run("/bin/sh", "-c", "id -u; umask")
    assert done.stdout.split() == [str(os.geteuid()), "0077"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_drops_every_privilege():
    """With a user it runs as that user alone: no group of root's stays."""
    done = run("/bin/sh", "-c", "id -u; id -g; id -G", user=(65534, 65534))
    assert done.stdout.split() == ["65534", "65534", "65534"]


@pytest.mark.skipif(PYTHON is None, reason="needs a system-wide python3 that any user can run")
def test_keeps_the_parent_death_signal():
    """After the change of user the kernel still holds the signal SIGINT for the parent's death."""
    code = "import ctypes; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n)); print(n.value)"
    user = (65534, 65534) if os.geteuid() == 0 else None
    done = run(PYTHON, "-c", code, user=user)
    assert done.stdout.strip() == "2"


def test_ends_when_the_parent_is_gone():
    """A parent that died before the wrapper was ready is noticed: nothing is started."""
    line = tethered.command_line(["/bin/echo", "started"], signal.SIGINT)
    line[4] = "1"
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
