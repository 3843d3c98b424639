"""Run commands in this process, as a shell would."""

from dataclasses import dataclass

import pytest

from gateway.cli.app import main


@dataclass(frozen=True)
class Done:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def lienthong(capsys, monkeypatch, tmp_path):
    """Run `lienthong` with these words, without any settings of the machine."""
    for name in ("LIENTHONG_ENV_FILE", "LIENTHONG_CLIENT", "LIENTHONG_PUBLIC_URLS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        told = capsys.readouterr()
        return Done(ended.value.code or 0, told.out, told.err)

    return run
