"""The subject's screen through real forms, in a database of its own: false passwords slow log-ins down."""

import html
import re
from datetime import timedelta

import pyotp

from gateway.cases.revealing import DAILY_CAP
from gateway.console.roles import Role
from gateway.console.views import subject
from gateway.console.views.subject import SCREEN

PERSON = "099191000001"


async def test_a_part_of_the_list_is_not_told_as_the_whole(accounts, browser, looked_up, monkeypatch):
    """Numbers above the list are of twelve months where it is complete, else of the page, and say which."""
    who = ("personal_id", "099191000077")
    entry = [(await looked_up(subject=who))[1].entry_id for _ in range(3)][-1]
    auditor = await browser()
    await auditor.log_in(await accounts.add("thu", "Thu", Role.AUDITOR, ("*",)))
    await auditor.get("/")
    opened = await auditor.post("/cases", title="Kiểm tra", entry=entry)
    found = await auditor.post("/subject/find", case=opened.headers["Location"].rsplit("/", 1)[1], entry=entry)
    await auditor.get(found.headers["Location"])
    assert "3 tra cứu trong 12 tháng" in auditor.text
    monkeypatch.setattr(subject, "PAGE", 2)
    await auditor.get(found.headers["Location"])
    assert "Trang này: 2 tra cứu" in auditor.text
    older = re.search(r'href="(/subject\?[^"]+)" rel="next"', auditor.text)[1]
    await auditor.get(html.unescape(older))
    assert "Trang này: 1 tra cứu" in auditor.text


async def test_past_the_daily_number_the_second_person_proves_to_be_one(accounts, browser, clock, looked_up):
    """Past the cap a reveal alone, with oneself, or with a false password is refused; with another's it is done."""
    entry = (await looked_up(sealed={"subject": {"id_type": "personal_id", "id": PERSON}}))[1].entry_id
    made, other = [await accounts.add(name, name, Role.AUDITOR, ("*",)) for name in ("mai", "nam")]
    mai = await browser()
    await mai.log_in(made)
    await mai.get("/")
    response = await mai.post("/cases", title="Kiểm tra", entry=entry)
    case = response.headers["Location"].rsplit("/", 1)[1]

    async def reveal(**more):
        clock.ahead += timedelta(seconds=60)
        code = pyotp.TOTP(made.totp_secret).at(clock())
        fields = {"case": case, "entry": entry, "code": code}
        return (await mai.post(SCREEN.routes[2].path, **fields, **more)).status

    assert [await reveal() for _ in range(DAILY_CAP)] == [200] * DAILY_CAP
    assert await reveal() == 400
    assert "người thứ hai" in mai.text

    def second(of, **wrong):
        code = pyotp.TOTP(of.totp_secret).at(clock() + timedelta(seconds=60))
        return {"second": of.login, "second_password": of.password, "second_code": code, **wrong}

    assert await reveal(**second(made)) == 400
    assert await reveal(**second(other, second_password="no")) == 400
    assert await reveal(**second(other)) == 200
    assert PERSON in mai.text
