"""The command line as a whole: every command helps, exit codes are told, errors are one line."""

import pytest

from gateway.cli.app import COMMANDS


@pytest.mark.parametrize("word", sorted(COMMANDS))
def test_every_command_helps(lienthong, word):
    """Each command and group answers --help and ends well."""
    done = lienthong(word, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage: lienthong" in done.out


def test_the_version_is_told(lienthong):
    """--version prints one line and ends well."""
    done = lienthong("--version")
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    assert done.out[0].isdigit()


def test_help_names_every_command_and_the_exit_codes(lienthong):
    """The overview lists all commands and says what the exit codes mean."""
    done = lienthong("--help")
    assert all(f"  {word} " in done.out for word in COMMANDS)
    assert "0 fine; 1 refused, or a check failed; 2 wrong usage or settings; 3 no anchor" in " ".join(done.out.split())


def test_an_unknown_command_is_wrong_usage(lienthong):
    """What is no command ends with 2."""
    assert lienthong("fly").code == 2


@pytest.mark.parametrize("words", [("serve",), ("migrate",), ("audit", "verify"), ("log", "list")])
def test_missing_settings_are_one_line(lienthong, words):
    """Without settings a command ends with 2 and one line that names the first one missing."""
    done = lienthong(*words)
    assert done.code == 2
    assert done.err.startswith("lienthong: LIENTHONG_DATABASE_URL")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("words", [("call", "GET", "/v1/registries"), ("openapi",)])
def test_a_caller_without_settings_is_told_what_to_name(lienthong, words):
    """Calls say which option or setting is missing."""
    done = lienthong(*words)
    assert done.code == 2
    assert "LIENTHONG_" in done.err


@pytest.mark.parametrize(
    "words",
    [("adapter", "new", "--wsdl"), ("receipt", "verify"), ("keys", "show"), ("dossiers", "push")],
)
def test_a_binary_file_is_one_line(lienthong, tmp_path, words):
    """Bytes that are no text end any command with one line, never with a traceback."""
    (tmp_path / "bytes").write_bytes(b"\x9f\xff\x00")
    done = lienthong(*words, tmp_path / "bytes")
    assert done.code in {1, 2}
    assert done.err.startswith("lienthong: ")
    assert done.err.count("\n") == 1
