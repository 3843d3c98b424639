"""The social and health insurer: REST with a short-lived token in the query string (DOMAIN section 4).

The query string carries secrets and is never logged. `maKetQua` decides as PROTOCOL section 3 says; the codes below
are this registry's own.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import orjson

from adapters.contract import Call, RegistryAnswer, RegistryFault, RegistryInvalid
from adapters.http import HttpTransport
from adapters.rest import HEADERS, Shape, Token, TokenSource, read_object, usable_until
from adapters.values import (
    address_of_text,
    check_identifier,
    check_person,
    coded,
    date_text,
    moment,
    partial_date,
    required,
    written_date,
)
from schemas.dates import PartialDate
from schemas.grants import Grant, Subject
from schemas.services import CATALOGUE, ServiceSpec

_FOUND = frozenset({"000", "003", "004", "010", "110", "120", "121", "122", "123", "124"})
_NO_MATCH = frozenset({"001", "002", "050", "051", "052", "053", "060", "061", "070", "130"})
_TOKEN_REFUSED = "401"  # noqa: S105 — an answer code, not a secret
_SEX = {"1": "male", "2": "female", "3": "undetermined"}
_STATUS = {"1": "active", "2": "suspended", "3": "stopped"}
_DAY = "dd/MM/yyyy"
_BIRTH_FORMATS = (_DAY, "MM/yyyy", "yyyy")
_STATED_PRECISION = {"0": "yyyyMMdd", "1": "yyyy", "2": "yyyyMM"}
_PRECISION = {"day": "0", "year": "1", "month": "1"}
_CARD = Shape.of(
    "maKetQua ghiChu maThe hoTen ngaySinh gioiTinh diaChi maDKBD tenDKBD cqBHXH gtTheTu gtTheDen maKV ngayDu5Nam "
    "maSoBHXH maTheCu maTheMoi gtTheTuMoi gtTheDenMoi maDKBDMoi tenDKBDMoi soDinhDanh thoiDiemDuLieu",
    lists="dsLichSuKCB2018 dsLichSuKT2018",
)
_TREATMENT = Shape.of("maHoSo maCSKCB ngayVao ngayRa tenBenh tinhTrang kqDieuTri")
_SOCIAL = Shape.of(
    "errorCode errorDescription maSoBhxh hoTen ngaySinh loaiNgaySinh gioiTinh trangThai maHoGiaDinh soDinhDanh "
    "thoiDiemDuLieu"
)
_LOGIN = Shape.of("access_token id_token token_type username expires_in")
_CARD_IDS = {"personal_id": "soDinhDanh", "health_card": "maThe", "insurance_code": "maSoBHXH"}
_SOCIAL_IDS = {"personal_id": "soDinhDanh", "insurance_code": "maSoBhxh"}


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """What this gateway logs in with."""

    username: str
    password: str


class InsuranceAdapter:
    """Asks the insurer. Safe for concurrent use within one event loop."""

    services: tuple[ServiceSpec, ...] = (CATALOGUE["insurance/health-card"], CATALOGUE["insurance/social-insurance"])

    def __init__(self, transport: HttpTransport, credentials: Credentials) -> None:
        self._transport = transport
        self._credentials = credentials
        self._password_digest = sha256(credentials.password.encode()).hexdigest()
        self._tokens = TokenSource(self._log_in)

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Ask for a card or an insurance code; `RegistryError` on anything but a sound answer."""
        if grant.service.service == "health-card":
            answer = await self._post("/api/egw/NhanLichSuKCB2024", _card_question(grant), "maKetQua", call)
            return _card_answer(answer, grant)
        answer = await self._post("/api/egw/getMaSoBhxhTheoTieuChi", _social_question(grant), "errorCode", call)
        return _social_answer(answer, grant.subject)

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()

    async def _post(self, path: str, question: dict[str, str], code_member: str, call: Call) -> dict[str, Any]:
        """Post with a token; an answer that refuses the token gets one more try with a new one."""
        left = _deadline(call.timeout_s)
        body = orjson.dumps(question)
        headers = {**HEADERS, "X-Request-Id": call.request_id}
        if call.traceparent:
            headers["traceparent"] = call.traceparent
        token = await self._tokens.current(call.now, left())
        for last in (False, True):
            url = self._transport.url(path + token.text)
            answer = read_object((await self._transport.post(url, body, headers, left())).body)
            if answer.get(code_member) != _TOKEN_REFUSED:
                return answer
            if not last:
                token = await self._tokens.renewed(token, call.now, left())
        raise RegistryFault("token-refused")

    async def _log_in(self, now: datetime, timeout_s: float) -> Token:
        ours = self._credentials
        body = orjson.dumps({"username": ours.username, "password": ours.password})
        url = self._transport.url("/api/token/take")
        answer = read_object((await self._transport.post(url, body, HEADERS, timeout_s)).body)
        if answer.get("maKetQua") != "200":
            raise RegistryFault("login-refused")
        key = _LOGIN.check(answer.get("APIKey"))
        query = urlencode(
            {
                "token": key["access_token"],
                "id_token": key["id_token"],
                "username": ours.username,
                "password": self._password_digest,
            }
        )
        return Token("?" + query, usable_until(now, _expiry(key["expires_in"])))


def _deadline(timeout_s: float) -> Callable[[], float]:
    """Return a clock of the seconds that are left."""
    time = asyncio.get_running_loop().time
    end = time() + timeout_s
    return lambda: end - time()


def _expiry(text: str) -> datetime:
    try:
        expires = datetime.fromisoformat(text)
    except ValueError:
        raise RegistryInvalid("bad-date") from None
    if expires.tzinfo is None:
        raise RegistryInvalid("bad-date")
    return expires


def _card_question(grant: Grant) -> dict[str, str]:
    subject, officer = grant.subject, grant.purpose.officer
    return {
        "maThe": subject.id,
        "hoTen": required(subject.full_name),
        "ngaySinh": required(written_date(subject.birth_date, _DAY, "yyyy")),
        "hoTenCb": officer.name,
        "cccdCb": officer.id,
    }


def _card_answer(answer: dict[str, Any], grant: Grant) -> RegistryAnswer:
    code = answer.get("maKetQua")
    if type(code) is not str:
        raise RegistryInvalid("schema-drift")
    if code not in _FOUND and code not in _NO_MATCH:
        raise _unusual(code)
    _CARD.check(answer)
    if code in _NO_MATCH:
        if answer["hoTen"] or answer["soDinhDanh"]:
            raise RegistryInvalid("half-empty")
        return RegistryAnswer(found=False)
    subject = grant.subject
    birth = partial_date(answer["ngaySinh"], *_BIRTH_FORMATS)
    check_identifier(subject.id, answer[_CARD_IDS[subject.id_type]])
    check_person(subject, answer["hoTen"], birth)
    record = _card_record(answer, birth)
    if "treatment_history" in grant.fields:
        record["treatment_history"] = [_treatment(stay) for stay in answer["dsLichSuKCB2018"]]
    return _found(answer, record)


def _card_record(answer: Mapping[str, str], birth: PartialDate | None) -> dict[str, Any]:
    return {
        "card_number": answer["maThe"] or None,
        "insurance_code": answer["maSoBHXH"] or None,
        "full_name": answer["hoTen"],
        "birth_date": str(birth) if birth else None,
        "sex": coded(_SEX, answer["gioiTinh"]),
        "address": address_of_text(answer["diaChi"]),
        "status": answer["maKetQua"],
        "valid_from": date_text(answer["gtTheTu"], _DAY),
        "valid_to": date_text(answer["gtTheDen"], _DAY),
        "first_care_place": answer["maDKBD"] or None,
        "first_care_place_name": answer["tenDKBD"] or None,
        "five_years_on": date_text(answer["ngayDu5Nam"], _DAY),
        "area_code": answer["maKV"] or None,
        "replaced_by": answer["maTheMoi"] or None,
        "treatment_history": None,
    }


def _treatment(stay: Any) -> dict[str, str | None]:
    """Return one stay in canonical words."""
    _TREATMENT.check(stay)
    return {
        "record": stay["maHoSo"] or None,
        "facility": stay["maCSKCB"] or None,
        "admitted_on": date_text(stay["ngayVao"], _DAY),
        "discharged_on": date_text(stay["ngayRa"], _DAY),
        "diagnosis": stay["tenBenh"] or None,
        "condition": stay["tinhTrang"] or None,
        "outcome": stay["kqDieuTri"] or None,
    }


def _social_question(grant: Grant) -> dict[str, str]:
    subject, officer = grant.subject, grant.purpose.officer
    birth = subject.birth_date
    return {
        "hoTen": required(subject.full_name),
        "ngaySinh": required(written_date(birth, "yyyyMMdd", "yyyy")),
        "loaiNgaySinh": _PRECISION[birth.precision] if birth else "",
        "gioiTinh": "",
        "soDinhDanh" if subject.id_type == "personal_id" else "maSoBhxh": subject.id,
        "hoTenCb": officer.name,
        "cccdCb": officer.id,
    }


def _social_answer(answer: dict[str, Any], subject: Subject) -> RegistryAnswer:
    code = answer.get("errorCode")
    if code != "0":
        raise _unusual(code)
    _SOCIAL.check(answer)
    if not answer["maSoBhxh"]:
        if any(answer[name] for name in ("hoTen", "ngaySinh", "trangThai", "maHoGiaDinh", "soDinhDanh")):
            raise RegistryInvalid("half-empty")
        return RegistryAnswer(found=False)
    stated = coded(_STATED_PRECISION, answer["loaiNgaySinh"])
    birth = partial_date(answer["ngaySinh"], stated) if stated else None
    check_identifier(subject.id, answer[_SOCIAL_IDS[subject.id_type]])
    check_person(subject, answer["hoTen"], birth)
    record = {
        "insurance_code": answer["maSoBhxh"],
        "full_name": answer["hoTen"],
        "birth_date": str(birth) if birth else None,
        "sex": coded(_SEX, answer["gioiTinh"]),
        "status": coded(_STATUS, answer["trangThai"]),
        "household_code": answer["maHoGiaDinh"] or None,
    }
    return _found(answer, record)


def _found(answer: Mapping[str, str], record: dict[str, Any]) -> RegistryAnswer:
    as_of = moment(answer["thoiDiemDuLieu"], "yyyyMMddHHmmss")
    return RegistryAnswer(found=True, record=record, source_as_of=as_of, person_id=answer["soDinhDanh"] or None)


def _unusual(code: Any) -> RegistryFault | RegistryInvalid:
    """Tell a registry's own fault code from an answer that holds none."""
    return RegistryFault("fault-code") if type(code) is str and code else RegistryInvalid("schema-drift")
