"""A look-up told in a citizen's words: Vietnamese, without codes where a name is known.

Pure. A word that is not in the tables is shown as it stands: a field of a registry added by configuration, for one.
"""

from collections.abc import Mapping

NEUTRAL = "Tra cứu để giải quyết hồ sơ của người khác có liên quan. Nội dung sẽ hiển thị ở đây khi hồ sơ đó kết thúc."
"""Shown in place of purpose, dossier and unit while somebody else's matter is open."""

LEGAL_BASES: Mapping[str, str] = {
    "law": "Theo quy định của pháp luật",
    "consent": "Theo sự đồng ý của công dân",
    "vital_interest": "Khẩn cấp, bảo vệ tính mạng, sức khỏe",
}
OUTCOMES: Mapping[str, str] = {
    "found": "Đã cung cấp thông tin",
    "no_match": "Không có thông tin nào được cung cấp",
    "match": "Đã xác nhận: khớp",
    "review": "Đã đối chiếu: cần xem lại",
    "mismatch": "Đã đối chiếu: không khớp",
    "registry-unavailable": "Cơ sở dữ liệu không trả lời; không có thông tin nào được cung cấp",
    "registry-timeout": "Cơ sở dữ liệu không trả lời kịp; không có thông tin nào được cung cấp",
    "registry-fault": "Cơ sở dữ liệu gặp lỗi; không có thông tin nào được cung cấp",
    "registry-invalid": "Câu trả lời bị loại vì không hợp lệ; không có thông tin nào được cung cấp",
}
REGISTRIES: Mapping[str, str] = {
    "population": "Cơ sở dữ liệu quốc gia về dân cư",
    "insurance": "Bảo hiểm xã hội, bảo hiểm y tế",
    "civil-status": "Hộ tịch",
    "tax": "Thuế",
}
FIELDS: Mapping[str, str] = {
    "personal_id": "Số định danh cá nhân",
    "old_id_card": "Số chứng minh nhân dân",
    "full_name": "Họ và tên",
    "birth_date": "Ngày sinh",
    "sex": "Giới tính",
    "ethnicity": "Dân tộc",
    "nationality": "Quốc tịch",
    "marital_status": "Tình trạng hôn nhân",
    "birth_place": "Nơi sinh",
    "home_town": "Quê quán",
    "permanent_address": "Nơi thường trú",
    "current_address": "Nơi ở hiện tại",
    "father": "Cha",
    "mother": "Mẹ",
    "spouse": "Vợ hoặc chồng",
    "household_head": "Chủ hộ",
    "household_number": "Số hộ",
    "religion": "Tôn giáo",
    "blood_type": "Nhóm máu",
    "card_number": "Số thẻ bảo hiểm y tế",
    "insurance_code": "Mã số bảo hiểm xã hội",
    "address": "Địa chỉ",
    "status": "Tình trạng",
    "valid_from": "Có giá trị từ",
    "valid_to": "Có giá trị đến",
    "first_care_place": "Mã nơi khám bệnh ban đầu",
    "first_care_place_name": "Nơi khám bệnh ban đầu",
    "five_years_on": "Ngày đủ năm năm liên tục",
    "area_code": "Mã khu vực",
    "replaced_by": "Thẻ thay thế",
    "treatment_history": "Lịch sử khám chữa bệnh",
    "household_code": "Mã hộ gia đình",
    "registration_number": "Số đăng ký",
    "registered_on": "Ngày đăng ký",
    "registered_at": "Nơi đăng ký",
    "husband": "Chồng",
    "wife": "Vợ",
    "died_on": "Ngày mất",
    "died_at": "Nơi mất",
    "cause": "Nguyên nhân",
    "tax_code": "Mã số thuế",
    "name": "Tên",
    "kind": "Loại",
    "tax_office": "Cơ quan thuế quản lý",
    "issued_on": "Ngày cấp",
    "obligations": "Nghĩa vụ thuế",
    "total_amount": "Tổng số tiền",
}


def field_names(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of fields as a citizen reads them."""
    return tuple(FIELDS.get(field, field) for field in fields)


def purpose(procedure: str | None, names: Mapping[str, str]) -> str:
    """Return a procedure's name, or its code where no name is known."""
    if procedure is None:
        return "Không nêu mục đích"
    return names.get(procedure, f"Thủ tục {procedure}")
