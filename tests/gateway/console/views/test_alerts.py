"""Screen 7: what the rules found in the log, who looks into it, and how an alert ends."""

from datetime import UTC, datetime
from itertools import count

import pytest

from gateway.audit.streaming import Auditor
from gateway.console.roles import Role
from gateway.store.findings import alerts
from gateway.store.scope import Scope

EVERYTHING = (1e9, 2**62)
_numbers = count(700_000)


@pytest.fixture
def judged(looked_up, database):
    """Append a look-up without a dossier, let the auditor judge it, and return its alert's number."""

    async def judge(unit="H99.01"):
        number = next(_numbers)
        subject, officer = ("personal_id", f"099191{number:06d}"), f"099085{number:06d}"
        _, answered = await looked_up(subject=subject, officer=officer, dossier=None, unit=unit)
        await Auditor(database, clock=lambda: datetime.now(UTC)).catch_up()
        rows = await alerts(database, Scope.everything(), "open", "no-dossier", EVERYTHING, 100)
        return next(row["alert_id"] for row in rows if str(row["entry_id"]) == answered.entry_id), answered

    return judge


async def test_an_alert_explains_itself(visitor, judged):
    """The list shows the sentence of the alert; a filter by another rule shows none."""
    alert, _ = await judged()
    auditor = await visitor(Role.LEAD_AUDITOR)
    await auditor.get("/alerts?rule=no-dossier")
    assert "không nêu hồ sơ nào" in auditor.text
    assert f"/alerts/{alert}" in auditor.text
    await auditor.get("/alerts?rule=decoy&after=nonsense")
    assert "Không có cảnh báo nào" in auditor.text


async def test_an_alert_leads_to_what_is_behind_it(visitor, judged):
    """Its page has the sentence, the look-up, the officer and the rule, and marks the look-up among those behind it."""
    alert, answered = await judged()
    auditor = await visitor(Role.AUDITOR)
    assert (await auditor.get(f"/alerts/{alert}")).status == 200
    for shown in (
        "không nêu hồ sơ nào",
        f"/lookups/{answered.entry_id}",
        f"officer_of={answered.entry_id}",
        "/rules/no-d",
    ):
        assert shown in auditor.text
    assert "lượt này" in auditor.text
    assert "099085000009" not in auditor.text


async def test_an_alert_is_given_to_somebody_and_let_go_with_a_reason(visitor, judged, acts):
    """Both are entries of the log first, stand on the page, and the alert leaves the list of open ones."""
    alert, _ = await judged()
    auditor = await visitor(Role.AUDITOR)
    assert (await auditor.post(f"/alerts/{alert}/assign", to=auditor.login)).status == 303
    await auditor.get(f"/alerts/{alert}")
    assert "đã giao" in auditor.text
    assert (await auditor.post(f"/alerts/{alert}/close", verdict="appropriate", reason="Đã có giấy hẹn")).status == 303
    await auditor.get(f"/alerts/{alert}")
    for shown in ("đã đóng", "Đã có giấy hẹn", auditor.login):
        assert shown in auditor.text
    done = [b'"console.alert-assign"' in row.leaf or b'"console.alert-close"' in row.leaf for row in await acts()]
    assert sum(done) == 2
    assert (await auditor.post(f"/alerts/{alert}/close", action="reopen", reason="Xem lại")).status == 303
    await auditor.get(f"/alerts/{alert}")
    assert "đã đóng" not in auditor.text


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"verdict": "appropriate", "reason": ""}, 400),
        ({"verdict": "violation", "reason": "Sai phạm"}, 400),
        ({"verdict": "appropriate", "reason": "x" * 1001}, 400),
        ({"action": "reopen", "reason": "Chưa đóng"}, 409),
    ],
)
async def test_nobody_condemns_alone(visitor, judged, fields, status):
    """Without a reason nothing is closed; a violation is for a case; what is open cannot be opened again."""
    alert, _ = await judged()
    lead = await visitor(Role.LEAD_AUDITOR)
    assert (await lead.post(f"/alerts/{alert}/close", **fields)).status == status
    await lead.get(f"/alerts/{alert}")
    assert "mở" in lead.text


async def test_an_alert_goes_to_nobody_who_may_not_see_it(visitor, judged):
    """Operators and auditors of other provinces cannot be given it."""
    alert, _ = await judged()
    elsewhere, operator = await visitor(Role.AUDITOR, ("H98*",)), await visitor(Role.OPERATOR)
    lead = await visitor(Role.LEAD_AUDITOR)
    for login in (elsewhere.login, operator.login, "nobody", ""):
        assert (await lead.post(f"/alerts/{alert}/assign", to=login)).status == 400, login


async def test_a_case_is_opened_from_an_alert_and_holds_it(visitor, judged):
    """The form of the alert's page opens a case with alert and look-up; the alert leads to it and stays with it."""
    alert, answered = await judged()
    auditor = await visitor(Role.AUDITOR)
    fields = {"title": "Tra cứu không hồ sơ", "alert": str(alert), "entry": answered.entry_id}
    opened = await auditor.post("/cases", **fields)
    assert opened.status == 303
    case = opened.headers["Location"]
    await auditor.get(f"/alerts/{alert}")
    assert case in auditor.text
    assert (await auditor.post(f"/alerts/{alert}/close", verdict="appropriate", reason="Lách")).status == 409
    assert (await auditor.post("/cases", **fields)).status == 400
    await auditor.get(case)
    assert "không nêu hồ sơ nào" in auditor.text


async def test_an_alert_of_another_territory_is_not_there(visitor, judged):
    """It is not shown, not assigned, not closed, and no case takes it."""
    alert, answered = await judged(unit="H98.01")
    auditor = await visitor(Role.LEAD_AUDITOR, ("H99*",))
    assert (await auditor.get(f"/alerts/{alert}")).status == 404
    assert (await auditor.post(f"/alerts/{alert}/assign", to=auditor.login)).status == 404
    assert (await auditor.post(f"/alerts/{alert}/close", verdict="appropriate", reason="Không")).status == 404
    assert (await auditor.post("/cases", title="Lấy", alert=str(alert))).status == 400
    assert (await auditor.post("/cases", title="Lấy", entry=answered.entry_id)).status == 400
