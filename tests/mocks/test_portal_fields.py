"""The members of dossiers and progress lines, as the portal's stand-in checks them."""

import pytest

from mocks.portal_fields import DataError, check_progress, procedure_name


def test_procedures_have_names():
    """Known numbers have real names, the rest of the synthetic range a made one."""
    assert procedure_name(3) == "Đăng ký khai sinh"
    assert procedure_name(77) == "Thủ tục thử nghiệm số 77"


def test_a_line_may_leave_members_empty():
    """Only dossier, moment and status are needed; empty texts stand for nothing."""
    line = {"MaHoSo": "A", "ThoiDiemXuLy": "20261121083000", "TrangThai": "4", "NguoiXuLy": "", "NgayBatDau": ""}
    assert check_progress(line) == "A"


@pytest.mark.parametrize("members", [{"TrangThai": "0"}, {"NguoiXuLy": None}, {"ThoiDiemXuLy": "20261121"}, {"x": "y"}])
def test_a_wrong_line_is_refused(members):
    """A bad status, a missing text, a bare day and an unknown member are refused."""
    with pytest.raises(DataError):
        check_progress({"MaHoSo": "A", "ThoiDiemXuLy": "20261121083000", "TrangThai": "4", **members})
