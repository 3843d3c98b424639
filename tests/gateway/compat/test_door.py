"""The drop-in door: who comes in, what is taken, what is told, and that all of it is on the record."""

import pytest

from gateway.refusals import Refusal

SYNC, PROGRESS, LOOK_UP = "DongBoHoSoMC", "CapNhatTienDoHoSoMC", "TraCuuHoSo"


async def _events(database, code):
    rows = await database.fetch("dossiers.history", code)
    return [(row["status"], row["late"]) for row in rows]


def _line(item, status, moment):
    return {"MaHoSo": item["MaHoSo"], "ThoiDiemXuLy": moment, "TrangThai": status, "NguoiXuLy": "Cán"}


async def test_a_life_through_the_door(visit, item, database):
    """Log in, make a dossier, tell its progress, ask for its status: the portal's own answers come back."""
    assert await visit.log_in() == "0"
    assert await visit.call(SYNC, [item], isUpdating="False") == {"error_code": "0", "message": "Thành công"}
    assert (await visit.call(PROGRESS, [_line(item, "4", "20261121090000")]))["error_code"] == "0"
    told = await visit.call(LOOK_UP, [{"MaHoSo": item["MaHoSo"]}])
    assert told["data"] == [
        {
            "MaHoSo": item["MaHoSo"],
            "MaTTHC": "9.999901",
            "TrangThaiHoSo": "4",
            "NgayTiepNhan": "20261121083000",
        }
    ]
    assert await _events(database, item["MaHoSo"]) == [(2, False), (4, False)]
    assert [(entry.kind.value, entry.service) for entry in visit.evidence.entries] == [
        ("read", None),
        ("status", f"dvcqg/{SYNC}"),
        ("status", f"dvcqg/{PROGRESS}"),
        ("read", f"dvcqg/{LOOK_UP}"),
    ]
    assert {entry.client for entry in visit.evidence.entries} == {"H99.test"}


async def test_told_twice_is_taken_once(visit, item, database):
    """The same message again, alone or in one call with itself, changes nothing and is success."""
    await visit.log_in()
    for data in ([item], [item, item], [item]):
        assert (await visit.call(SYNC, data, isUpdating="False"))["error_code"] == "0"
    other = {**item, "GhiChu": "Bổ sung ảnh", "TrangThaiHoSo": 4}
    for _ in range(2):
        assert (await visit.call(SYNC, [other], isUpdating="True"))["error_code"] == "0"
    assert await _events(database, item["MaHoSo"]) == [(2, False), (4, False)]


async def test_what_it_reports_binds_nothing(visit, item, database):
    """Events of the door are marked as the door's, and do not count for look-ups unless the account says so."""
    await visit.log_in()
    await visit.call(SYNC, [item], isUpdating="False")
    scope = ["H99", "H99.%"]
    facts = await database.fetchrow("dossiers.facts", item["MaHoSo"], scope, [])
    assert facts is None or not facts[1]


@pytest.mark.parametrize(
    ("service", "data", "members", "code"),
    [
        (SYNC, [], {"isUpdating": "False"}, "1"),
        (SYNC, [{}], {"isUpdating": "maybe"}, "1"),
        (SYNC, ["x"], {"isUpdating": "False"}, "1"),
        (SYNC, [{"MaHoSo": "H99.01-261121-9001"}], {"isUpdating": "False"}, "1"),
        (SYNC, [{"MaHoSo": "H98.01-261121-9001", "MaTTHC": "9.999901", "TrangThaiHoSo": "1"}], {}, "1"),
        (SYNC, [{"MaHoSo": "H99.01-261121-9002", "MaTTHC": "khác", "TrangThaiHoSo": "1"}], {}, "1"),
        (PROGRESS, [{"MaHoSo": "H99.01-261121-9003", "ThoiDiemXuLy": "20261121090000", "TrangThai": "4"}], {}, "3"),
        (LOOK_UP, [{"MaHoSo": "H99.01-261121-9004"}], {}, "3"),
        (LOOK_UP, [{"x": "y"}], {}, "1"),
        ("KhongCo", [], {}, "1"),
    ],
)
async def test_a_bad_call_is_refused_whole_and_recorded(visit, item, database, service, data, members, code):
    """Nothing of a call with anything wrong is taken; the refusal is one entry of the account's client."""
    await visit.log_in()
    mixed = [item, *data] if data and service == SYNC else data
    before = len(visit.evidence.entries)
    answer = await visit.call(service, mixed, **members)
    assert answer["error_code"] == code
    assert len(visit.evidence.entries) == before + 1
    assert visit.last().client == "H99.test"
    assert await _events(database, item["MaHoSo"]) == []


async def test_only_ones_own_dossiers_are_seen(visit, item, database):
    """A dossier that another client reported first is unknown to the account."""
    await visit.log_in()
    await visit.call(SYNC, [item], isUpdating="False")
    assert len(await database.fetch("compat.own_dossiers", [item["MaHoSo"]], "H99.test", ["H99%"])) == 1
    rows = await database.fetch("compat.own_dossiers", [item["MaHoSo"]], "H99.other", ["H99%"])
    assert rows == []


@pytest.mark.parametrize("mistake", [{"password": "sai mat khau dai"}, {"username": "khac"}])
async def test_wrong_names_and_passwords_are_alike(visit, mistake):
    """Both are one refusal, recorded as a stranger's, without the name that was tried."""
    assert await visit.log_in(**mistake) == "1"
    assert (visit.last().outcome, visit.last().client) == ("signature-invalid", None)
    assert "khac" not in repr(visit.last())


async def test_the_right_password_from_the_wrong_place(visit):
    """An account is worth nothing outside its networks, nor is its session."""
    await visit.log_in()
    visit.peer = "192.0.2.1"
    assert (await visit.call(LOOK_UP, [{"MaHoSo": "x"}]))["error_code"] == "-1"
    assert await visit.log_in() == "1"


async def test_guessing_is_slowed_for_the_guesser_alone(visit):
    """After five failures from one address even the right password waits; another address is not held up."""
    for _ in range(5):
        await visit.log_in(password="sai mat khau dai")
    assert await visit.log_in() == "1"
    assert visit.last().outcome == "rate-limited"
    visit.peer = "10.9.9.9"
    assert await visit.log_in() == "0"


@pytest.mark.parametrize("session", ["", "khong co", 7, None])
async def test_without_a_session_nothing(visit, session):
    """A call without a session that is open is told so, and recorded."""
    visit.session = session
    assert (await visit.call(SYNC, []))["error_code"] == "-1"
    assert visit.last().reason == "session"


async def test_sessions_are_stored_as_hashes(visit, database):
    """The database holds no session that could be used."""
    await visit.log_in()
    assert await database.fetchval("compat.session", visit.session.encode()[:32]) is None
    assert (await visit.call(LOOK_UP, [{"MaHoSo": "khac"}]))["error_code"] == "3"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"a":1,"a":2}'])
async def test_what_is_no_call_is_refused(visit, body):
    """A body that is no JSON object gets an answer of the dialect, and an entry."""
    status, answer = await visit.send("service", body)
    assert (status, answer["error_code"], visit.last().outcome) == (200, "1", "request-malformed")


async def test_a_log_that_is_down_closes_the_door(visit, item, database):
    """Where nothing can be recorded nothing is taken: busy, with 503."""
    await visit.log_in()
    visit.evidence.down = True
    body = {"session": visit.session, "madonvi": "H99", "service": SYNC, "isUpdating": "False", "data": [item]}
    status, answer = await visit.send("service", body)
    assert (status, answer["error_code"]) == (503, "99")
    assert await _events(database, item["MaHoSo"]) == []


async def test_a_suspended_client_is_shut_out(visit, kit):
    """Suspending the client ends its account's sessions and log-ins."""
    await visit.log_in()
    documents = {**visit.configured.documents, "clients/H99.test.toml": kit.client_file(suspended=True)}
    visit.configured.apply(documents)
    await visit.live.refresh()
    assert (await visit.call(LOOK_UP, []))["error_code"] == "-1"
    assert await visit.log_in() == "1"


async def test_the_door_is_there_only_where_configured(visit):
    """Without `compat.toml` there is no such path; with it there are two."""
    assert [visit.door.offered({"operation": name}) for name in ("login", "service", "x")] == [True, True, False]
    visit.configured.apply({k: v for k, v in visit.configured.documents.items() if k != "compat.toml"})
    await visit.live.refresh()
    assert not visit.door.offered({"operation": "login"})
    with pytest.raises(Refusal, match="not-found"):
        await visit.log_in()
