"""Screens 4 and 8 through real forms: cases, four eyes, subjects, reveals, evidence."""

import re
from datetime import timedelta

import pyotp
import pytest

from gateway.console.roles import Role
from gateway.console.views import cases, subject
from gateway.evidence.leaf import parse
from gateway.export import signing
from gateway.export.checking import check

PERSON = "099191000001"


@pytest.fixture
async def sealed_look_up(looked_up):
    """Append a look-up whose question seals whom it was about."""
    sealed = {
        "subject": {"id_type": "personal_id", "id": PERSON, "full_name": "NGUYỄN <b>THỊ</b> THỬ", "birth_date": "1991"},
        "officer": {"id": "099085000009", "name": "Trần Văn Cán"},
    }
    return await looked_up(sealed=sealed)


async def opened(browser, entry=None, title="Tra cứu ban đêm"):
    """Open a case by the form; return its number."""
    response = await browser.post("/cases", title=title, note="", entry=entry or "")
    assert response.status == 303
    return int(response.headers["Location"].rsplit("/", 1)[1])


async def stepped(browser, case, action, **fields):
    """Take a step by the form."""
    return await browser.post(f"/cases/{case}/step", action=action, **fields)


async def test_a_case_is_walked_by_two_people(visitor, sealed_look_up):
    """Open, ask, answer, propose; the proposer is offered no closing; another closes; the page tells every step."""
    an, binh = await visitor(Role.LEAD_AUDITOR), await visitor(Role.LEAD_AUDITOR)
    case = await opened(an, sealed_look_up[1].entry_id)
    assert (await stepped(an, case, "ask", note="Vì sao?")).status == 303
    assert (await stepped(an, case, "answer", note="Trực thay")).status == 303
    assert (await stepped(an, case, "propose", verdict="training")).status == 303
    await an.get(f"/cases/{case}")
    assert f"/cases/{case}/close" not in an.text
    assert (await an.post(f"/cases/{case}/close")).status == 400
    await binh.get(f"/cases/{case}")
    assert f"/cases/{case}/close" in binh.text
    assert (await binh.post(f"/cases/{case}/close")).status == 303
    await binh.get(f"/cases/{case}")
    assert "Cần đào tạo" in binh.text
    assert "Trực thay" in binh.text
    assert f'action="/cases/{case}/step"' not in binh.text


async def test_every_step_is_an_entry(visitor, acts, sealed_look_up):
    """Opening, steps, refused steps and views of a case are in the log, in order."""
    an = await visitor()
    case = await opened(an, sealed_look_up[1].entry_id)
    await an.get(f"/cases/{case}")
    await stepped(an, case, "ask", note="Vì sao?")
    await stepped(an, case, "propose", verdict="none-such")
    modes = [parse(row.leaf)["mode"].removeprefix("console.") for row in await acts()]
    assert modes[:4] == ["case-refused", "case-step", "case", "case-open"]


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("ask", {"note": ""}),
        ("propose", {"verdict": "violation"}),
        ("close", {}),
        ("nonsense", {}),
        ("attach", {"entry": "x"}),
        ("attach", {"entry": "019a0000-0000-7000-8000-000000000000"}),
    ],
)
async def test_what_may_not_be_done_is_refused(visitor, action, fields):
    """A step without words, out of turn, unknown, or about nothing is 400, and the case stays new."""
    an = await visitor()
    case = await opened(an)
    assert (await stepped(an, case, action, **fields)).status == 400
    await an.get("/cases?state=new")
    assert f"/cases/{case}" in an.text


async def test_another_territory_has_no_such_case(visitor, sealed_look_up):
    """A case of H99 is 404 for H98, and is not in its list; its entries cannot be taken either."""
    an, h98 = await visitor(), await visitor(scope=("H98*",))
    case = await opened(an, sealed_look_up[1].entry_id)
    assert (await h98.get(f"/cases/{case}")).status == 404
    await h98.get("/cases")
    assert f"/cases/{case}" not in h98.text
    assert (await h98.post("/cases", title="Mượn", entry=sealed_look_up[1].entry_id)).status == 400


async def test_hostile_words_are_text(visitor):
    """What somebody types into a case is escaped wherever it is shown."""
    an = await visitor()
    case = await opened(an, title="<script>alert(1)</script>")
    await stepped(an, case, "ask", note="<img src=x onerror=alert(1)>")
    await an.get(f"/cases/{case}")
    assert "<script" not in an.text
    assert "<img src=x" not in an.text
    await an.get("/cases")
    assert "<script" not in an.text


@pytest.mark.usefixtures("keeper")
async def test_evidence_goes_out_signed(visitor, desk, sealed_look_up):
    """A lead auditor downloads a file that verifies with the log's key; the export is a step of the case."""
    an = await visitor()
    case = await opened(an, sealed_look_up[1].entry_id)
    response = await an.client.post(f"/cases/{case}/export", data={"csrf": an.csrf})
    verdict = check(await response.read(), [desk.keys.verifier])
    assert (verdict.case, len(verdict.entries)) == (case, 2)
    await an.get(f"/cases/{case}")
    assert "Xuất bằng chứng" in an.text


async def test_without_a_keeper_nothing_goes_out(visitor, monkeypatch):
    """The console has no key to sign with: where the keeper does not answer, the export is told to have failed."""
    monkeypatch.setattr(signing.note_from_keeper, "__defaults__", (0.2,))
    an = await visitor()
    case = await opened(an)
    assert (await an.post(f"/cases/{case}/export")).status == 400
    assert "Chưa ký được tệp" in an.text


async def test_a_reveal_shows_once_and_spends_its_code(accounts, browser, clock, sealed_look_up):
    """Name and number are on the answer to the form alone, escaped; the same code does not serve again."""
    made = await accounts.add("lan", "Lan", Role.AUDITOR, ("*",))
    lan = await browser()
    await lan.log_in(made)
    await lan.get("/")
    case = await opened(lan, sealed_look_up[1].entry_id)
    clock.ahead += timedelta(seconds=60)
    code = pyotp.TOTP(made.totp_secret).at(clock())
    fields = {"case": str(case), "entry": sealed_look_up[1].entry_id, "code": code}
    response = await lan.post("/subject/reveal", **fields)
    assert (response.status, response.headers["Cache-Control"]) == (200, "no-store")
    assert PERSON in lan.text
    assert "NGUYỄN &lt;b&gt;THỊ&lt;/b&gt; THỬ" in lan.text
    assert (await lan.post("/subject/reveal", **fields)).status == 400
    await lan.get(f"/cases/{case}")
    assert PERSON not in lan.text
    assert "Mở danh tính" in lan.text


async def test_a_subject_is_searched_under_a_case_and_stays_a_pseudonym(visitor, sealed_look_up):
    """Without case or reason nothing is found; the address holds a random name; another's handle is 404."""
    an, binh = await visitor(), await visitor()
    case = await opened(an, sealed_look_up[1].entry_id)
    wanted = {"id_type": "personal_id", "number": PERSON}
    assert (await an.post("/subject/find", case="", reason="x", **wanted)).status == 400
    assert (await an.post("/subject/find", case=str(case), reason="", **wanted)).status == 400
    found = await an.post("/subject/find", case=str(case), reason="Kiểm tra", **wanted)
    where = found.headers["Location"]
    assert re.fullmatch(r"/subject\?handle=[a-z]{28}", where)
    assert (await an.get(where)).status == 200
    assert f"/lookups/{sealed_look_up[1].entry_id}" in an.text
    assert PERSON not in an.text
    assert (await binh.get(where)).status == 404


async def test_a_subject_is_found_from_an_entry_of_the_case(visitor, sealed_look_up, looked_up):
    """The person of an attached entry can be followed without a number; one of another entry cannot."""
    an = await visitor()
    other = await looked_up()
    case = await opened(an, sealed_look_up[1].entry_id)
    found = await an.post("/subject/find", case=str(case), entry=sealed_look_up[1].entry_id)
    assert (await an.get(found.headers["Location"])).status == 200
    assert (await an.post("/subject/find", case=str(case), entry=other[1].entry_id)).status == 400


async def test_the_screens_are_for_auditors(visitor):
    """An operator sees neither cases nor subjects."""
    operator = await visitor(Role.OPERATOR)
    for path in (cases.SCREEN.path, subject.SCREEN.path):
        assert (await operator.get(path)).status == 403
