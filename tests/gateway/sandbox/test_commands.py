"""Several commands in one process: in order, and none after one that failed."""

import json
import subprocess
import sys

import pytest

from gateway.sandbox.commands import run


def test_commands_run_in_order_until_one_fails(capfd):
    """A command's success is no end; the first failure is, with its code."""
    with pytest.raises(SystemExit) as end:
        run([["--version"], ["call"], ["--version"]])
    assert end.value.code == 2
    told = capfd.readouterr()
    assert told.out.count(".") >= 1
    assert told.out.count("\n") == 1


def test_it_takes_its_commands_as_json():
    """As the sandbox starts it."""
    command = [sys.executable, "-m", "gateway.sandbox.commands", json.dumps([["--version"], ["--version"]])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 2
