"""Reveals: entered first, bound to a case and an entry of it, and past a daily number with a second person."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.cases.desk import CaseDesk, NoCase, Opening, Step
from gateway.cases.revealing import Revealer, load_reveal_key, local_midnight
from gateway.cases.states import Action, Actor, CaseRefused, Verdict
from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.keys import EvidenceKeyError
from gateway.store.cases import case_reveals
from gateway.store.scope import Scope

ALL, H99 = Scope.everything(), Scope.of(["H99*"])
PERSON, OFFICER = "099191000001", "099085000009"


def auditor(name):
    """Name an auditor of a test's own: the daily number is a person's."""
    return Actor(name, "auditor")


@pytest.fixture
def revealer(console, reveal_key):
    """Reveal two a day alone."""
    return Revealer(console, reveal_key, cap=2)


@pytest.fixture
async def case(console, record, exchange):
    """Open a case with one exchange; return its number and the entry."""
    found = await exchange()
    desk = CaseDesk(console)
    number = await desk.open(record, auditor("an"), ALL, Opening("auditor", "Kiểm tra", entries=[found.answered]))
    record.acts.clear()
    return number, found.answered


def now():
    """Read the clock."""
    return datetime.now(UTC)


async def test_a_reveal_tells_who_it_was_and_is_kept(console, revealer, record, case):
    """Whom the officer asked about and what the registry returned are opened; case and log know of it."""
    shown = await revealer.reveal(record, auditor("an"), H99, case, now())
    assert (shown.subject["id"], shown.subject["full_name"]) == (PERSON, "NGUYỄN THỊ THỬ")
    assert (shown.officer["name"], shown.person_id, shown.address) == ("Trần Văn Cán", PERSON, "192.0.2.7")
    assert record.acts == [("reveal", {"case": case[0], "entry": case[1], "second": False})]
    assert [(row.entry_id, row.by) for row in await case_reveals(console, case[0])] == [(case[1], "an")]
    assert (await CaseDesk(console).read(ALL, case[0])).steps[-1].action == "reveal"


async def test_nothing_of_it_shows_in_a_log(revealer, record, case):
    """What was opened is not in its own representation, where a technical log might find it."""
    shown = await revealer.reveal(record, auditor("bao"), ALL, case, now())
    assert PERSON not in repr(shown)
    assert "THỬ" not in str(shown)


async def test_without_the_log_nothing_is_opened(console, revealer, case):
    """Where its entry cannot be written, nobody is revealed and nothing is kept."""

    async def broken(*_, **__):
        raise EvidenceUnavailable("down")

    with pytest.raises(EvidenceUnavailable):
        await revealer.reveal(broken, auditor("chi"), ALL, case, now())
    assert await case_reveals(console, case[0]) == []


async def test_past_the_daily_number_a_second_person_is_needed(revealer, record, case):
    """The third reveal of a day is refused alone and with oneself, done with another; tomorrow it is one again."""
    an = auditor("dao")
    for _ in range(2):
        await revealer.reveal(record, an, ALL, case, now())
    assert await revealer.needs_second(an.login, now())
    for second in (None, an.login):
        with pytest.raises(CaseRefused) as refused:
            await revealer.reveal(record, an, ALL, case, now(), second)
        assert refused.value.word == "second"
    assert (await revealer.reveal(record, an, ALL, case, now(), "binh")).person_id == PERSON
    assert not await revealer.needs_second(an.login, now() + timedelta(days=1))


async def test_the_daily_number_holds_for_requests_at_once(console, revealer, record, case):
    """Ten requests at once reveal twice, and both stand among the case's steps."""
    asked = (revealer.reveal(record, auditor("em"), ALL, case, now()) for _ in range(10))
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(not isinstance(result, Exception) for result in done) == 2
    assert {type(result) for result in done if isinstance(result, Exception)} == {CaseRefused}
    assert [step.action for step in (await CaseDesk(console).read(ALL, case[0])).steps].count("reveal") == 2


async def test_only_entries_of_the_case_are_opened(revealer, record, exchange, case):
    """An entry that is not attached, or not in the log, stays closed, and nothing is entered."""
    other = (await exchange()).answered
    for entry in (other, "019a0000-0000-7000-8000-000000000000"):
        with pytest.raises(CaseRefused) as refused:
            await revealer.reveal(record, auditor("giang"), ALL, (case[0], entry), now())
        assert refused.value.word == "entry"
    assert record.acts == []


async def test_another_territory_opens_nothing(console, revealer, record, exchange, case):
    """Neither a case of another territory, nor an entry that somebody else attached to one's own."""
    with pytest.raises(NoCase):
        await revealer.reveal(record, auditor("ha"), Scope.of(["H98*"]), case, now())
    foreign = (await exchange(unit="H98.01")).answered
    await CaseDesk(console).step(record, auditor("ha"), ALL, case[0], Step(Action.ATTACH, entries=[foreign]))
    with pytest.raises(CaseRefused):
        await revealer.reveal(record, auditor("ha"), H99, (case[0], foreign), now())


async def test_a_closed_case_opens_nothing(console, revealer, record, case):
    """After the verdict nobody is revealed any more."""
    desk = CaseDesk(console)
    for step in (Step(Action.ASK, "?"), Step(Action.PROPOSE, verdict=Verdict.APPROPRIATE)):
        await desk.step(record, auditor("an"), ALL, case[0], step)
    await desk.step(record, Actor("khanh", "lead_auditor"), ALL, case[0], Step(Action.CLOSE))
    with pytest.raises(CaseRefused) as refused:
        await revealer.reveal(record, auditor("ha"), ALL, case, now())
    assert refused.value.word == "state"


async def test_another_key_opens_nothing(console, record, case):
    """A wrong reveal key ends in a refusal, not in an error."""
    wrong = Revealer(console, X25519PrivateKey.generate())
    with pytest.raises(CaseRefused) as refused:
        await wrong.reveal(record, auditor("lan"), ALL, case, now())
    assert refused.value.word == "destroyed"


def pem(path, key, mode=0o600):
    """Write a key file."""
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(mode)
    return path


def test_the_key_file_is_private_and_of_the_right_kind(tmp_path):
    """A readable-by-others, missing, broken or foreign key is one clear line that names the setting."""
    key = X25519PrivateKey.generate()
    good = pem(tmp_path / "good", key)
    assert load_reveal_key(good).private_bytes_raw() == key.private_bytes_raw()
    (tmp_path / "junk").write_text("junk")
    (tmp_path / "junk").chmod(0o600)
    open_to_all = pem(tmp_path / "open", key, 0o644)
    foreign = pem(tmp_path / "foreign", Ed25519PrivateKey.generate())
    for path in (open_to_all, foreign, tmp_path / "junk", tmp_path / "none"):
        with pytest.raises(EvidenceKeyError, match="LIENTHONG_CONSOLE_REVEAL_KEY"):
            load_reveal_key(path)


def test_the_day_is_the_local_one():
    """The daily number begins anew at midnight in Hanoi."""
    assert local_midnight(datetime(2026, 11, 21, 18, 0, tzinfo=UTC)) == datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
