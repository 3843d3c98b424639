"""Our events and the portal's members, both ways, field by field."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.portal_fields import (
    DossierView,
    KnownDossier,
    PortalDataError,
    PortalProcedure,
    agency_of,
    dated,
    dossier_item,
    event_of_dossier,
    event_of_progress,
    local_time,
    place,
    progress_item,
    status_of,
)
from schemas.dossier_events import parse_event
from schemas.dossiers import DossierEvent, Party

AT = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
CODE = "H99.01-261121-0001"
NAMED = PortalProcedure("Đăng ký thường trú", "LV99", "Lĩnh vực thử nghiệm")


def _event(**members):
    made = {
        "event_id": "e1",
        "dossier": CODE,
        "procedure": "9.999901",
        "agency": "H99.01",
        "status": 2,
        "occurred_at": AT,
    }
    return DossierEvent(**{**made, **members})


def _item(view=None, databases=(), **members):
    return dossier_item(_event(**members), view or DossierView(AT), NAMED, databases)


def test_what_every_dossier_must_have():
    """The fifteen members the portal demands, each a text, times local."""
    assert _item() == {
        "MaHoSo": CODE,
        "MaTTHC": "9.999901",
        "TenTTHC": "Đăng ký thường trú",
        "MaLinhVuc": "LV99",
        "TenLinhVuc": "Lĩnh vực thử nghiệm",
        "KenhThucHien": "1",
        "LoaiDoiTuong": "1",
        "NgayTiepNhan": "20261121083000",
        "TrangThaiHoSo": "2",
        "HinhThuc": "0",
        "DonViXuLy": "H99.01",
        "NoiNopHoSo": "1",
        "HoSoCoThanhPhanSoHoa": "0",
        "TaiKhoanDuocXacThucVoiVNeID": "0",
        "DuocThanhToanTrucTuyen": "0",
        "NgayNopHoSo": "20261121083000",
    }


@pytest.mark.parametrize(
    ("view", "members"),
    [
        ({"received_at": AT + timedelta(hours=1)}, {"NgayTiepNhan": "20261121093000", "NgayNopHoSo": "20261121093000"}),
        ({"due_at": AT + timedelta(days=3)}, {"NgayHenTra": "20261124083000"}),
        ({"channel": "online"}, {"KenhThucHien": "2", "HinhThuc": "0"}),
        ({"channel": "post"}, {"KenhThucHien": "3", "HinhThuc": "1"}),
        ({"fee_due": True}, {"DanhSachLePhi": [{"TenPhiLePhi": "Phí, lệ phí theo quy định"}]}),
        ({"fee_due": False}, {"DanhSachLePhi": []}),
        (
            {"result": {"name": "Sổ", "electronic": True}},
            {"DanhSachGiayToKetQua": [{"TenGiayTo": "Sổ", "DuongDanTepTinKetQua": f"lienthong:{CODE}"}]},
        ),
        (
            {"result": {"electronic": False}},
            {"DanhSachGiayToKetQua": [{"TenGiayTo": "", "DuongDanTepTinKetQua": ""}]},
        ),
        ({"components": ({"code": "TP01", "digitised": True},)}, {"HoSoCoThanhPhanSoHoa": "1"}),
    ],
)
def test_facts_about_the_dossier(view, members):
    """What any event stated of the dossier is in its members, where it was stated."""
    item = _item(DossierView(AT, **view))
    assert {name: item[name] for name in members} == members


@pytest.mark.parametrize(
    ("status", "member"), [(3, "NgayTuChoi"), (9, "NgayKetThucXuLy"), (10, "NgayTra"), (4, None), (7, None)]
)
def test_statuses_with_a_time_of_their_own(status, member):
    """Refused, done and handed over say when; the others do not."""
    item = _item(status=status)
    assert item["TrangThaiHoSo"] == str(status)
    assert [name for name in ("NgayTuChoi", "NgayKetThucXuLy", "NgayTra") if name in item] == [member] * bool(member)


def test_people_and_notes_are_the_events_own():
    """Applicants go with the two kinds of numbers the portal knows; a body's dossier is of kind 2."""
    parties = (
        Party("personal_id", "099191000001", "applicant"),
        Party("old_id_card", "123456789", "applicant"),
        Party("personal_id", "099191000002", "mother"),
        Party("tax_code", "9999999002", "applicant"),
    )
    item = _item(parties=parties, note="Thiếu ảnh")
    assert item["DinhDanhCHS"] == [
        {"LoaiDinhDanh": "1", "SoDinhDanh": "099191000001"},
        {"LoaiDinhDanh": "2", "SoDinhDanh": "123456789"},
    ]
    assert (item["LoaiDoiTuong"], item["GhiChu"]) == ("2", "Thiếu ảnh")
    assert _item(databases=("HT", "DC", "HT"))["DSKetNoiCSDL"] == [{"MaCSDL": "DC"}, {"MaCSDL": "HT"}]


@pytest.mark.parametrize(
    ("component", "paper"),
    [
        ({}, {"DuocSoHoa": "0", "DuocTaiSuDung": "0", "DuocLayTuKhoDMQG": "0", "TenTepDinhKem": "TP01"}),
        ({"name": "Giấy khai sinh", "digitised": True}, {"DuocSoHoa": "1", "TenTepDinhKem": "Giấy khai sinh"}),
        ({"obtained": "earlier_dossier", "reused": True}, {"DuocTaiSuDung": "1"}),
        ({"obtained": "registry", "reused": True}, {"DuocTaiSuDung": "2"}),
        ({"obtained": "store"}, {"DuocLayTuKhoDMQG": "1"}),
        ({"lookup_id": "0199"}, {"MaKetQuaThayThe": "0199"}),
    ],
)
def test_components_are_papers(component, paper):
    """Each flag of a component has its place in the paper's members."""
    (made,) = _item(DossierView(AT, components=({"code": "TP01", **component},)))["TaiLieuNop"]
    assert {name: made[name] for name in paper} == paper
    assert (made["MaThanhPhanHoSo"], made["DuongDanTaiTepTin"]) == ("TP01", "")


def test_a_progress_line():
    """Who did what, when, until when; without an officer the agency, without a note the status' name."""
    line = progress_item(
        _event(officer={"name": "Trần Văn Cán", "unit": "H99.01.1"}, note="Chuyển", status=4), AT + timedelta(days=1)
    )
    assert line == {
        "MaHoSo": CODE,
        "NguoiXuLy": "Trần Văn Cán",
        "ChucDanh": "",
        "ThoiDiemXuLy": "20261121083000",
        "PhongBanXuLy": "H99.01.1",
        "NoiDungXuLy": "Chuyển",
        "TrangThai": "4",
        "NgayBatDau": "20261121083000",
        "NgayKetThucTheoQuyDinh": "20261122083000",
    }
    bare = progress_item(_event(status=5))
    assert (bare["NguoiXuLy"], bare["PhongBanXuLy"], bare["NoiDungXuLy"]) == ("", "H99.01", "Yêu cầu bổ sung giấy tờ")


def test_there_and_back():
    """What we write, we read as the same event: nothing that both sides can say is lost."""
    event = _event(parties=(Party("personal_id", "099191000001", "applicant"),), note="Ghi chú")
    components = (
        {"code": "TP01", "name": "A", "obtained": "earlier_dossier", "digitised": True, "reused": True},
        {"code": "TP02", "name": "B", "obtained": "store", "digitised": False, "reused": False},
    )
    view = DossierView(AT, AT, AT + timedelta(days=3), "online", True, {"name": "Sổ", "electronic": True}, components)
    read = parse_event(event_of_dossier(dossier_item(event, view, NAMED), "H98", "e1", AT), AT)
    assert (read.dossier, read.procedure, read.agency, read.status) == (CODE, "9.999901", "H99.01", 2)
    assert (read.parties, read.note, read.components) == (event.parties, "Ghi chú", components)
    assert read.stated == {
        "received_at": "2026-11-21T01:30:00Z",
        "due_at": "2026-11-24T01:30:00Z",
        "channel": "online",
        "fee_due": True,
        "result": {"name": "Sổ", "electronic": True},
    }
    known = KnownDossier("9.999901", "H99.01", 2, AT)
    line = parse_event(event_of_progress(progress_item(_event(officer={"name": "Cán"}), AT), known, "e2"), AT)
    assert (line.occurred_at, line.officer, line.note) == (AT, {"name": "Cán"}, "Được tiếp nhận")


def test_lenient_where_the_wild_is():
    """Numbers for texts, null and empty members, bare days, a copied procedure code, several files of one paper."""
    item = {
        "MaHoSo": CODE,
        "MaTTHC": "9.999901.000.00.00.H99",
        "TrangThaiHoSo": 4,
        "KenhThucHien": None,
        "NgayTiepNhan": "20261121",
        "NgayHenTra": "",
        "GhiChu": None,
        "DonViXuLy": "Công an phường",
        "TaiLieuNop": [
            {"MaThanhPhanHoSo": "TP01", "DuocSoHoa": 0},
            {"MaThanhPhanHoSo": "TP01", "DuocSoHoa": 1, "DuocTaiSuDung": "2"},
            {"TenTepDinhKem": "ảnh.jpg"},
        ],
    }
    read = event_of_dossier(item, "H99.07", "e", AT)
    assert (read["status"], read["channel"], read["agency"]) == (4, "counter", "H99.01")
    assert read["received_at"] == "2026-11-21T00:00:00+07:00"
    assert "due_at" not in read
    assert "parties" not in read
    assert [(part["code"], part["digitised"], part["reused"]) for part in read["components"]] == [
        ("TP01", True, True),
        ("TL03", False, False),
    ]


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"MaHoSo": ""}, "MaHoSo"),
        ({"MaHoSo": "a\nb"}, "MaHoSo"),
        ({"MaTTHC": None}, "MaTTHC"),
        ({"TrangThaiHoSo": "11"}, "TrangThaiHoSo"),
        ({"TrangThaiHoSo": "²"}, "TrangThaiHoSo"),
        ({"TrangThaiHoSo": True}, "TrangThaiHoSo"),
        ({"NgayTiepNhan": "21/11/2026"}, "NgayTiepNhan"),
        ({"NgayHenTra": "20261131000000"}, "NgayHenTra"),
        ({"KenhThucHien": "4"}, "KenhThucHien"),
        ({"DinhDanhCHS": [{"LoaiDinhDanh": "3", "SoDinhDanh": "1"}]}, "LoaiDinhDanh"),
        ({"DinhDanhCHS": ["x"]}, "DinhDanhCHS"),
        ({"TaiLieuNop": "x"}, "TaiLieuNop"),
        ({"TaiLieuNop": [{"DuocTaiSuDung": "9"}]}, "DuocTaiSuDung"),
        ({"GhiChu": ["x"]}, "GhiChu"),
    ],
)
def test_what_cannot_be_read_is_named(members, named):
    """A member of no use refuses the message by its name, without what was sent."""
    item = {"MaHoSo": CODE, "MaTTHC": "9.999901", "TrangThaiHoSo": "2", **members}
    with pytest.raises(PortalDataError) as caught:
        event_of_dossier(item, "H99", "e", AT)
    assert caught.value.member == named
    assert str(caught.value) == f"{named} không đúng định dạng"


def test_a_progress_line_needs_its_time():
    """A line without a moment says nothing."""
    with pytest.raises(PortalDataError, match="ThoiDiemXuLy"):
        event_of_progress({"MaHoSo": CODE, "TrangThai": "4"}, KnownDossier("9.999901", "H99.01", 2, AT), "e")


@pytest.mark.parametrize(
    ("item", "unit", "agency"),
    [
        ({"MaHoSo": CODE, "DonViXuLy": "000.00.14.H99"}, "H99", "H99.14"),
        ({"MaHoSo": CODE}, "H99", "H99.01"),
        ({"MaHoSo": "HS-1"}, "H99.03", "H99.03"),
    ],
)
def test_whose_dossier_it_is(item, unit, agency):
    """The processing unit's code, else the one in the dossier's code, else the caller's unit."""
    assert agency_of(item, unit) == agency


def test_nobodys_dossier():
    """Without any code of an agency a message is refused."""
    with pytest.raises(PortalDataError, match="DonViXuLy"):
        agency_of({"MaHoSo": "HS-1"}, "phường")


def test_times_of_statuses():
    """Five statuses have a member that dates them; it is read as local time."""
    item = {"NgayNopHoSo": "20261121080000", "NgayTiepNhan": "20261121083000", "NgayTuChoi": "", "NgayTra": None}
    assert [local_time(dated(item, status)) for status in (1, 2)] == ["20261121080000", "20261121083000"]
    assert [dated(item, status) for status in (3, 4, 9, 10)] == [None] * 4
    assert status_of({"s": "10"}, "s") == 10


MINUTE, TICK = timedelta(minutes=1), timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("status", "at", "known", "placed"),
    [
        (4, None, None, AT),  # first word, undated: now
        (2, AT - MINUTE, None, AT - MINUTE),
        (2, AT + 9 * MINUTE, None, AT),  # never ahead of now
        (9, AT - 5 * MINUTE, (4, AT - MINUTE), AT - MINUTE + TICK),  # further on: newer, whatever its date
        (9, None, (4, AT - MINUTE), AT),
        (4, None, (4, AT - MINUTE), AT),  # told anew with other content
        (2, AT - 9 * MINUTE, (4, AT - MINUTE), AT - 9 * MINUTE),  # back, with its own time
        (4, None, (5, AT - MINUTE), AT),  # back to work after a supplement: usual
        (4, None, (9, AT - MINUTE), AT - MINUTE - TICK),  # back from done: a message that comes late
        (4, None, (10, AT - MINUTE), AT - MINUTE - TICK),
    ],
)
def test_the_place_of_a_status(status, at, known, placed):
    """A status without a time of its own is placed by where the dossier stands."""
    standing = KnownDossier("9.999901", "H99.01", *known) if known else None
    assert place(status, at, standing, AT) == placed
