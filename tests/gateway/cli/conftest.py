"""Run commands in this process, as a shell would."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from gateway.cli.app import main
from gateway.sandbox.files import Addresses, prepare, write_addresses, write_env
from gateway.sandbox.layout import REGISTRIES, Layout
from mocks.__main__ import main as mocks_main


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


@pytest.fixture
def layout(tmp_path, database_urls, monkeypatch):
    """Prepare a sandbox's files against a fresh database, without its processes."""
    made = Layout(tmp_path / "DIR")
    prepare(made, datetime.now(UTC))
    addresses = Addresses("http://127.0.0.1:1", "http://127.0.0.1:2", dict.fromkeys(REGISTRIES, "http://127.0.0.1:3"))
    write_addresses(made, addresses)
    write_env(made, addresses, database_urls.application, database_urls.owner)
    mocks_main(["secrets", str(made.secrets)])
    monkeypatch.setenv("LIENTHONG_ENV_FILE", str(made.env))
    return made
