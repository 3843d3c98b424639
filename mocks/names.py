"""Names from our own frequency lists, in the registries' spelling: upper case, NFC, full diacritics (DOMAIN 8).

A child bears its father's family name; where the father is before the first year, the lineage's
name is drawn (Nguyễn about 38 in 100).
"""

from functools import lru_cache

from mocks.families import FEMALE, parents
from mocks.numbers import Key, draw, index
from mocks.special import GIVEN_NAMES
from mocks.words import words

_FAMILY = (
    ("NGUYỄN", 384), ("TRẦN", 118), ("LÊ", 95), ("PHẠM", 70), ("HOÀNG", 32), ("HUỲNH", 20), ("PHAN", 45),
    ("VŨ", 28), ("VÕ", 22), ("ĐẶNG", 21), ("BÙI", 20), ("ĐỖ", 16), ("HỒ", 13), ("NGÔ", 13), ("DƯƠNG", 11),
    ("LÝ", 7), ("ĐINH", 8), ("TRƯƠNG", 9), ("MAI", 6), ("CAO", 6), ("TÔ", 4), ("HÀ", 6), ("LƯU", 4),
    ("CHÂU", 4), ("TẠ", 4), ("QUÁCH", 3), ("LÒ", 6), ("VI", 4), ("NÔNG", 5), ("GIÀNG", 4), ("THÁI", 4),
    ("KIỀU", 3), ("ÂU", 2), ("NGHIÊM", 3),
)  # fmt: skip
_MIDDLE = (
    words("VĂN VĂN VĂN VĂN HỮU ĐỨC MINH QUANG CÔNG QUỐC ĐÌNH XUÂN NGỌC THÀNH TRỌNG GIA HẢI BÁ"),
    words("THỊ THỊ THỊ THỊ THỊ NGỌC THU THANH KIM MINH BÍCH HỒNG PHƯƠNG MỸ DIỆU QUỲNH KHÁNH BẢO"),
)
_GIVEN = (
    words(
        "ANH HÙNG DŨNG TUẤN NAM LONG HẢI SƠN THẮNG HOÀNG KHÁNH PHÚC ĐẠT KIÊN TRUNG HƯNG CƯỜNG BÌNH THỊNH TOÀN "
        "VIỆT TÀI LỘC QUÂN PHONG KHOA NHÂN TÍN HIẾU THỦY HÒA"
    ),
    words(
        "LAN HƯƠNG HOA MAI LINH TRANG HÀ THẢO NGÂN THÚY HẰNG NHUNG YẾN VÂN DUNG NGA LOAN TUYẾT HIỀN OANH THƯ "
        "MY MỸ CHI TRÂM UYÊN NHI QUYÊN DIỄM THÙY HÒA"
    ),
)
_LINEAGES = tuple(name for name, weight in _FAMILY for _ in range(weight))


@lru_cache(maxsize=8192)
def lineage(key: Key) -> int:
    """Return the index of the oldest known man of the father's line."""
    couple = parents(key)
    return lineage(couple[0]) if couple is not None else index(key)


def family_name(key: Key) -> str:
    """Return the father's family name, and so on back to the lineage's."""
    return _LINEAGES[draw(lineage(key), 7) % len(_LINEAGES)]


@lru_cache(maxsize=8192)
def full_name(key: Key) -> str:
    """Return the whole name in upper case."""
    named = GIVEN_NAMES.get(key)
    if named is not None:
        return f"{family_name(key)} {named}"
    chance = draw(index(key), 6)
    middles, givens = _MIDDLE[key.sex], _GIVEN[key.sex]
    second = f" {middles[(chance >> 40) % len(middles)]}" if key.sex != FEMALE and chance % 8 == 0 else ""
    middle = middles[(chance >> 8) % len(middles)]
    return f"{family_name(key)} {middle}{second} {givens[(chance >> 20) % len(givens)]}"
