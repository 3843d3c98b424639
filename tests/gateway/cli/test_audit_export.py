"""`lienthong audit export` and `audit verify FILE`: what is written can be checked without this installation."""

import asyncio
import json

import pytest

from gateway.cases.desk import CaseDesk, Opening
from gateway.cases.states import Actor
from gateway.evidence.contract import Recorded
from gateway.evidence.log import utc_now
from gateway.store.database import Database
from gateway.store.scope import Scope


@pytest.fixture
def case(lienthong, layout, database_urls):
    """Put a configuration in force, and open a case about that entry."""
    assert lienthong("apply", layout.config).code == 0

    async def record(act, detail, *, sealed):
        assert (act, set(sealed), detail["source"]) == ("case-open", {"title", "note"}, "auditor")
        return Recorded("019a0000-0000-7000-8000-000000000000", "log.test", 0, 0, utc_now())

    async def opened():
        database = await Database.connect(database_urls.console)
        desk = CaseDesk(database)
        try:
            return await desk.open(record, Actor("an", "auditor"), Scope.everything(), Opening("auditor", "Thử"))
        finally:
            await database.close()

    return asyncio.run(opened())


def test_what_is_exported_verifies_anywhere(lienthong, case, tmp_path, monkeypatch):
    """The file is checked without settings, from another directory; the export itself is in the log."""
    file = tmp_path / "evidence.zip"
    done = lienthong("audit", "export", "--case", case, "--out", file, "--within", 0)
    assert (done.code, f"case {case}" in done.out) == (0, True)
    assert file.stat().st_mode & 0o077 == 0
    monkeypatch.delenv("LIENTHONG_ENV_FILE")
    verdict = lienthong("audit", "verify", file)
    assert (verdict.code, "the evidence verifies" in verdict.out, "--vkey" in verdict.err) == (0, True, True)
    assert json.loads(lienthong("audit", "verify", file, "--json").out)["case"] == case


def test_a_damaged_file_fails(lienthong, tmp_path):
    """What is no evidence ends with 1 and one line; a file that is not there too."""
    (tmp_path / "bad.zip").write_bytes(b"PK nonsense")
    for name in ("bad.zip", "none.zip"):
        done = lienthong("audit", "verify", tmp_path / name)
        assert (done.code, done.err.count("\n")) == (1, 1)


def test_nothing_is_overwritten(lienthong, case, tmp_path):
    """An existing file is left alone, and an unknown case is refused."""
    (tmp_path / "there.zip").write_bytes(b"mine")
    assert lienthong("audit", "export", "--case", case, "--out", tmp_path / "there.zip").code == 1
    assert (tmp_path / "there.zip").read_bytes() == b"mine"
    assert lienthong("audit", "export", "--case", 999_999, "--out", tmp_path / "new.zip").code == 1
    assert not (tmp_path / "new.zip").exists()
