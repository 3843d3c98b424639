"""The members of a dossier and of a progress line as the National Portal checks them (DOMAIN 5): all values texts."""

import re
from collections.abc import Mapping
from typing import Any

from mocks.words import words

FIELD_CODE, FIELD_NAME = "LV99", "Lĩnh vực thử nghiệm"

_REQUIRED = words(
    "MaHoSo MaTTHC TenTTHC MaLinhVuc TenLinhVuc LoaiDoiTuong NgayTiepNhan TrangThaiHoSo HinhThuc DonViXuLy "
    "NoiNopHoSo HoSoCoThanhPhanSoHoa TaiKhoanDuocXacThucVoiVNeID DuocThanhToanTrucTuyen NgayNopHoSo"
)
_OPTIONAL = words("KenhThucHien ChuHoSo NgayHenTra NgayTra ThongTinTra NgayKetThucXuLy GhiChu NgayTuChoi")
_LISTS: Mapping[str, frozenset[str] | None] = {
    "DinhDanhCHS": frozenset(words("LoaiDinhDanh SoDinhDanh")),
    "DSKetNoiCSDL": frozenset(words("MaCSDL")),
    "TaiLieuNop": frozenset(
        words(
            "TenTepDinhKem MaThanhPhanHoSo DuongDanTaiTepTin DuocSoHoa DuocTaiSuDung DuocLayTuKhoDMQG MaKetQuaThayThe"
        )
    ),
    "DanhSachLePhi": None,
    "DanhSachHoSoBoSung": None,
    "DanhSachGiayToKetQua": None,
}
"""Members that are lists, and what each of their objects may hold; None: any texts."""
_PROGRESS = words(
    "MaHoSo NguoiXuLy ChucDanh ThoiDiemXuLy PhongBanXuLy NoiDungXuLy TrangThai NgayBatDau NgayKetThucTheoQuyDinh"
)
_PROGRESS_REQUIRED = words("MaHoSo ThoiDiemXuLy TrangThai")

_TIME = re.compile(r"\d{14}")
_STATUS = re.compile(r"[1-9]|10")
_FLAG = re.compile(r"[01]")
_PROCEDURE = re.compile(r"9\.9999(\d{2})(?:\.[0-9A-Z.]+)?")
_SHAPES: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(words("NgayTiepNhan NgayHenTra NgayTra NgayKetThucXuLy NgayTuChoi NgayNopHoSo"), _TIME),
    **dict.fromkeys(words("ThoiDiemXuLy NgayBatDau NgayKetThucTheoQuyDinh"), _TIME),
    **dict.fromkeys(words("TrangThaiHoSo TrangThai"), _STATUS),
    **dict.fromkeys(words("HoSoCoThanhPhanSoHoa TaiKhoanDuocXacThucVoiVNeID DuocThanhToanTrucTuyen DuocSoHoa"), _FLAG),
    "KenhThucHien": re.compile(r"[123]"),
    "MaTTHC": _PROCEDURE,
    "LoaiDinhDanh": re.compile(r"[12]"),
    "SoDinhDanh": re.compile(r"\d{12}|\d{9}"),
    "DuocTaiSuDung": re.compile(r"[012]"),
}
_NAMES = {
    1: "Đăng ký thường trú",
    2: "Cấp thẻ bảo hiểm y tế cho trẻ em dưới 6 tuổi",
    3: "Đăng ký khai sinh",
    4: "Đăng ký khai tử",
    5: "Hỗ trợ chi phí mai táng",
    6: "Đăng ký kết hôn",
    7: "Cấp giấy phép kinh doanh hộ cá thể",
    8: "Xác nhận hoàn thành nghĩa vụ thuế",
    9: "Cấp lại thẻ bảo hiểm y tế",
}


class DataError(Exception):
    """A member that is missing, unknown or not of its shape; the text is for the caller, in Vietnamese."""


def procedure_name(number: int) -> str:
    """Name a procedure of the synthetic range 9.999901 to 9.999999."""
    return _NAMES.get(number, f"Thủ tục thử nghiệm số {number}")


def check_dossier(item: Any) -> str:
    """Return a dossier's code; `DataError` where it cannot be taken."""
    members = _members(item, {*_REQUIRED, *_OPTIONAL, *_LISTS}, _REQUIRED)
    for name, value in members.items():
        if name in _LISTS:
            _check_list(name, value)
        else:
            _check_text(name, value, required=name in _REQUIRED)
    return str(members["MaHoSo"])


def check_progress(item: Any) -> str:
    """Return the code of a progress line's dossier; `DataError` where it cannot be taken."""
    members = _members(item, set(_PROGRESS), _PROGRESS_REQUIRED)
    for name, value in members.items():
        _check_text(name, value, required=name in _PROGRESS_REQUIRED)
    return str(members["MaHoSo"])


def _members(item: Any, known: set[str], required: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise DataError("data là danh sách đối tượng")
    for name in required:
        if name not in item:
            raise DataError(f"Thiếu {name}")
    for name in item:
        if name not in known:
            raise DataError("Có trường không được định nghĩa")
    return item


def _check_list(name: str, value: Any) -> None:
    if not isinstance(value, list):
        raise DataError(f"{name} phải là danh sách")
    allowed = _LISTS[name]
    for row in value:
        if not isinstance(row, dict) or (allowed is not None and not row.keys() <= allowed):
            raise DataError(f"{name} có phần tử sai")
        for member, text in row.items():
            _check_text(member, text, required=False)


def _check_text(name: str, value: Any, *, required: bool) -> None:
    if not isinstance(value, str):
        raise DataError(f"{name} phải là chuỗi")
    if not value and not required:
        return
    shape = _SHAPES.get(name)
    if not value or (shape is not None and not shape.fullmatch(value)):
        raise DataError(f"{name} sai định dạng")
