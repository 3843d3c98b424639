"""`lienthong dossiers`: errors are one line, JSON where asked, and nothing is done without a reason."""

import asyncio
import json
import os
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.dossiers.receiving import Receiver
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import MinuteSealer
from gateway.store.database import Database
from gateway.store.scope import Scope
from schemas.dossiers import DossierEvent

CODE = "H99.01-261121-0777"


@pytest.fixture
def reported(lienthong, layout, database_urls):
    """Keep a dossier that ended, with an event after its end."""
    assert lienthong("apply", layout.config).code == 0
    at = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
    events = [
        DossierEvent(f"C{minute}", CODE, "9.999901", "H99.01", status, at.replace(minute=minute))
        for minute, status in ((1, 2), (2, 10), (3, 4))
    ]

    async def received():
        database = await Database.connect(database_urls.application)
        sealer = MinuteSealer(X25519PrivateKey.generate().public_key())
        receiver = Receiver(database, pseudonyms=Pseudonyms({2026: os.urandom(32)}), sealer=sealer)
        await receiver.receive("H99.igate", Scope.of(["H99*"]), events, request_id="r", now=datetime.now(UTC))
        await database.close()

    asyncio.run(received())


@pytest.mark.usefixtures("reported")
def test_show_tells_state_and_history(lienthong):
    """In words by default, as the API's JSON with --json."""
    told = lienthong("dossiers", "show", CODE)
    assert (told.code, told.err) == (0, "")
    assert "status 10, final" in told.out
    assert "after-final-status" in told.out
    value = json.loads(lienthong("dossiers", "show", CODE, "--json").out)
    assert (value["dossier"], value["status"], len(value["events"])) == (CODE, 10, 3)


@pytest.mark.usefixtures("reported")
def test_reopen_needs_a_reason(lienthong):
    """Without one it is wrong usage and nothing happens; with one the dossier goes on."""
    assert lienthong("dossiers", "reopen", CODE).code == 2
    assert lienthong("dossiers", "reopen", CODE, "--reason", "  ").code == 2
    assert json.loads(lienthong("dossiers", "show", CODE, "--json").out)["final"]
    value = json.loads(lienthong("dossiers", "reopen", CODE, "--reason", "nhập nhầm", "--json").out)
    assert (value["final"], value["status"]) == (False, 4)


@pytest.mark.usefixtures("reported")
def test_an_unknown_dossier_is_one_line(lienthong):
    """Exit code 1, and a sentence."""
    for words in (("show", "H99.01-261121-9999"), ("reopen", "H99.01-261121-9999", "--reason", "x")):
        done = lienthong("dossiers", *words)
        assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)


@pytest.mark.parametrize(
    ("name", "text"), [("absent.ndjson", None), ("events.csv", "colour\nred\n"), ("events.csv", "")]
)
def test_a_file_that_cannot_be_read_is_one_line(lienthong, layout, tmp_path, name, text):
    """Nothing is sent and no state is left."""
    assert layout.env.exists()
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = lienthong("dossiers", "push", tmp_path / name)
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[-1].startswith("lienthong: ")
    assert not (tmp_path / f"{name}.state").exists()


def test_push_needs_a_caller(lienthong, tmp_path):
    """Without a client.toml it says which setting is missing."""
    (tmp_path / "events.ndjson").write_text("{}", encoding="utf-8")
    done = lienthong("dossiers", "push", "events.ndjson")
    assert (done.code, "LIENTHONG_CLIENT" in done.err) == (2, True)


def test_the_csv_columns_are_told(lienthong):
    """The help names every column."""
    assert "component_lookup_id" in lienthong("dossiers", "push", "--help").out
