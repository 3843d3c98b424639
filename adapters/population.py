"""The population registry: SOAP 1.1, Basic authentication over a salted digest of the call (DOMAIN section 4).

The codes below are this registry's own; other services number the same things differently.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any

from adapters.contract import Call, RegistryAnswer, RegistryInvalid
from adapters.http import HttpTransport
from adapters.soap import HEADERS, Contract
from adapters.values import (
    check_identifier,
    check_person,
    coded,
    moment,
    partial_date,
    relative,
    required,
    written_date,
)
from schemas.dates import LOCAL, PartialDate
from schemas.grants import Grant
from schemas.services import CATALOGUE, ServiceSpec
from signing.xml import Element

WSDL = "population.wsdl"
_LOOK_UP = "037"
_OPERATION = "TraCuuThongTinCongDan"
_NAMESPACE_LENGTH = len("{http://www.mic.gov.vn/dancu/1.0}")

_ID_MEMBERS = {"personal_id": "SoDinhDanh", "old_id_card": "SoCMND"}
_BIRTH_MEMBERS = ("NgayThangNamSinh/NgayThangNam", "NgayThangNamSinh/Nam")
_SEX = {"0": "undetermined", "1": "male", "2": "female"}
_MARITAL_STATUS = {"1": "single", "2": "married", "3": "widowed", "4": "divorced"}
_BLOOD_TYPE = {"1": "A", "2": "B", "3": "AB", "4": "O"}


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What this gateway is known by at the registry."""

    user: str
    secret: str
    api_key: str
    xroad_client: str


class PopulationAdapter:
    """Asks the population registry. Safe for concurrent use within one event loop."""

    services: tuple[ServiceSpec, ...] = (CATALOGUE["population/person"],)

    def __init__(self, transport: HttpTransport, contract: Contract, credentials: Credentials) -> None:
        self._transport = transport
        self._contract = contract
        self._credentials = credentials
        self._url = transport.url("/dancu")
        self._fixed = {
            **HEADERS,
            "SOAPAction": '""',
            "X-Road-Client": credentials.xroad_client,
            "ApiKey": credentials.api_key,
        }
        self._signed_second: int | None = None
        self._signed: Mapping[str, str] = {}
        self._operation = contract.operation(_OPERATION)
        self._templates = {
            (id_type, birth): self._operation.template(
                ["MaYeuCau", "MaDVC", "MaCanBo", "MaDonVi", member, "HoVaTen", birth], {"MaTichHop": _LOOK_UP}
            )
            for id_type, member in _ID_MEMBERS.items()
            for birth in _BIRTH_MEMBERS
        }

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Ask about one citizen; `RegistryError` on anything but a sound answer."""
        body = self._request(grant, call)
        reply = await self._transport.post(self._url, body, self._headers(call), call.timeout_s)
        return _answer(self._contract.reply(reply.body, self._operation), grant, call.request_id)

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()

    def _request(self, grant: Grant, call: Call) -> bytes:
        subject, purpose = grant.subject, grant.purpose
        birth = subject.birth_date
        day = birth is not None and birth.day is not None
        return self._templates[subject.id_type, _BIRTH_MEMBERS[0 if day else 1]].fill(
            (
                call.request_id,
                purpose.procedure,
                purpose.officer.id,
                purpose.officer.unit,
                subject.id,
                required(subject.full_name).upper(),
                required(written_date(birth, "yyyyMMdd", "yyyy")),
            )
        )

    def _headers(self, call: Call) -> Mapping[str, str]:
        """Return the headers; the digest holds for a second, and so do they."""
        second = int(call.now.timestamp())
        if second != self._signed_second:
            self._signed_second, self._signed = second, {**self._fixed, **self._digest(_timestamp(call.now))}
        return {**self._signed, "traceparent": call.traceparent} if call.traceparent else self._signed

    def _digest(self, timestamp: str) -> dict[str, str]:
        ours = self._credentials
        digest = sha256(f"{self._url}{ours.user}{timestamp}{ours.secret}".encode()).hexdigest()
        basic = b64encode(f"{ours.user}:{digest}".encode()).decode()
        return {"Authorization": f"Basic {basic}", "Timestamp": timestamp}


def _timestamp(now: datetime) -> str:
    return now.astimezone(LOCAL).strftime("%Y%m%d%H%M%S")


def _answer(collection: Element, grant: Grant, request_id: str) -> RegistryAnswer:
    if collection.get("MaYeuCau") != request_id:
        raise RegistryInvalid("wrong-request")
    citizens = list(collection)
    if len(citizens) != int(collection.get("SoCongDan", "")):
        raise RegistryInvalid("wrong-count")
    if not citizens:
        return RegistryAnswer(found=False)
    if len(citizens) > 1:
        raise RegistryInvalid("two-results")
    citizen: _Citizen = {_LOCAL_NAMES[child.tag]: child for child in citizens[0]}
    subject, birth, full_name = grant.subject, _birth_date(citizen), _full_name(citizen)
    check_identifier(subject.id, _text(_ID_MEMBERS[subject.id_type], citizen))
    check_person(subject, full_name, birth)
    person_id = _text("SoDinhDanh", citizen)
    record = {"personal_id": person_id, "full_name": full_name, "birth_date": str(birth) if birth else None}
    for name in grant.fields:
        if name not in record:
            record[name] = _READERS[name](citizen)
    as_of = moment(collection.get("ThoiDiemDuLieu"), "iso-local")
    return RegistryAnswer(found=True, record=record, source_as_of=as_of, person_id=person_id)


class _LocalNames(dict[Any, str]):
    """Tags without their namespace, each cut once: a schema lets only a few through."""

    def __missing__(self, tag: Any) -> str:
        name = self[tag] = str(tag)[_NAMESPACE_LENGTH:]
        return name


_LOCAL_NAMES = _LocalNames()
_Citizen = Mapping[str, Element]
"""A valid person's elements by local name; the schema let each stand once and in one namespace."""


def _text(tag: str, citizen: _Citizen) -> str | None:
    element = citizen.get(tag)
    return None if element is None else element.text


def _texts(tag: str, citizen: _Citizen) -> dict[str, str | None] | None:
    """Return the texts within an element by local name; None where it is absent."""
    element = citizen.get(tag)
    return None if element is None else {_LOCAL_NAMES[child.tag]: child.text for child in element}


def _full_name(citizen: _Citizen) -> str:
    parts = _texts("HoVaTen", citizen) or {}
    return " ".join([part for key in ("Ho", "ChuDem", "Ten") if (part := parts.get(key))])


def _birth_date(citizen: _Citizen) -> PartialDate | None:
    held = _texts("NgayThangNamSinh", citizen) or {}
    day = partial_date(held.get("NgayThangNam"), "yyyyMMdd")
    year = partial_date(held.get("Nam"), "yyyy")
    if day and year and day.year != year.year:
        raise RegistryInvalid("bad-date")
    return day or year


def _coded(table: Mapping[str, str], tag: str, citizen: _Citizen) -> str | None:
    return coded(table, _text(tag, citizen))


def _address(tag: str, citizen: _Citizen) -> dict[str, Any] | None:
    held = _texts(tag, citizen)
    if held is None:
        return None
    value = held.get
    return {
        "province": value("MaTinhThanh"),
        "district": value("MaQuanHuyen"),
        "ward": value("MaPhuongXa"),
        "detail": value("ChiTiet"),
        "country": value("QuocGia"),
    }


def _relative(tag: str, citizen: _Citizen) -> dict[str, Any] | None:
    held = _texts(tag, citizen)
    return None if held is None else relative(held.get("HoVaTen"), held.get("SoDinhDanh"))


_READERS: Mapping[str, Callable[[_Citizen], Any]] = {
    "old_id_card": partial(_text, "SoCMND"),
    "sex": partial(_coded, _SEX, "GioiTinh"),
    "ethnicity": partial(_text, "DanToc"),
    "nationality": partial(_text, "QuocTich"),
    "marital_status": partial(_coded, _MARITAL_STATUS, "TinhTrangHonNhan"),
    "birth_place": partial(_address, "NoiDangKyKhaiSinh"),
    "home_town": partial(_address, "QueQuan"),
    "permanent_address": partial(_address, "ThuongTru"),
    "current_address": partial(_address, "NoiOHienTai"),
    "father": partial(_relative, "Cha"),
    "mother": partial(_relative, "Me"),
    "spouse": partial(_relative, "VoChong"),
    "household_head": partial(_relative, "ChuHo"),
    "household_number": partial(_text, "SoSoHoKhau"),
    "religion": partial(_text, "TonGiao"),
    "blood_type": partial(_coded, _BLOOD_TYPE, "NhomMau"),
}
"""How each field is read that no check has read before: what was not granted is never taken out of the answer."""
