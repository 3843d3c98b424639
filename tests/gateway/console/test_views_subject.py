"""Reveals past the daily number, through real forms, in a database of their own: false passwords slow log-ins down."""

from datetime import timedelta

import pyotp

from gateway.cases.revealing import DAILY_CAP
from gateway.console.roles import Role
from gateway.console.views.subject import SCREEN

PERSON = "099191000001"


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
