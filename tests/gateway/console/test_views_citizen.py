"""Screen 14 through real forms, and the citizen's interface beside it."""

from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.console.app import application
from gateway.console.citizen_door import citizen_routes
from gateway.console.registry import SCREENS
from gateway.console.roles import Role
from gateway.console.views import citizen

PERSON = "099191000777"
DOSSIER = "H99.01-261121-0777"


@pytest.fixture
async def mine(looked_up):
    """Append a look-up about the citizen."""
    return await looked_up(subject=("personal_id", PERSON), dossier=DOSSIER)


async def test_a_report_is_made_at_the_counter(visitor, mine):
    """The officer downloads a page with the look-up and no whole number; the list says that one was made."""
    dpo = await visitor(Role.DPO)
    response = await dpo.post("/citizen-requests/report", number=PERSON)
    assert response.headers["Content-Disposition"].startswith("attachment")
    assert mine[1].entry_id in dpo.text
    assert PERSON not in dpo.text
    await dpo.get(citizen.SCREEN.path)
    assert "Báo cáo đã lập" in dpo.text


async def test_an_objection_at_the_counter_opens_a_case(visitor, mine):
    """The case stands in the list with its term; a second objection, or another's, is refused."""
    dpo = await visitor(Role.DPO)
    entry = mine[1].entry_id
    assert (await dpo.post("/citizen-requests/objection", number=PERSON, entry=entry)).status == 303
    await dpo.get("/citizen-requests")
    assert "/cases/" in dpo.text
    for fields in ({"number": PERSON, "entry": entry}, {"number": "099191000778", "entry": entry}, {"number": "1"}):
        assert (await dpo.post("/citizen-requests/objection", **fields)).status == 400


async def test_a_delay_has_ground_and_end(visitor, mine, clock):
    """With both it is set and withholds; without ground, beyond a year, or on no dossier it is refused."""
    dpo = await visitor(Role.DPO)
    day = (clock() + timedelta(days=5)).date().isoformat()
    far = (clock() + timedelta(days=900)).date().isoformat()
    good = {"dossier": DOSSIER, "ground": "Điều 10", "until": day}
    for wrong in ({"ground": ""}, {"until": far}, {"until": "soon"}, {"dossier": ""}):
        assert (await dpo.post("/citizen-requests/delay", **{**good, **wrong})).status == 400
    assert (await dpo.post("/citizen-requests/delay", **good)).status == 303
    await dpo.post("/citizen-requests/report", number=PERSON)
    assert mine[1].entry_id not in dpo.text
    assert "chưa được hiển thị" in dpo.text


async def test_only_the_officer_for_data_protection_acts(visitor):
    """A lead auditor reads the screen and may not act; an auditor does not see it."""
    lead, auditor = await visitor(Role.LEAD_AUDITOR), await visitor(Role.AUDITOR)
    assert (await lead.get("/citizen-requests")).status == 200
    assert "/citizen-requests/report" not in lead.text
    assert (await lead.post("/citizen-requests/report", number=PERSON)).status == 403
    assert (await auditor.get("/citizen-requests")).status == 403


async def test_the_interface_is_off_without_a_key(desk):
    """Where no key file is named there is no door."""
    closed = desk.console.model_copy(update={"citizen_key": None})
    desk.console = closed
    assert citizen_routes(desk) == []


async def test_the_interface_opens_with_its_key_alone(desk, tmp_path, looked_up):
    """With a key the portal is answered beside the screens, and neither a cookie nor a role is asked for."""
    mine = await looked_up(subject=("personal_id", PERSON), dossier="H99.01-261121-0778")
    key = tmp_path / "citizen.key"
    key.write_text("k" * 40)
    key.chmod(0o600)
    desk.console = desk.console.model_copy(update={"citizen_key": key})
    app: web.Application = application(desk, SCREENS)
    app.add_routes(citizen_routes(desk))
    async with TestClient(TestServer(app)) as client:
        headers = {"Authorization": f"Bearer {'k' * 40}", "X-Road-UserId": f"VN{PERSON}"}
        answer = await client.get("/citizen-api/findUsage", headers=headers)
        assert mine[1].entry_id in {row["entry"] for row in (await answer.json())["usages"]}
        assert (await client.get("/citizen-api/findUsage")).status == 401
