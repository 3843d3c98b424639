"""The drop-in door of a running installation: the portal's own dialect, unchanged, all the way to the portal."""

import json
import time
import tomllib
import urllib.error
import urllib.request
from itertools import count

import pytest

pytestmark = pytest.mark.usefixtures("healthy")
_numbers = count(int(time.time()) % 10_000 * 100)


def post(stack, operation, body):
    """Post to the door; status, answer and request id come back."""
    request = urllib.request.Request(
        f"{stack.url}/compat/dvcqg/{operation}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read()), answer.headers["X-Request-Id"]


@pytest.fixture(scope="module")
def account(stack):
    """Read the account that the sandbox left."""
    return tomllib.loads((stack.directory / "clients/H99.igate/compat.toml").read_text())


@pytest.fixture(scope="module")
def session(stack, account):
    """Log in."""
    answer, _ = post(stack, "login", account)
    assert answer["error_code"] == "0"
    return answer["session"]


def payload():
    """Return a dossier as provincial software sends it today, every member it may have filled in."""
    return {
        "MaHoSo": f"H99.01-261121-{next(_numbers):07d}",
        "MaTTHC": "9.999901.000.00.00.H99",
        "TenTTHC": "Đăng ký thường trú",
        "MaLinhVuc": "LV99",
        "TenLinhVuc": "Lĩnh vực thử nghiệm",
        "KenhThucHien": "2",
        "ChuHoSo": "NGUYỄN THỊ THỬ",
        "LoaiDoiTuong": "1",
        "NgayTiepNhan": "20261121083000",
        "NgayHenTra": "20261125170000",
        "TrangThaiHoSo": "2",
        "HinhThuc": "0",
        "DonViXuLy": "Công an phường",
        "GhiChu": "",
        "NoiNopHoSo": "1",
        "HoSoCoThanhPhanSoHoa": "1",
        "TaiKhoanDuocXacThucVoiVNeID": "1",
        "DuocThanhToanTrucTuyen": "0",
        "NgayNopHoSo": "20261121080000",
        "DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "099191000001"}],
        "DSKetNoiCSDL": [{"MaCSDL": "CSDLDC"}],
        "TaiLieuNop": [
            {
                "TenTepDinhKem": "khaisinh.pdf",
                "MaThanhPhanHoSo": "TP01",
                "DuongDanTaiTepTin": "https://mot-cua.test/1",
                "DuocSoHoa": "1",
                "DuocTaiSuDung": "1",
                "DuocLayTuKhoDMQG": "0",
                "MaKetQuaThayThe": "",
            }
        ],
        "DanhSachLePhi": [],
        "DanhSachHoSoBoSung": [],
        "DanhSachGiayToKetQua": [],
    }


def held(stack, code):
    """Return what the portal holds of a dossier."""
    with urllib.request.urlopen(stack.mocks["portal"] + "/_state", timeout=10) as answer:
        return json.loads(answer.read())["dossiers"].get(code)


def test_a_payload_goes_through_unchanged(stack, session):
    """A dossier and its progress, each told twice, reach the portal as they were sent, once."""
    item = payload()
    line = {
        "MaHoSo": item["MaHoSo"],
        "NguoiXuLy": "Trần Văn Cán",
        "ChucDanh": "Chuyên viên",
        "ThoiDiemXuLy": "20261121093000",
        "PhongBanXuLy": "Một cửa",
        "NoiDungXuLy": "Chuyển xử lý",
        "TrangThai": "4",
        "NgayBatDau": "20261121093000",
        "NgayKetThucTheoQuyDinh": "20261125170000",
    }
    call = {"session": session, "madonvi": "H99.01", "service": "DongBoHoSoMC", "isUpdating": "False", "data": [item]}
    told = {"session": session, "madonvi": "H99.01", "service": "CapNhatTienDoHoSoMC", "data": [line]}
    for body in (call, call, told, told):
        answer, request_id = post(stack, "service", body)
        assert answer == {"error_code": "0", "message": "Thành công"}
        sql = "SELECT kind, client, service FROM lienthong.entry WHERE request_id = $1"
        assert [tuple(row) for row in stack.query(sql, request_id)] == [
            ("status", "H99.igate", f"dvcqg/{body['service']}")
        ]
    assert stack.settle(lambda: (held(stack, item["MaHoSo"]) or {}).get("progress") == [line])
    assert held(stack, item["MaHoSo"])["members"] == item
    assert [note["effect"] for note in held(stack, item["MaHoSo"])["history"]] == [True, True]


def test_both_interfaces_see_one_dossier(stack, session):
    """What the door took is a dossier like any other to the signed interface; to the door only its status is told."""
    item = payload()
    call = {"session": session, "madonvi": "H99.01", "service": "DongBoHoSoMC", "isUpdating": "False", "data": [item]}
    post(stack, "service", call)
    shown = stack.ask(method="GET", target=f"/v1/dossiers/{item['MaHoSo']}").value
    assert (shown["status"], shown["agency"], shown["channel"]) == (2, "H99.01", "online")
    assert [(part["code"], part["reused"]) for part in shown["components"]] == [("TP01", True)]
    asked = {"session": session, "madonvi": "H99.01", "service": "TraCuuHoSo", "data": [{"MaHoSo": item["MaHoSo"]}]}
    answer, _ = post(stack, "service", asked)
    assert set(answer["data"][0]) == {"MaHoSo", "MaTTHC", "TrangThaiHoSo", "NgayTiepNhan", "NgayHenTra"}


def test_strangers_stay_outside(stack, account):
    """A wrong password and a made-up session are refused in the dialect, and recorded."""
    for operation, body, code in (
        ("login", {**account, "password": "khong phai mat khau"}, "1"),
        ("service", {"session": "x", "madonvi": "H99", "service": "TraCuuHoSo", "data": []}, "-1"),
    ):
        answer, request_id = post(stack, operation, body)
        assert answer["error_code"] == code
        sql = "SELECT kind, client FROM lienthong.entry WHERE request_id = $1"
        assert [tuple(row) for row in stack.query(sql, request_id)] == [("refused", None)]


def test_other_doors_do_not_exist(stack):
    """Only the two operations are there."""
    with pytest.raises(urllib.error.HTTPError, match="404"):
        post(stack, "admin", {})


def test_deliveries_can_be_listed_shown_and_replayed(stack, session):
    """The operator sees what waits, how far a dossier is, and may have it sent once more without effect."""
    item = payload()
    call = {"session": session, "madonvi": "H99.01", "service": "DongBoHoSoMC", "isUpdating": "False", "data": [item]}
    post(stack, "service", call)
    assert stack.settle(lambda: held(stack, item["MaHoSo"]) is not None)

    def shown():
        return json.loads(stack.lienthong("deliveries", "show", item["MaHoSo"], "--json").stdout)

    assert stack.settle(lambda: shown()["pending"] == 0)
    (event,) = shown()["events"]
    assert event["how"] == "sent"
    replayed = stack.lienthong("deliveries", "replay", item["MaHoSo"], "--from", str(event["sequence"]))
    assert replayed.stdout.strip() == "1 events will be delivered"
    assert stack.settle(lambda: shown()["events"][0]["how"] == "held")
    assert [note["effect"] for note in held(stack, item["MaHoSo"])["history"]] == [True]
    assert json.loads(stack.lienthong("deliveries", "list", "--json").stdout)["parked"] == 0
    missing = stack.lienthong("deliveries", "show", "H99.01-261121-9999999")
    assert missing.returncode == 1
    assert missing.stderr.startswith("lienthong: nothing of this dossier")
