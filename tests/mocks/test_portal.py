"""Dialogues with the National Portal's stand-in: sessions, calls taken whole or not at all, misbehaviour, memory."""

import json
import os
import signal
import urllib.error
import urllib.request

import pytest

from mocks.behaviour import Mode
from mocks.credentials import portal_secrets
from mocks.portal import LOGIN, SERVICE, Portal
from mocks.portal_fields import FIELD_CODE, FIELD_NAME
from mocks.server import Message

NOW = 1_795_400_000.0
DOSSIER = {
    "MaHoSo": "H99.01-261121-0001",
    "MaTTHC": "9.999901",
    "TenTTHC": "Đăng ký thường trú",
    "MaLinhVuc": FIELD_CODE,
    "TenLinhVuc": FIELD_NAME,
    "LoaiDoiTuong": "1",
    "NgayTiepNhan": "20261121083000",
    "TrangThaiHoSo": "1",
    "HinhThuc": "0",
    "DonViXuLy": "H99.01",
    "NoiNopHoSo": "1",
    "HoSoCoThanhPhanSoHoa": "0",
    "TaiKhoanDuocXacThucVoiVNeID": "0",
    "DuocThanhToanTrucTuyen": "0",
    "NgayNopHoSo": "20261121080000",
}
LINE = {"MaHoSo": DOSSIER["MaHoSo"], "ThoiDiemXuLy": "20261121083000", "TrangThai": "1", "NguoiXuLy": "Cán"}


class Talk:
    """One caller's dialogue with a portal."""

    def __init__(self, portal, known, mode=None):
        self.portal, self.known, self.mode, self.session = portal, known, mode, ""

    def send(self, path, body, now=NOW):
        """Send any body; the handled message comes back."""
        return self.portal.handle(Message(path, "", {}, json.dumps(body).encode(), now), lambda _: self.mode)

    def log_in(self, now=NOW, **other):
        """Log in; the answer comes back."""
        answer = json.loads(
            self.send(
                LOGIN, {"username": self.known.username, "password": self.known.password, **other}, now
            ).reply.body
        )
        self.session = answer.get("session", "")
        return answer

    def call(self, service, data=None, now=NOW, **members):
        """Call a service; the answer comes back."""
        body = {"session": self.session, "madonvi": "H99", "service": service, "data": data, **members}
        return json.loads(self.send(SERVICE, body, now).reply.body)

    def held(self):
        """Everything it holds."""
        return json.loads(self.portal.state())["dossiers"]


@pytest.fixture
def talk(secrets_folder):
    """Begin a dialogue, logged in."""
    known = portal_secrets(secrets_folder)
    begun = Talk(Portal(known), known)
    begun.log_in()
    return begun


def _make(talk, **members):
    return talk.call("DongBoHoSoMC", [{**DOSSIER, **members}], isUpdating="False")


def test_sessions(talk):
    """A right log-in gives a session with code 0, a wrong one does not; a session ends after half an hour."""
    assert talk.log_in()["error_code"] == 0
    assert talk.call("LayDanhMuc")["data"] == [{"Ma": FIELD_CODE, "Ten": FIELD_NAME}]
    assert talk.call("LayDanhMuc", now=NOW + 1801)["error_code"] == "-1"
    assert "session" not in talk.log_in(password="x")
    assert talk.send("/khac", {}) is None


def test_a_life(talk):
    """Made, changed, with progress, looked up: the portal tells what it was told."""
    assert _make(talk)["error_code"] == "0"
    assert talk.call("CapNhatTienDoHoSoMC", [LINE])["error_code"] == "00"
    changed = {**DOSSIER, "TrangThaiHoSo": "2"}
    assert talk.call("DongBoHoSoMC", [changed], isUpdating="True")["error_code"] == "0"
    (found,) = talk.call("TraCuuHoSo", [{"MaHoSo": DOSSIER["MaHoSo"]}, {"MaHoSo": "khác"}])["data"]
    assert found == {**changed, "QuaTrinhXuLy": [LINE]}
    history = talk.held()[DOSSIER["MaHoSo"]]["history"]
    assert [(note["service"], note["effect"]) for note in history] == [
        ("DongBoHoSoMC", True),
        ("CapNhatTienDoHoSoMC", True),
        ("DongBoHoSoMC", True),
    ]


def test_told_twice_has_no_effect_twice(talk):
    """The same change and the same line again are taken, and change nothing."""
    _make(talk)
    for _ in range(2):
        talk.call("DongBoHoSoMC", [DOSSIER], isUpdating="True")
        talk.call("CapNhatTienDoHoSoMC", [LINE])
    effects = [note["effect"] for note in talk.held()[DOSSIER["MaHoSo"]]["history"]]
    assert effects == [True, False, True, False, False]


def test_what_is_there_and_what_is_not(talk):
    """Making what exists and changing what does not are refused with their codes."""
    assert talk.call("DongBoHoSoMC", [DOSSIER], isUpdating="True")["error_code"] == "3"
    assert talk.call("CapNhatTienDoHoSoMC", [LINE])["error_code"] == "3"
    _make(talk)
    answer = _make(talk)
    assert (answer["error_code"], answer["message"]) == ("2", "Hồ sơ đã tồn tại")


@pytest.mark.parametrize(
    ("service", "data", "members"),
    [
        ("DongBoHoSoMC", [DOSSIER], {}),
        ("DongBoHoSoMC", [], {"isUpdating": "False"}),
        ("DongBoHoSoMC", ["x"], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{**DOSSIER, "TrangThaiHoSo": 1}], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{**DOSSIER, "TrangThaiHoSo": "11"}], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{**DOSSIER, "NgayTiepNhan": "2026-11-21"}], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{**DOSSIER, "TenTTHC": ""}], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{**DOSSIER, "Khac": "1"}], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{**DOSSIER, "MaTTHC": "1.000001"}], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{**DOSSIER, "TaiLieuNop": "x"}], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{**DOSSIER, "TaiLieuNop": [{"DuocSoHoa": "2"}]}], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{**DOSSIER, "DinhDanhCHS": [{"Khac": "1"}]}], {"isUpdating": "False"}),
        ("DongBoHoSoMC", [{k: v for k, v in DOSSIER.items() if k != "MaHoSo"}], {"isUpdating": "False"}),
        ("CapNhatTienDoHoSoMC", [{"MaHoSo": "A", "TrangThai": "1"}], {}),
        ("TraCuuHoSo", [{"x": "y"}], {}),
        ("KhongCo", [], {}),
        ("LayThuTuc", [], {"madonvi": ""}),
    ],
)
def test_bad_data_is_refused_whole(talk, service, data, members):
    """A call with anything wrong is refused with code 1, and nothing of it is held."""
    good = {**DOSSIER, "MaHoSo": "H99.01-261121-0002"}
    mixed = [good, *data] if data and service == "DongBoHoSoMC" else data
    assert talk.call(service, mixed, **members)["error_code"] == "1"
    assert talk.held() == {}


def test_its_catalogue(talk):
    """Ninety-nine synthetic procedures, each with name and field."""
    rows = talk.call("LayThuTuc")["data"]
    assert len(rows) == 99
    assert rows[0] == {
        "MaTTHC": "9.999901",
        "TenTTHC": "Đăng ký thường trú",
        "MaLinhVuc": FIELD_CODE,
        "TenLinhVuc": FIELD_NAME,
    }


@pytest.mark.parametrize(
    ("mode", "code", "done", "transport"),
    [
        ("fault", "99", False, "fault"),
        ("already_exists", "2", False, "already_exists"),
        ("lost_request", "99", False, "drop"),
        ("lost_answer", "0", True, "drop"),
        ("duplicate", "2", True, "duplicate"),
        ("session_expired", "-1", False, None),
        ("http_500", "99", False, "http_500"),
        ("slow", "0", True, "slow"),
        ("hang", "0", True, "hang"),
    ],
)
def test_misbehaviour(talk, mode, code, done, transport):
    """Each mode says whether the work is done, what the answer would be, and how it is sent."""
    talk.mode = Mode(mode)
    body = {
        "session": talk.session,
        "madonvi": "H99",
        "service": "DongBoHoSoMC",
        "isUpdating": "False",
        "data": [DOSSIER],
    }
    handled = talk.send(SERVICE, body)
    assert json.loads(handled.reply.body)["error_code"] == code
    assert (DOSSIER["MaHoSo"] in talk.held()) is done
    assert (handled.mode.name if handled.mode else None) == transport
    assert handled.entry.subject == DOSSIER["MaHoSo"]


def test_an_ended_session_is_forgotten(talk):
    """After `session_expired` everybody must log in again."""
    talk.mode = Mode("session_expired")
    talk.call("LayThuTuc")
    talk.mode = None
    assert talk.call("LayThuTuc")["error_code"] == "-1"
    talk.log_in()
    assert talk.call("LayThuTuc")["error_code"] == "0"


def test_a_line_cut_short_was_never_acknowledged(secrets_folder, tmp_path):
    """What a kill left half written is dropped, and what follows is whole."""
    known, file = portal_secrets(secrets_folder), tmp_path / "held"
    first = Talk(Portal(known, file), known)
    first.log_in()
    _make(first)
    with file.open("ab") as half:
        half.write(b'{"service":"DongBoHoSoMC","isUpd')
    second = Talk(Portal(known, file), known)
    second.log_in()
    assert second.held() == first.held()
    second.call("CapNhatTienDoHoSoMC", [LINE])
    assert Talk(Portal(known, file), known).held()[DOSSIER["MaHoSo"]]["progress"] == [LINE]


def _post(url, body):
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=10) as answer:
        return json.loads(answer.read())


def test_a_kill_loses_nothing_acknowledged(start, secrets_folder, tmp_path):
    """A kill -9 after an answer, and a new process tells the same state."""
    known = portal_secrets(secrets_folder)
    journal = ("--journal", str(tmp_path / "journal"))
    url, process = start("portal", *journal)
    session = _post(url + LOGIN, {"username": known.username, "password": known.password})["session"]
    call = {"session": session, "madonvi": "H99", "service": "DongBoHoSoMC", "isUpdating": "False", "data": [DOSSIER]}
    assert _post(url + SERVICE, call)["error_code"] == "0"
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    again, _ = start("portal", *journal)
    with urllib.request.urlopen(again + "/_state", timeout=10) as answer:
        assert json.loads(answer.read())["dossiers"][DOSSIER["MaHoSo"]]["members"] == DOSSIER


def test_only_the_portal_has_a_state(start):
    """Registries that are asked only have nothing to show."""
    url, _ = start("civil_status")
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(url + "/_state", timeout=10)
