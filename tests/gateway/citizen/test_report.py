"""The report from a real log: whose it is, that it is entered, that every row is proved, and the page of it."""

import copy
import re
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.citizen import report as module
from gateway.citizen.page import as_html, masked_number
from gateway.citizen.report import Period, Reporter, names_of
from gateway.citizen.shapes import NotProved, as_json, check_report
from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.pins import FilePin
from gateway.evidence.sealer import LogSealer
from gateway.store.citizen import Delay, put_delay
from gateway.store.database import Database
from gateway.store.logs import entry_by_id, log_states

PERSON = "099191000001"


def now():
    """Read the clock."""
    return datetime.now(UTC)


@pytest.fixture
def year():
    """Ask about the last year."""
    return Period(now() - timedelta(days=365), now() + timedelta(minutes=1))


@pytest.fixture
def reporter(console, log, keys):
    """Report as the console does."""
    return Reporter(console, log, keys, now)


@pytest.fixture
async def seal(database_urls, keys, tmp_path):
    """Seal every log, as the keeper does."""
    database = await Database.connect(database_urls.application)
    sealer = LogSealer(database, keys, FilePin(tmp_path / "pins"), now)

    async def every():
        for state in await log_states(database):
            await sealer.seal(state)

    yield every
    await database.close()


async def test_a_report_holds_this_persons_look_ups_and_no_others(reporter, exchange, year):
    """Newest first, with somebody else's left out, and with those where a registry named the person."""
    person, other, card = "099191000101", "099191000102", "099191000103"
    first = await exchange(person=person)
    await exchange(person=other)
    named = await exchange(person=card, returned=person)
    made = await reporter.report(("personal_id", person), year, "test")
    assert [row.entry_id for row in made.told.rows] == [named.answered, first.answered]
    assert made.complete


async def test_the_report_is_in_the_log_before_it_is_given(console, reporter, exchange, year):
    """An entry of kind `read` says that a report was made, how long it was and through what; nobody in clear."""
    person = "099191000201"
    await exchange(person=person)
    made = await reporter.report(("personal_id", person), year, "portal")
    entry = await entry_by_id(console, made.entry_id)
    leaf = orjson.loads(entry.leaf)
    assert (leaf["kind"], leaf["mode"]) == ("read", "citizen-report")
    assert leaf["detail"] == {"rows": 1, "withheld": 0, "through": "portal"}
    assert person not in str(leaf)


async def test_without_the_log_nothing_is_told(console, keys, year):
    """Where the entry cannot be written there is no report."""

    class Down:
        async def append(self, _):
            raise EvidenceUnavailable("down")

    with pytest.raises(EvidenceUnavailable):
        await Reporter(console, Down(), keys, now).report(("personal_id", PERSON), year, "test")


async def test_every_row_is_proved_by_the_public_key(reporter, exchange, year, keys, seal):
    """Sealed rows lead to the checkpoint; one altered word, place or leaf is found."""
    person = "099191000301"
    for _ in range(5):
        await exchange(person=person)
    await seal()
    await exchange(person=person)
    document = as_json(await reporter.report(("personal_id", person), year, "test"))
    verdict = check_report(document, [keys.verifier])
    assert (verdict.proved, verdict.promised) == (5, 1)
    for change in (
        {"outcome": "no_match"},
        {"fields": []},
        {"dossier": "H99.01-261121-9999"},
        {"index": 0},
        {"leaf": None, "leafHash": "AAAA"},
        {"proof": {"size": 1, "hashes": []}},
    ):
        false = copy.deepcopy(document)
        false["usages"][3].update(change)
        with pytest.raises(NotProved, match="row 3"):
            check_report(false, [keys.verifier])


async def test_a_foreign_key_proves_nothing(reporter, exchange, year, seal):
    """Checkpoints count only under a key of the log."""
    await exchange(person="099191000401")
    await seal()
    document = as_json(await reporter.report(("personal_id", "099191000401"), year, "test"))
    with pytest.raises(NotProved, match="trusted"):
        check_report(document, [])
    with pytest.raises(NotProved, match="no report"):
        check_report({}, [])


async def test_a_delay_withholds_and_is_told(console, reporter, exchange, year):
    """Rows of a delayed dossier are withheld until its day, and counted."""
    person, dossier = "099191000501", "H99.01-261121-0501"
    await exchange(person=person, dossier=dossier)
    until = now() + timedelta(days=3)
    await put_delay(console, Delay(dossier, "Điều 10", until, "dpo"), "019a0000-0000-7000-8000-000000000000")
    made = await reporter.report(("personal_id", person), year, "test")
    assert (made.told.rows, made.told.withheld, made.told.withheld_until) == ((), 1, until)
    document = as_json(made)
    assert (document["totalUsages"], document["withheld"]["count"]) == (0, 1)
    assert "1 lần tra cứu chưa được hiển thị" in as_html(made, "…")


async def test_the_shape_is_the_data_trackers(reporter, exchange, year):
    """Members of `Usage` have the tracker's names; pages are cut by offset and limit, the total stays."""
    person = "099191000601"
    for _ in range(3):
        await exchange(person=person)
    made = await reporter.report(("personal_id", person), year, "test")
    page = as_json(made, 1, 1)
    assert (page["totalUsages"], len(page["usages"])) == (3, 1)
    usage = page["usages"][0]
    assert {"logtime", "action", "receiverCode", "receiverName", "receiverSystem"} <= set(usage)
    assert datetime.fromisoformat(usage["logtime"]).utcoffset() == timedelta(hours=7)
    assert usage["receiverCode"] == "H99.01"


async def test_more_than_one_report_holds_is_said(reporter, exchange, year, monkeypatch):
    """A report that had to be cut says that it is not complete, in JSON and on paper."""
    person = "099191000701"
    for _ in range(3):
        await exchange(person=person)
    monkeypatch.setattr(module, "MOST_ROWS", 2)
    made = await reporter.report(("personal_id", person), year, "test")
    assert (len(made.told.rows), made.complete, as_json(made)["complete"]) == (2, False, False)
    assert "chưa đủ" in as_html(made, "…")


async def test_the_page_escapes_loads_nothing_and_hides_the_number(reporter, exchange, year):
    """Hostile text of a caller is text; no script, no address to load from, and the number only in part."""
    person, hostile = "099191000801", "<script>alert(1)</script>"
    await exchange(person=person, dossier=hostile)
    page = as_html(await reporter.report(("personal_id", person), year, "test"), masked_number(person))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r"(src|href)=", page)
    assert person not in page
    assert "099••••••801" in page


def test_short_numbers_are_hidden_whole():
    """Nothing of a number that is too short to be masked is shown."""
    assert masked_number("123456") == "••••••"


def test_names_come_from_the_configuration():
    """Clients and procedures are called what their files call them; a broken file costs a name and no more."""
    names = names_of(
        {
            "clients/a.toml": 'client = "H99.igate"\nname = "Tỉnh H99"\n',
            "clients/b.toml": "= broken",
            "procedures/p.toml": 'procedure = "9.999901"\nname = "Đăng ký khai sinh"\n',
        }
    )
    assert (names.clients, names.procedures) == ({"H99.igate": "Tỉnh H99"}, {"9.999901": "Đăng ký khai sinh"})
