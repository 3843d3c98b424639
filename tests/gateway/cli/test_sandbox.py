"""`lienthong sandbox`: what can be said without starting one."""

import json
import subprocess
import sys


def people(seed):
    """Print three people as a process does."""
    command = [sys.executable, "-m", "gateway.cli", "sandbox", "people", "--n", "3", "--seed", seed]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_people_are_the_same_for_the_same_seed():
    """`people` prints persons as JSON lines, reproducibly, with what each registry will say."""
    first = people("7")
    assert people("7") == first != people("8")
    parsed = [json.loads(line) for line in first.splitlines()]
    assert len(parsed) == 3
    assert all(person["personal_id"].startswith("099") for person in parsed)
    assert all(set(person["expect"].values()) <= {"found", "no_match"} for person in parsed)


def test_a_sandbox_needs_a_directory(lienthong):
    """Without --dir the command ends with 2 and says what to name."""
    done = lienthong("sandbox")
    assert (done.code, "--dir DIR" in done.err) == (2, True)
