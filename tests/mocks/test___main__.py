"""The command line does what it says."""

import json

import pytest

from mocks.__main__ import REGISTRIES, main, parse_arguments, registry
from mocks.sample import people


def test_people_are_printed_as_json_lines(capfdbinary):
    """One object a line, the same as the library's."""
    main(["people", "--n", "3", "--seed", "9"])
    lines = capfdbinary.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == list(people(3, 9))


def test_secrets_are_written_and_named(tmp_path, capsys):
    """The names of the written files are printed; a second call prints none."""
    main(["secrets", str(tmp_path / "s")])
    assert sorted(capsys.readouterr().out.split()) == sorted(file.name for file in (tmp_path / "s").iterdir())
    main(["secrets", str(tmp_path / "s")])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "arguments", [[], ["serve"], ["serve", "khac", "--secrets", "."], ["people"], ["serve", "tax"]]
)
def test_wrong_command_lines_are_refused(arguments, capsys):
    """What is missing or unknown is said, with exit code 2."""
    with pytest.raises(SystemExit) as stopped:
        parse_arguments(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err


def test_every_registry_can_be_made(secrets_folder):
    """Each name makes its registry with its secrets."""
    made = [registry(name, "http://127.0.0.1:1", secrets_folder, 60.0) for name in REGISTRIES]
    assert [type(each).__name__ for each in made] == ["Population", "Insurance", "CivilStatus", "Tax", "Portal"]
