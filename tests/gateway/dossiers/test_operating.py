"""The operator sees and reopens any dossier, and each act is an entry before it is done."""

from datetime import UTC, datetime

import asyncpg
import orjson
import pytest

from gateway.dossiers.operating import NoSuchDossier, reopened, shown
from gateway.evidence.contract import EvidenceUnavailable
from gateway.sandbox.files import Addresses, prepare, write_env
from gateway.sandbox.layout import Layout
from gateway.settings import Settings


@pytest.fixture
def settings(tmp_path, database_urls):
    """Make settings and keys of an installation on the module's database."""
    layout = Layout(tmp_path / "DIR")
    prepare(layout, datetime.now(UTC))
    addresses = Addresses("http://127.0.0.1:1", "http://127.0.0.1:2", {})
    write_env(layout, addresses, database_urls.application, database_urls.owner)
    return Settings(_env_file=layout.env)


@pytest.fixture
def acts(database_urls):
    """Read the administrative entries, oldest first."""

    async def read():
        connection = await asyncpg.connect(database_urls.owner)
        try:
            rows = await connection.fetch("SELECT leaf FROM lienthong.entry WHERE kind = 'admin' ORDER BY at, index")
        finally:
            await connection.close()
        return [orjson.loads(row[0]) for row in rows]

    return read


async def test_a_look_is_an_entry(settings, acts, receive, make_event):
    """Any agency's dossier is shown; the entry names the dossier, and seals who looked."""
    event = make_event(4)
    await receive(event)
    before = len(await acts())
    assert (await shown(settings, event.dossier, "somebody")).status == 4
    entry = (await acts())[before]
    assert (entry["mode"], entry["detail"]) == ("dossier-show", {"dossier": event.dossier})
    assert "somebody" not in orjson.dumps(entry).decode()


async def test_a_reopening_is_an_entry_before_it_is_done(settings, acts, receive, make_event):
    """What was kept takes effect; the reason is sealed."""
    event = make_event(10)
    await receive(event, make_event(4, 5, dossier=event.dossier))
    assert (await shown(settings, event.dossier, "a")).final
    dossier = await reopened(settings, event.dossier, "somebody", "nhập nhầm trạng thái")
    assert (dossier.final, dossier.status) == (False, 4)
    entry = (await acts())[-1]
    assert entry["mode"] == "dossier-reopen"
    assert "nhập nhầm" not in orjson.dumps(entry).decode()
    assert dossier.reopened_at == datetime.fromisoformat(entry["at"])


async def test_an_unknown_dossier_is_said(settings, acts):
    """No entry claims an act on what is not there."""
    before = len(await acts())
    for act in (shown(settings, "H99.01-261121-9999", "a"), reopened(settings, "H99.01-261121-9999", "a", "b")):
        with pytest.raises(NoSuchDossier):
            await act
    assert len(await acts()) == before


async def test_nothing_is_reopened_without_its_entry(settings, receive, make_event, monkeypatch):
    """Where the log cannot be written the dossier stays ended."""
    event = make_event(10)
    await receive(event)

    async def unavailable(*_):
        raise EvidenceUnavailable("down")

    monkeypatch.setattr("gateway.dossiers.operating.record_act", unavailable)
    with pytest.raises(EvidenceUnavailable):
        await reopened(settings, event.dossier, "a", "b")
    monkeypatch.undo()
    assert (await shown(settings, event.dossier, "a")).final
