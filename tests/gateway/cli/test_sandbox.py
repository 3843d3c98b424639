"""`lienthong sandbox`: what can be said without starting one."""

import json
import subprocess
import sys

import pytest

from mocks.__main__ import main as mocks_main


def test_people_are_the_same_for_the_same_seed(capsys):
    """`people` prints persons as JSON lines, reproducibly, with what each registry will say."""

    def people(seed):
        mocks_main(["people", "--n", "3", "--seed", seed])
        return capsys.readouterr().out

    command = [sys.executable, "-m", "gateway.cli", "sandbox", "people", "--n", "3", "--seed", "7"]
    first = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert people("7") == first != people("8")
    parsed = [json.loads(line) for line in first.splitlines()]
    assert len(parsed) == 3
    assert all(person["personal_id"].startswith("099") for person in parsed)
    assert all(set(person["expect"].values()) <= {"found", "no_match"} for person in parsed)


@pytest.mark.parametrize("words", [(), ("--dir", "")])
def test_a_sandbox_needs_a_directory(lienthong, words):
    """Without --dir, or with an empty one, the command ends with 2 and says what to name."""
    done = lienthong("sandbox", *words)
    assert (done.code, "--dir DIR" in done.err) == (2, True)


@pytest.mark.parametrize("words", [("sandbox",), ("demo",)])
def test_a_directory_that_cannot_be_is_one_line(lienthong, tmp_path, words):
    """A file in the place of the directory ends the command with one line that names it."""
    (tmp_path / "file").write_text("in the way")
    done = lienthong(*words, "--dir", tmp_path / "file", "--port", 0)
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert f"{tmp_path / 'file'}: " in done.err
