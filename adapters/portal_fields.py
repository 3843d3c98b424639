"""Our dossier events and the National Portal's dossier members, both ways (DOMAIN section 5). Pure.

The rule: every value is a text, times are `yyyyMMddHHmmss` in Asia/Ho_Chi_Minh, and what the portal demands and
nobody stated gets the value that claims least. Outwards, facts about the dossier are the newest known and status,
time and people are the event's own. Inwards, members are read leniently (numbers, null, empty texts) but never
guessed: what cannot be read is a `PortalDataError` that names the member and quotes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.dates import LOCAL, parse_registry_time
from schemas.dossiers import RANK, DossierEvent, usual
from schemas.identifiers import canonical_agency, dossier_agency

SYNC, PROGRESS, LOOK_UP, PROCEDURES = "DongBoHoSoMC", "CapNhatTienDoHoSoMC", "TraCuuHoSo", "LayThuTuc"
"""Services of the portal."""
STATUS_NAMES: Mapping[int, str] = {
    1: "Mới đăng ký",
    2: "Được tiếp nhận",
    3: "Không được tiếp nhận",
    4: "Đang xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân yêu cầu rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}

_CHANNELS = {"counter": "1", "online": "2", "post": "3"}
_CHANNEL_WORDS = {code: word for word, code in _CHANNELS.items()}
_ID_TYPES = {"personal_id": "1", "old_id_card": "2"}
_ID_WORDS = {code: word for word, code in _ID_TYPES.items()}
_ENDED = {3: "NgayTuChoi", 9: "NgayKetThucXuLy", 10: "NgayTra"}
"""Statuses that have a time of their own in the portal's dossier."""
_DATED = {1: "NgayNopHoSo", 2: "NgayTiepNhan", **_ENDED}
_TIME_DIGITS = 14
_NOT_REUSED, _FROM_DOSSIER, _FROM_RESULT = "0", "1", "2"
_TICK = timedelta(microseconds=1)
_LOCAL_FILE = "lienthong:"
"""Stands where the portal wants a link to an electronic result that only the agency holds."""


class PortalDataError(ValueError):
    """A member of a message in the portal's dialect cannot be read; `member` names it."""

    def __init__(self, member: str) -> None:
        super().__init__(f"{member} không đúng định dạng")
        self.member = member


@dataclass(frozen=True, slots=True)
class PortalProcedure:
    """A procedure as the portal's own catalogue names it."""

    name: str
    field_code: str
    field_name: str


@dataclass(frozen=True, slots=True)
class DossierView:
    """What is known of a dossier by now, whichever event said it."""

    first_at: datetime
    """When the first of its events occurred."""
    received_at: datetime | None = None
    due_at: datetime | None = None
    channel: str | None = None
    fee_due: bool | None = None
    result: Mapping[str, Any] | None = None
    components: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class KnownDossier:
    """Where a dossier stands, for placing what came without a time."""

    procedure: str
    agency: str
    status: int
    occurred_at: datetime


def local_time(moment: datetime) -> str:
    """Write an aware time as `yyyyMMddHHmmss`, local."""
    return moment.astimezone(LOCAL).strftime("%Y%m%d%H%M%S")


def dossier_item(
    event: DossierEvent, view: DossierView, procedure: PortalProcedure, databases: Iterable[str] = ()
) -> dict[str, Any]:
    """Write the state after `event` as a dossier of `DongBoHoSoMC`; `databases` are the portal's registry codes."""
    filed = local_time(view.received_at or view.first_at)
    item: dict[str, Any] = {
        "MaHoSo": event.dossier,
        "MaTTHC": event.procedure,
        "TenTTHC": procedure.name,
        "MaLinhVuc": procedure.field_code,
        "TenLinhVuc": procedure.field_name,
        "KenhThucHien": _CHANNELS[view.channel or "counter"],
        "LoaiDoiTuong": _subject_kind(event),
        "NgayTiepNhan": filed,
        "TrangThaiHoSo": str(event.status),
        "HinhThuc": "1" if view.channel == "post" else "0",
        "DonViXuLy": event.agency,
        "NoiNopHoSo": "1",
        "HoSoCoThanhPhanSoHoa": _flag(any(part.get("digitised") for part in view.components)),
        "TaiKhoanDuocXacThucVoiVNeID": "0",
        "DuocThanhToanTrucTuyen": "0",
        "NgayNopHoSo": filed,
    }
    item |= _when_stated(event, view)
    codes = sorted(set(databases))
    if codes:
        item["DSKetNoiCSDL"] = [{"MaCSDL": code} for code in codes]
    return item


def _when_stated(event: DossierEvent, view: DossierView) -> dict[str, Any]:
    item: dict[str, Any] = {}
    if view.due_at is not None:
        item["NgayHenTra"] = local_time(view.due_at)
    if event.status in _ENDED:
        item[_ENDED[event.status]] = local_time(event.occurred_at)
    if event.note is not None:
        item["GhiChu"] = event.note
    if event.parties is not None:
        item["DinhDanhCHS"] = [
            {"LoaiDinhDanh": _ID_TYPES[party.id_type], "SoDinhDanh": party.id}
            for party in event.parties
            if party.role == "applicant" and party.id_type in _ID_TYPES
        ]
    if view.components:
        item["TaiLieuNop"] = [_paper(part) for part in view.components]
    if view.fee_due is not None:
        item["DanhSachLePhi"] = [{"TenPhiLePhi": "Phí, lệ phí theo quy định"}] if view.fee_due else []
    if view.result is not None:
        link = f"{_LOCAL_FILE}{event.dossier}" if view.result.get("electronic") else ""
        item["DanhSachGiayToKetQua"] = [{"TenGiayTo": view.result.get("name", ""), "DuongDanTepTinKetQua": link}]
    return item


def _subject_kind(event: DossierEvent) -> str:
    """Return 2 for a dossier of a body with a tax code of its own, else 1, a citizen."""
    applicants = [party for party in event.parties or () if party.role == "applicant"]
    bodies = [party for party in applicants if party.id_type == "tax_code" and len(party.id) != 12]  # noqa: PLR2004 — a personal number
    return "2" if bodies else "1"


def _paper(part: Mapping[str, Any]) -> dict[str, str]:
    obtained = part.get("obtained")
    reused = _FROM_RESULT if part.get("reused") else _NOT_REUSED
    return {
        "TenTepDinhKem": part.get("name") or part["code"],
        "MaThanhPhanHoSo": part["code"],
        "DuongDanTaiTepTin": "",
        "DuocSoHoa": _flag(part.get("digitised")),
        "DuocTaiSuDung": _FROM_DOSSIER if obtained == "earlier_dossier" else reused,
        "DuocLayTuKhoDMQG": _flag(obtained == "store"),
        "MaKetQuaThayThe": str(part.get("lookup_id") or ""),
    }


def _flag(value: object) -> str:
    return "1" if value else "0"


def progress_item(event: DossierEvent, due_at: datetime | None = None) -> dict[str, str]:
    """Write an event as a progress line of `CapNhatTienDoHoSoMC`."""
    officer = event.officer or {}
    moment = local_time(event.occurred_at)
    item = {
        "MaHoSo": event.dossier,
        "NguoiXuLy": officer.get("name", ""),
        "ChucDanh": "",
        "ThoiDiemXuLy": moment,
        "PhongBanXuLy": officer.get("unit", event.agency),
        "NoiDungXuLy": event.note or STATUS_NAMES[event.status],
        "TrangThai": str(event.status),
        "NgayBatDau": moment,
    }
    if due_at is not None:
        item["NgayKetThucTheoQuyDinh"] = local_time(due_at)
    return item


def event_of_dossier(item: Mapping[str, Any], unit: str, event_id: str, occurred_at: datetime) -> dict[str, Any]:
    """Read a dossier of `DongBoHoSoMC` as an event of PROTOCOL section 5, unchecked. `unit` is the call's `madonvi`.

    Raises `PortalDataError` where a member is of no use.
    """
    event: dict[str, Any] = {
        "event_id": event_id,
        "dossier": _required(item, "MaHoSo"),
        "procedure": _required(item, "MaTTHC"),
        "agency": agency_of(item, unit),
        "status": status_of(item, "TrangThaiHoSo"),
        "occurred_at": occurred_at.isoformat(),
        "channel": _channel(item),
        "received_at": _iso(item, "NgayTiepNhan"),
        "due_at": _iso(item, "NgayHenTra"),
        "note": _text(item, "GhiChu"),
        "fee_due": bool(_rows(item, "DanhSachLePhi")) if "DanhSachLePhi" in item else None,
        "parties": _parties(item) if item.get("DinhDanhCHS") is not None else None,
        "components": _components(item) if item.get("TaiLieuNop") is not None else None,
        "result": _result(item),
    }
    return {name: value for name, value in event.items() if value is not None}


def event_of_progress(item: Mapping[str, Any], known: KnownDossier, event_id: str) -> dict[str, Any]:
    """Read a progress line of `CapNhatTienDoHoSoMC` as an event, unchecked. Raises `PortalDataError`."""
    occurred_at = _moment(item, "ThoiDiemXuLy")
    if occurred_at is None:
        raise PortalDataError("ThoiDiemXuLy")
    event: dict[str, Any] = {
        "event_id": event_id,
        "dossier": _required(item, "MaHoSo"),
        "procedure": known.procedure,
        "agency": known.agency,
        "status": status_of(item, "TrangThai"),
        "occurred_at": occurred_at.isoformat(),
        "due_at": _iso(item, "NgayKetThucTheoQuyDinh"),
        "note": _text(item, "NoiDungXuLy"),
        "officer": {"name": name} if (name := _text(item, "NguoiXuLy")) else None,
    }
    return {name: value for name, value in event.items() if value is not None}


def agency_of(item: Mapping[str, Any], unit: str) -> str:
    """Find whose dossier it is: the processing unit's code, else the one in the dossier's code, else the caller's."""
    code = _required(item, "MaHoSo")
    for candidate in (_text(item, "DonViXuLy"), _agency_in(code), unit):
        if candidate:
            try:
                return canonical_agency(candidate)
            except ValueError:
                continue
    raise PortalDataError("DonViXuLy")


def _agency_in(code: str) -> str | None:
    try:
        return dossier_agency(code)
    except ValueError:
        raise PortalDataError("MaHoSo") from None


def status_of(item: Mapping[str, Any], member: str) -> int:
    """Read a status, number or text, 1 to 10. Raises `PortalDataError`."""
    text = _text(item, member) or ""
    if not text.isascii() or not text.isdecimal() or int(text) not in RANK:
        raise PortalDataError(member)
    return int(text)


def dated(item: Mapping[str, Any], status: int) -> datetime | None:
    """Return when a dossier came into its status, where a member says so. Raises `PortalDataError`."""
    return _moment(item, _DATED[status]) if status in _DATED else None


def place(status: int, at: datetime | None, known: KnownDossier | None, now: datetime) -> datetime:
    """Say when a status came about that was told at `now`, since the dialect dates only some of them.

    A status further on than the known one, or the same told anew, is newer than it. One further back that has a time
    of its own keeps it; without one it is a return if that is usual, and otherwise a message that comes late.
    """
    if known is None:
        return min(at or now, now)
    if RANK[status] > RANK[known.status] or status == known.status:
        return max(min(at or now, now), known.occurred_at + _TICK)
    if at is not None:
        return min(at, now)
    return max(now, known.occurred_at + _TICK) if usual(known.status, status) else known.occurred_at - _TICK


def _text(item: Mapping[str, Any], member: str) -> str | None:
    value = item.get(member)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise PortalDataError(member)
    return str(value)


def _required(item: Mapping[str, Any], member: str) -> str:
    text = _text(item, member)
    if text is None:
        raise PortalDataError(member)
    return text


def _moment(item: Mapping[str, Any], member: str) -> datetime | None:
    text = _text(item, member)
    if text is None:
        return None
    try:
        return parse_registry_time(text.ljust(_TIME_DIGITS, "0") if len(text) == 8 else text, "yyyyMMddHHmmss")  # noqa: PLR2004 — a bare day
    except ValueError:
        raise PortalDataError(member) from None


def _iso(item: Mapping[str, Any], member: str) -> str | None:
    moment = _moment(item, member)
    return moment.isoformat() if moment else None


def _channel(item: Mapping[str, Any]) -> str:
    code = _text(item, "KenhThucHien")
    if code is not None and code not in _CHANNEL_WORDS:
        raise PortalDataError("KenhThucHien")
    return _CHANNEL_WORDS[code or "1"]


def _rows(item: Mapping[str, Any], member: str) -> list[Mapping[str, Any]]:
    rows = item.get(member)
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise PortalDataError(member)
    return rows


def _parties(item: Mapping[str, Any]) -> list[dict[str, str]]:
    parties = []
    for row in _rows(item, "DinhDanhCHS"):
        kind = _ID_WORDS.get(_required(row, "LoaiDinhDanh"))
        if kind is None:
            raise PortalDataError("LoaiDinhDanh")
        parties.append({"id_type": kind, "id": _required(row, "SoDinhDanh"), "role": "applicant"})
    return parties


def _components(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the papers; several files of one component are one component, digitised or reused if any of them is."""
    parts: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(_rows(item, "TaiLieuNop"), 1):
        code = _text(row, "MaThanhPhanHoSo") or f"TL{number:02}"
        part = parts.setdefault(code, {"code": code, "digitised": False, "reused": False})
        name, reuse = _text(row, "TenTepDinhKem"), _text(row, "DuocTaiSuDung") or _NOT_REUSED
        if reuse not in {_NOT_REUSED, _FROM_DOSSIER, _FROM_RESULT}:
            raise PortalDataError("DuocTaiSuDung")
        if name is not None:
            part.setdefault("name", name)
        part["digitised"] |= _text(row, "DuocSoHoa") == "1"
        part["reused"] |= reuse != _NOT_REUSED
        if reuse == _FROM_DOSSIER:
            part["obtained"] = "earlier_dossier"
        elif _text(row, "DuocLayTuKhoDMQG") == "1":
            part["obtained"] = "store"
    return list(parts.values())


def _result(item: Mapping[str, Any]) -> dict[str, Any] | None:
    rows = _rows(item, "DanhSachGiayToKetQua")
    if not rows:
        return None
    result: dict[str, Any] = {"electronic": any(_text(row, "DuongDanTepTinKetQua") for row in rows)}
    name = _text(rows[0], "TenGiayTo")
    if name is not None:
        result["name"] = name
    return result
