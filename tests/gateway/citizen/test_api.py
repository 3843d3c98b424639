"""The citizen's interface as a portal meets it, over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from gateway.cases.desk import CaseDesk
from gateway.citizen.api import PREFIX, CitizenApi, load_api_key
from gateway.citizen.objecting import Objections
from gateway.citizen.report import Reporter
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.settings import SettingsError
from gateway.store.citizen import Delay, objection_page, put_delay
from gateway.store.scope import Scope

KEY = "k" * 40
WITH_KEY = {"Authorization": f"Bearer {KEY}"}


def now():
    """Read the clock."""
    return datetime.now(UTC)


@pytest.fixture
async def portal(console, log, keys, record):
    """Call the interface with the right key, unless told otherwise."""
    objections = Objections(console, Pseudonyms(keys.pseudonyms), now)
    api = CitizenApi(console, Reporter(console, log, keys, now), objections, record, KEY.encode(), now)
    app = web.Application()
    app.add_routes(api.routes())
    async with TestClient(TestServer(app, host="127.0.0.1")) as client:

        async def call(method, path, headers=WITH_KEY, **members):
            async with client.request(method, f"{PREFIX}/{path}", headers=headers, **members) as answer:
                return answer.status, await answer.json()

        yield call


async def test_a_portal_finds_who_looked(portal, exchange):
    """`findUsage` names the user in a header, `VN` before the number; rows come with what proves them."""
    person = "099191001001"
    await exchange(person=person)
    status, answer = await portal("GET", "findUsage", {**WITH_KEY, "X-Road-UserId": f"VN{person}"})
    assert (status, answer["totalUsages"]) == (200, 1)
    assert person not in str(answer)
    assert answer["usages"][0]["leafHash"]


async def test_a_period_narrows_what_is_found(portal, exchange):
    """Rows outside periodStart and periodEnd are not answered."""
    person = "099191001101"
    await exchange(person=person)
    headers = {**WITH_KEY, "X-Road-UserId": person}
    past = {"periodStart": "2020-01-01T00:00:00", "periodEnd": "2020-02-01T00:00:00+07:00"}
    assert (await portal("GET", "findUsage", headers, params=past))[1]["totalUsages"] == 0
    future = {"periodEnd": (now() + timedelta(days=1)).isoformat()}
    assert (await portal("GET", "findUsage", headers, params=future))[1]["totalUsages"] == 1


async def test_heartbeat_and_period(portal, exchange):
    """The tracker's other two operations answer in its shape."""
    await exchange()
    assert (await portal("GET", "heartbeat"))[1]["status"] == "OK"
    status, answer = await portal("GET", "usagePeriod")
    assert status == 200
    assert datetime.fromisoformat(answer["periodStart"]) <= now()


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {KEY}"}])
@pytest.mark.parametrize("path", ["findUsage", "usagePeriod", "heartbeat"])
async def test_without_the_key_nothing_is_told(portal, headers, path):
    """No key, a wrong one, or one of another scheme is 401."""
    assert (await portal("GET", path, {**headers, "X-Road-UserId": "099191000001"}))[0] == 401


@pytest.mark.parametrize(
    ("headers", "params"),
    [
        ({}, {}),
        ({"X-Road-UserId": "VN09919100000"}, {}),
        ({"X-Road-UserId": "VN0991910000012"}, {}),
        ({"X-Road-UserId": "<b>"}, {}),
        ({"X-Road-UserId": "099191000001"}, {"limit": "0"}),
        ({"X-Road-UserId": "099191000001"}, {"limit": "99999999999999999999"}),
        ({"X-Road-UserId": "099191000001"}, {"offset": "-1"}),
        ({"X-Road-UserId": "099191000001"}, {"offset": "٣"}),
        ({"X-Road-UserId": "099191000001"}, {"periodStart": "yesterday"}),
        ({"X-Road-UserId": "099191000001"}, {"periodStart": "0001-01-01T00:00:00+23:59"}),
        ({"X-Road-UserId": "099191000001"}, {"periodStart": "2026-02-01T00:00:00", "periodEnd": "2026-01-01T00:00:00"}),
    ],
)
async def test_a_malformed_request_is_refused_without_echo(portal, headers, params):
    """400 with a sentence that repeats nothing of what was sent."""
    status, answer = await portal("GET", "findUsage", {**WITH_KEY, **headers}, params=params)
    assert status == 400
    assert not any(value in answer["message"] for value in (*headers.values(), *params.values()) if len(value) > 1)


async def test_an_objection_opens_a_case_with_a_clock(portal, console, exchange):
    """The first objection is 201 with the term; the second leads to the same case; the case holds the entry."""
    person = "099191001201"
    found = await exchange(person=person)
    body = {"userCode": f"VN{person}", "entry": found.answered, "note": "Tôi không nộp hồ sơ nào"}
    status, answer = await portal("POST", "objections", json=body)
    assert status == 201
    again = await portal("POST", "objections", json=body)
    assert again == (200, answer)
    whole = await CaseDesk(console).read(Scope.everything(), answer["case"])
    assert (whole.row.source, whole.row.state, whole.row.agency) == ("citizen", "new", "H99.01")
    assert whole.row.due_at == datetime.fromisoformat(answer["due"]) > now()
    assert [item.entry_id for item in whole.entries] == [found.answered]
    assert answer["case"] in [row.case_id for row in await objection_page(console, Scope.of(["H99*"]))]
    assert answer["case"] not in [row.case_id for row in await objection_page(console, Scope.of(["H98*"]))]


async def test_nobody_objects_for_another(portal, console, exchange):
    """Another's look-up, a question's own entry, one that is withheld, and one that is not there are alike: 404."""
    person, dossier = "099191001301", "H99.01-261121-1301"
    found = await exchange(person=person, dossier=dossier)
    until = now() + timedelta(days=1)
    for code, entry in (
        ("099191001302", found.answered),
        (person, found.asked),
        (person, "019a0000-0000-7000-8000-000000000000"),
    ):
        assert (await portal("POST", "objections", json={"userCode": code, "entry": entry}))[0] == 404
    await put_delay(console, Delay(dossier, "Điều 10", until, "dpo"), "019a0000-0000-7000-8000-000000000000")
    assert (await portal("POST", "objections", json={"userCode": person, "entry": found.answered}))[0] == 404


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"entry": 5}', b'{"userCode": 5}', b'{"more": 1}'])
async def test_a_malformed_objection_is_refused(portal, body):
    """400, whatever is wrong."""
    assert (await portal("POST", "objections", data=body))[0] == 400


def test_the_key_file_is_private_and_long(tmp_path):
    """A short, readable-by-others or missing key is one line that names the setting."""
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(0o600)
    assert load_api_key(path) == KEY.encode()
    path.chmod(0o640)
    for wrong in (path, tmp_path / "none"):
        with pytest.raises(SettingsError, match="LIENTHONG_CONSOLE_CITIZEN_KEY"):
            load_api_key(wrong)
    short = tmp_path / "short"
    short.write_text("abc")
    short.chmod(0o600)
    with pytest.raises(SettingsError, match="at least 32"):
        load_api_key(short)
