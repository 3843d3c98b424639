"""The civil status registry: REST with a standing Bearer token; births, marriages and deaths (DOMAIN section 4).

One call, `traHoSo`, serves three modules. A living person's death record and an unmarried person's marriage do not
exist: `no_match`. The codes below are this registry's own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from adapters.contract import Call, RegistryAnswer, RegistryFault, RegistryInvalid
from adapters.http import HttpTransport
from adapters.rest import HEADERS, Shape, read_object
from adapters.values import address_of_text, check_identifier, coded, date_text, moment, relative
from schemas.grants import Grant
from schemas.services import CATALOGUE, ServiceSpec

_ENVELOPE = frozenset({"status", "errorCode", "errorDescription", "maYeuCau", "value"})
_NOT_FOUND = "201"
_IDENTITY_CARD = "4"
_SEX = {"1": "male", "2": "female", "3": "undetermined"}
_MARRIAGE = {"1": "married", "2": "ended"}
_DAY = "dd.MM.yyyy"
_BIRTH_FORMATS = (_DAY, "MM.yyyy", "yyyy")
_COMMON = "soDinhDanh so quyenSo trangSo ngayDangKy noiDangKy thoiDiemDuLieu "
_PARENT = ("HoTen", "NgaySinh", "DanToc", "QuocTich", "NoiCuTru", "LoaiGiayToTuyThan", "SoGiayToTuyThan")
_BIRTH = Shape.of(
    _COMMON
    + "nksHoTen nksGioiTinh nksNgaySinh nksNoiSinh nksQueQuan nksDanToc nksQuocTich "
    + " ".join(who + part for who in ("me", "cha") for part in _PARENT)
)
_DEATH = Shape.of(_COMMON + "nktHoTen nktNgaySinh nktGioiTinh nktNgayChet nktNoiChet nktNguyenNhanChet")
_WEDDING = Shape.of(
    _COMMON
    + "chongHoTen chongNgaySinh chongSoGiayToTuyThan voHoTen voNgaySinh voSoGiayToTuyThan "
    + "ngayXacLapQuanHeHonNhan tinhTrangKetHon"
)


@dataclass(frozen=True, slots=True)
class _Module:
    """One of the registry's modules: its code, the shape of a record and its canonical reading."""

    code: str
    shape: Shape
    read: Callable[[Mapping[str, str]], dict[str, Any]]


class CivilStatusAdapter:
    """Asks the civil status registry. Safe for concurrent use within one event loop."""

    services: tuple[ServiceSpec, ...] = (
        CATALOGUE["civil-status/birth"],
        CATALOGUE["civil-status/marriage"],
        CATALOGUE["civil-status/death"],
    )

    def __init__(self, transport: HttpTransport, token: str) -> None:
        self._transport = transport
        self._url = transport.url("/hotich/traHoSo")
        self._headers = {**HEADERS, "Authorization": f"Bearer {token}"}

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Ask for one record; `RegistryError` on anything but a sound answer."""
        module = _MODULES[grant.service.service]
        question = {"module": module.code, "soDinhDanh": grant.subject.id, "maYeuCau": call.request_id}
        headers = {**self._headers, "traceparent": call.traceparent} if call.traceparent else self._headers
        reply = await self._transport.post(self._url, orjson.dumps(question), headers, call.timeout_s)
        record = _only_record(read_object(reply.body), call.request_id)
        return RegistryAnswer(found=False) if record is None else _answer(module, record, grant.subject.id)

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()


def _only_record(answer: dict[str, Any], request_id: str) -> Any:
    """Return the one record of an answer to our request, or None where the registry says there is none."""
    if answer.keys() != _ENVELOPE or type(answer["status"]) is not int or type(answer["errorCode"]) is not str:
        raise RegistryInvalid("schema-drift")
    ok, code, value = answer["status"], answer["errorCode"], answer["value"]
    if ok not in {0, 1} or (value is not None and type(value) is not list):
        raise RegistryInvalid("schema-drift")
    if ok == 0 and code != _NOT_FOUND:
        raise RegistryFault("fault-code") if code else RegistryInvalid("schema-drift")
    if answer["maYeuCau"] != request_id:
        raise RegistryInvalid("wrong-request")
    if ok == 0:
        if value:
            raise RegistryInvalid("half-empty")
        return None
    if not value:
        raise RegistryInvalid("empty")
    if len(value) > 1:
        raise RegistryInvalid("two-results")
    return value[0]


def _answer(module: _Module, value: Any, subject_id: str) -> RegistryAnswer:
    record = module.shape.check(value)
    check_identifier(subject_id, record["soDinhDanh"])
    found = {
        **module.read(record),
        "registration_number": _registration_number(record),
        "registered_on": date_text(record["ngayDangKy"], _DAY),
        "registered_at": record["noiDangKy"] or None,
    }
    as_of = moment(record["thoiDiemDuLieu"], "iso-local")
    return RegistryAnswer(found=True, record=found, source_as_of=as_of, person_id=subject_id)


def _registration_number(record: Mapping[str, str]) -> str | None:
    return f"{record['so']}/{record['quyenSo']}" if record["so"] and record["quyenSo"] else record["so"] or None


def _birth(record: Mapping[str, str]) -> dict[str, Any]:
    return {
        "full_name": _name(record["nksHoTen"]),
        "birth_date": date_text(record["nksNgaySinh"], *_BIRTH_FORMATS),
        "sex": coded(_SEX, record["nksGioiTinh"]),
        "birth_place": address_of_text(record["nksNoiSinh"]),
        "home_town": address_of_text(record["nksQueQuan"]),
        "ethnicity": record["nksDanToc"] or None,
        "nationality": record["nksQuocTich"] or None,
        "father": _parent(record, "cha"),
        "mother": _parent(record, "me"),
    }


def _parent(record: Mapping[str, str], who: str) -> dict[str, Any] | None:
    number = record[who + "SoGiayToTuyThan"] if record[who + "LoaiGiayToTuyThan"] == _IDENTITY_CARD else None
    return relative(record[who + "HoTen"], number)


def _death(record: Mapping[str, str]) -> dict[str, Any]:
    died_on = date_text(record["nktNgayChet"], *_BIRTH_FORMATS)
    if died_on is None:
        raise RegistryInvalid("half-empty")
    return {
        "full_name": _name(record["nktHoTen"]),
        "died_on": died_on,
        "died_at": record["nktNoiChet"] or None,
        "cause": record["nktNguyenNhanChet"] or None,
    }


def _marriage(record: Mapping[str, str]) -> dict[str, Any]:
    husband, wife = record["chongSoGiayToTuyThan"], record["voSoGiayToTuyThan"]
    if record["soDinhDanh"] not in {husband, wife}:
        raise RegistryInvalid("wrong-person")
    status = coded(_MARRIAGE, record["tinhTrangKetHon"])
    if status is None:
        raise RegistryInvalid("half-empty")
    return {
        "husband": relative(_name(record["chongHoTen"]), husband),
        "wife": relative(_name(record["voHoTen"]), wife),
        "status": status,
    }


def _name(text: str) -> str:
    """Return a name that a record cannot do without."""
    if not text:
        raise RegistryInvalid("half-empty")
    return text


_MODULES = {
    "birth": _Module("KS", _BIRTH, _birth),
    "marriage": _Module("KH", _WEDDING, _marriage),
    "death": _Module("KT", _DEATH, _death),
}
