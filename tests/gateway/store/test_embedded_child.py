"""The wrapper script: it becomes the command, tied to its parent, as the user that was named."""

import os
import subprocess
import sys

import pytest

from gateway.store import embedded_child


def run(*arguments):
    """Run the wrapper."""
    command = [sys.executable, "-I", "-S", embedded_child.__file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_becomes_the_command():
    """Without a user the command runs as ourselves, with a private umask."""
    done = run(str(os.getpid()), "-", "-", "/bin/sh", "-c", "id -u; umask")
    assert done.stdout.split() == [str(os.geteuid()), "0077"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_drops_every_privilege():
    """With a user it runs as that user alone: no group of root's stays."""
    done = run(str(os.getpid()), "65534", "65534", "/bin/sh", "-c", "id -u; id -g; id -G")
    assert done.stdout.split() == ["65534", "65534", "65534"]


def test_keeps_the_parent_death_signal():
    """After the change of user the kernel still holds the signal SIGINT for the parent's death."""
    code = "import ctypes; n = ctypes.c_int(); ctypes.CDLL(None).prctl(2, ctypes.byref(n)); print(n.value)"
    user = ("65534", "65534") if os.geteuid() == 0 else ("-", "-")
    done = run(str(os.getpid()), *user, "/usr/bin/env", "true")
    assert done.returncode == 0
    done = run(str(os.getpid()), "-", "-", sys.executable, "-I", "-S", "-c", code)
    assert done.stdout.strip() == "2"


def test_ends_when_the_parent_is_gone():
    """A parent that died before the wrapper was ready is noticed: nothing is started."""
    done = run("1", "-", "-", "/bin/echo", "started")
    assert (done.returncode, done.stdout) == (1, "")
