"""The civil status registry: JSON over POST, a standing Bearer token, one call for three modules (DOMAIN 4).

KS births, KT deaths, KH marriages. What is not on record is `status` 0 with `errorCode` 201.
"""

import hmac
from datetime import date
from typing import Any

import orjson

from mocks.behaviour import HELD_BACK, Reply
from mocks.clock import iso_local
from mocks.families import parents
from mocks.journal import Entry
from mocks.matching import other_person
from mocks.names import full_name
from mocks.numbers import Key, key_of, personal_id
from mocks.people import COUNTRY, birth, birth_place, ethnicity, home_town, permanent_address
from mocks.registers import Registration, birth_record, death_record, marriage_record
from mocks.server import Handled, Message, Take
from mocks.special import EXAMPLE
from mocks.words import words

PATH = "/hotich/traHoSo"
MODULES = ("KS", "KT", "KH")

_JSON = "application/json; charset=utf-8"
_NOT_FOUND, _REFUSED, _INCOMPLETE, _FAULT = "201", "100", "200", "500"
_BROKEN_MEMBER = {"KS": ("nksHoTen", "nksNgaySinh"), "KT": ("nktHoTen", "nktNgayChet"), "KH": ("voHoTen", "ngayDangKy")}
_IDENTITY_CARD = "4"
_PARENT_MEMBERS = words("HoTen NgaySinh DanToc QuocTich NoiCuTru LoaiGiayToTuyThan SoGiayToTuyThan")


class CivilStatus:
    """Answers `traHoSo`."""

    content_modes = frozenset(words("fault drift another_person two_results wrong_request bad_boolean bad_date"))

    def __init__(self, token: str) -> None:
        self._authorization = f"Bearer {token}".encode()

    def handle(self, message: Message, take: Take) -> Handled | None:
        """Answer a POST to `/hotich/traHoSo`."""
        if message.path != PATH:
            return None
        if not hmac.compare_digest(message.headers.get("Authorization", "").encode(), self._authorization):
            return Handled(_nothing("", _REFUSED), Entry("traHoSo", "", None, "refused"))
        asked = _question(message.body)
        if asked is None:
            return Handled(_nothing("", _INCOMPLETE), Entry("traHoSo", "", None, "refused"))
        module, number, request_id = asked
        key = key_of(number)
        mode = take(key.serial if key is not None else None)
        record = _record(module, key, message.now) if key is not None else None
        answered, outcome = _nothing(request_id, _NOT_FOUND), "no_match"
        if record is not None:
            answered, outcome = _found(request_id, record), "found"
        if mode is not None and mode.name not in HELD_BACK:
            outcome = mode.name
            if mode.name in self.content_modes:
                answered = _broken(mode.name, module, request_id, key or EXAMPLE, message.now)
        return Handled(answered, Entry(f"traHoSo/{module}", number, request_id, outcome), mode)


def _question(body: bytes) -> tuple[str, str, str] | None:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(asked, dict) or asked.keys() != {"module", "soDinhDanh", "maYeuCau"}:
        return None
    module, number, request_id = asked["module"], asked["soDinhDanh"], asked["maYeuCau"]
    if not all(isinstance(text, str) and text for text in (module, number, request_id)) or module not in MODULES:
        return None
    return module, number, request_id


def _found(request_id: str, *records: dict[str, str], status: Any = 1) -> Reply:
    answer = {"status": status, "errorCode": "", "errorDescription": "", "maYeuCau": request_id, "value": list(records)}
    return Reply(200, _JSON, orjson.dumps(answer))


def _nothing(request_id: str, code: str) -> Reply:
    text = {_NOT_FOUND: "Không tìm thấy hồ sơ", _REFUSED: "Sai thông tin xác thực"}.get(code, "Lỗi xử lý dữ liệu")
    answer = {"status": 0, "errorCode": code, "errorDescription": text, "maYeuCau": request_id, "value": None}
    return Reply(200, _JSON, orjson.dumps(answer))


def _broken(mode: str, module: str, request_id: str, key: Key, now: float) -> Reply:  # noqa: PLR0911 — one answer a mode
    """Answer about a person who is on record in the module, if the one asked for is not."""
    on_record = _some_record(module, key, now)
    other = {**on_record, "soDinhDanh": personal_id(other_person(key))}
    name, day = _BROKEN_MEMBER[module]
    match mode:
        case "fault":
            return _nothing(request_id, _FAULT)
        case "another_person":
            return _found(request_id, other)
        case "two_results":
            return _found(request_id, on_record, other)
        case "wrong_request":
            return _found("0" * 8 + request_id[8:] + "0", on_record)
        case "bad_boolean":
            return _found(request_id, on_record, status="maybe")
        case "bad_date":
            return _found(request_id, {**on_record, day: "31.02.19x1"})
    return _found(request_id, {**{m: v for m, v in on_record.items() if m != name}, "hoVaTen": on_record[name]})


def _some_record(module: str, key: Key, now: float) -> dict[str, str]:
    record = _record(module, key, now)
    if record is None:
        stand_in = EXAMPLE if module != "KT" else Key(EXAMPLE.sex, 1901, EXAMPLE.serial)
        record = _record(module, stand_in, now) or {}
    return {**record, "soDinhDanh": personal_id(key)}


def _record(module: str, key: Key, now: float) -> dict[str, str] | None:
    """Return the record of the module about the person, all members texts; `None` where there is none."""
    when = iso_local(now)
    match module:
        case "KS":
            at = birth_record(key)
            return _common(key, at, when) | _birth(key) if at is not None else None
        case "KT":
            death = death_record(key)
            if death is None:
                return None
            end, at = death
            return _common(key, at, when) | {
                "nktHoTen": full_name(key),
                "nktNgaySinh": birth(key).local("."),
                "nktGioiTinh": str(key.sex + 1),
                "nktNgayChet": _day(end.on),
                "nktNoiChet": permanent_address(key).text(),
                "nktNguyenNhanChet": end.cause,
            }
    marriage = marriage_record(key)
    if marriage is None:
        return None
    wedding, ended, at = marriage
    return _common(key, at, when) | {
        "chongHoTen": full_name(wedding.husband),
        "chongNgaySinh": birth(wedding.husband).local("."),
        "chongSoGiayToTuyThan": personal_id(wedding.husband),
        "voHoTen": full_name(wedding.wife),
        "voNgaySinh": birth(wedding.wife).local("."),
        "voSoGiayToTuyThan": personal_id(wedding.wife),
        "ngayXacLapQuanHeHonNhan": _day(wedding.on),
        "tinhTrangKetHon": "2" if ended else "1",
    }


def _common(key: Key, at: Registration, when: str) -> dict[str, str]:
    return {
        "soDinhDanh": personal_id(key),
        "so": at.number,
        "quyenSo": at.book,
        "trangSo": at.page,
        "ngayDangKy": _day(at.on),
        "noiDangKy": at.place,
        "thoiDiemDuLieu": when,
    }


def _birth(key: Key) -> dict[str, str]:
    father, mother = parents(key) or (None, None)
    return {
        "nksHoTen": full_name(key),
        "nksGioiTinh": str(key.sex + 1),
        "nksNgaySinh": birth(key).local("."),
        "nksNoiSinh": birth_place(key).text(),
        "nksQueQuan": home_town(key).text(),
        "nksDanToc": ethnicity(key),
        "nksQuocTich": COUNTRY,
        **_parent("me", mother),
        **_parent("cha", father),
    }


def _parent(who: str, key: Key | None) -> dict[str, str]:
    """Write a parent's members; empty texts where the parent is unknown."""
    if key is None:
        return dict.fromkeys((who + member for member in _PARENT_MEMBERS), "")
    values = (
        full_name(key),
        birth(key).local("."),
        ethnicity(key),
        COUNTRY,
        permanent_address(key).text(),
        _IDENTITY_CARD,
        personal_id(key),
    )
    return {who + member: value for member, value in zip(_PARENT_MEMBERS, values, strict=True)}


def _day(day: date) -> str:
    return f"{day.day:02d}.{day.month:02d}.{day.year}"
