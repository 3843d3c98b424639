"""The social and health insurer: JSON over POST, a short-lived token and the log-in again in the query (DOMAIN 4).

An answer of the card look-up is always HTTP 200 with a `maKetQua`; all members are always present, the
empty text where there is no value.
"""

import hashlib
import hmac
import secrets as random_texts
from collections import OrderedDict
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import orjson

from mocks.behaviour import HELD_BACK, Mode, Reply
from mocks.clock import compact_local
from mocks.credentials import InsuranceSecrets
from mocks.insured import (
    FOUND_CODES,
    SILENT_CODES,
    address_text,
    card,
    card_code,
    find,
    household_code,
    social_status,
    treatments,
)
from mocks.journal import Entry
from mocks.matching import birth_fits, iso_from_compact, iso_from_local, name_fits, other_person
from mocks.names import full_name
from mocks.numbers import Key, insurance_code, personal_id
from mocks.people import birth
from mocks.server import Handled, Message, Take
from mocks.special import EXAMPLE
from mocks.words import words
from schemas.dates import LOCAL

TOKEN_PATH = "/api/token/take"  # noqa: S105 — a path, not a secret
CARD_PATH = "/api/egw/NhanLichSuKCB2024"
SOCIAL_PATH = "/api/egw/getMaSoBhxhTheoTieuChi"

_JSON = "application/json; charset=utf-8"
_TOKENS_KEPT = 1000
_CARD_MEMBERS = words(
    "ghiChu maThe hoTen ngaySinh gioiTinh diaChi maDKBD tenDKBD cqBHXH gtTheTu gtTheDen maKV ngayDu5Nam maSoBHXH "
    "maTheCu maTheMoi gtTheTuMoi gtTheDenMoi maDKBDMoi tenDKBDMoi soDinhDanh thoiDiemDuLieu"
)
_SOCIAL_MEMBERS = words(
    "errorDescription maSoBhxh hoTen ngaySinh loaiNgaySinh gioiTinh trangThai maHoGiaDinh soDinhDanh thoiDiemDuLieu"
)
_PRECISION = {8: "0", 4: "1", 6: "2"}
_NOTES = {"000": "Thông tin thẻ chính xác", "401": "Phiên làm việc hết hạn"}
_BROKEN_MEMBER = {
    "drift": ("hoTen", "hoVaTen", None),
    "bad_boolean": ("gioiTinh", "gioiTinh", "maybe"),
    "bad_date": ("ngaySinh", "ngaySinh", "31/02/19x1"),
}


class Insurance:
    """Answers log-ins, card look-ups and code look-ups."""

    content_modes = frozenset(
        words("fault drift another_person two_results refuse_auth wrong_request bad_boolean bad_date")
    )

    def __init__(self, secrets: InsuranceSecrets, token_ttl_s: float = 900.0) -> None:
        self._secrets = secrets
        self._digest = hashlib.sha256(secrets.password.encode()).hexdigest()
        self._ttl_s = token_ttl_s
        self._tokens: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._last: tuple[str, float] = ("", 0.0)

    def handle(self, message: Message, take: Take) -> Handled | None:
        """Answer a POST."""
        if message.path == TOKEN_PATH:
            return Handled(self._log_in(message))
        social = message.path == SOCIAL_PATH
        if not social and message.path != CARD_PATH:
            return None
        operation = message.path.rpartition("/")[2]
        request_id = message.headers.get("X-Request-Id")
        asked = _texts(message.body)
        if asked is None:
            return Handled(_failed("205", social=social), Entry(operation, "", request_id, "refused"))
        subject = _identifier(asked, social=social)
        if not self._admitted(message):
            return Handled(_failed("401", social=social), Entry(operation, subject, request_id, "refused"))
        key, reason = find(subject)
        mode = take(key.serial if key is not None else None)
        body, outcome = _social(asked, key, message.now) if social else _card(asked, key, reason, message.now)
        answered = Reply(200, _JSON, orjson.dumps(body))
        if mode is not None and mode.name not in HELD_BACK:
            outcome = mode.name
            if mode.name in self.content_modes:
                answered = self._broken(mode, key or EXAMPLE, message.now, social=social)
        return Handled(answered, Entry(operation, subject, request_id, outcome), mode)

    def _log_in(self, message: Message) -> Reply:
        asked = _texts(message.body) or {}
        right = hmac.compare_digest(asked.get("username", "").encode(), self._secrets.username.encode())
        right &= hmac.compare_digest(asked.get("password", "").encode(), self._secrets.password.encode())
        if not right:
            return Reply(200, _JSON, orjson.dumps({"maKetQua": "401", "APIKey": None}))
        token, id_token = random_texts.token_urlsafe(24), random_texts.token_urlsafe(24)
        expires = message.now + self._ttl_s
        self._tokens[token] = (id_token, expires)
        while len(self._tokens) > _TOKENS_KEPT:
            self._tokens.popitem(last=False)
        key = {
            "access_token": token,
            "id_token": id_token,
            "token_type": "Bearer",
            "username": self._secrets.username,
            "expires_in": datetime.fromtimestamp(expires, LOCAL).isoformat(timespec="seconds"),
        }
        return Reply(200, _JSON, orjson.dumps({"maKetQua": "200", "APIKey": key}))

    def _admitted(self, message: Message) -> bool:
        """Check the query; it comes again and again, so the last good one is remembered with its expiry."""
        query, expires = self._last
        if message.query == query and message.now < expires:
            return True
        given = {name: values[-1] for name, values in parse_qs(message.query).items()}
        id_token, expires = self._tokens.get(given.get("token", ""), ("", 0.0))
        right = message.now < expires and hmac.compare_digest(given.get("id_token", "").encode(), id_token.encode())
        right &= hmac.compare_digest(given.get("username", "").encode(), self._secrets.username.encode())
        right &= hmac.compare_digest(given.get("password", "").encode(), self._digest.encode())
        if right:
            self._last = (message.query, expires)
        return right

    def _broken(self, mode: Mode, key: Key, now: float, *, social: bool) -> Reply:
        answer: Any = _social_record(key, now) if social else _card_record(key, "000", now)
        match mode.name:
            case "fault":
                return _failed("500", social=social)
            case "refuse_auth":
                self._tokens.clear()
                self._last = ("", 0.0)
                return _failed("401", social=social)
            case "two_results":
                answer = [answer, answer]
            case "another_person" | "wrong_request":
                other = other_person(key)
                answer = _social_record(other, now) if social else _card_record(other, "000", now)
            case broken:
                old, new, value = _BROKEN_MEMBER[broken]
                answer[new] = answer.pop(old) if value is None else value
        return Reply(200, _JSON, orjson.dumps(answer))


def _texts(body: bytes) -> dict[str, str] | None:
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(asked, dict) or not all(isinstance(value, str) for value in asked.values()):
        return None
    return asked


def _identifier(asked: dict[str, str], *, social: bool) -> str:
    return (asked.get("soDinhDanh") or asked.get("maSoBhxh", "")) if social else asked.get("maThe", "")


def _officer(asked: dict[str, str]) -> str:
    """`054` for an officer who is not registered, `055` where the name does not fit, else nothing."""
    number = asked.get("cccdCb", "")
    if len(number) != 12 or not number.isdigit() or number.endswith("054"):  # noqa: PLR2004 — a personal number
        return "054"
    return "055" if number.endswith("055") or not asked.get("hoTenCb") else ""


def _card(asked: dict[str, str], key: Key | None, reason: str, now: float) -> tuple[dict[str, Any], str]:
    """Answer a right or wrong question about a card."""
    code = _officer(asked)
    if code:
        return _card_nothing(code, now), "fault"
    if key is None:
        return _card_nothing(reason, now), "no_match"
    if not name_fits(key, asked.get("hoTen", "")):
        return _card_nothing("060", now), "no_match"
    if not birth_fits(key, iso_from_local(asked.get("ngaySinh", ""), "/")):
        return _card_nothing("070", now), "no_match"
    code = card_code(key)
    if code in FOUND_CODES:
        return _card_record(key, code, now), "found"
    return _card_nothing(code, now), "no_match" if code in SILENT_CODES else "fault"


def _card_nothing(code: str, now: float) -> dict[str, Any]:
    return {
        "maKetQua": code,
        **dict.fromkeys(_CARD_MEMBERS, ""),
        "thoiDiemDuLieu": compact_local(now),
        "dsLichSuKCB2018": [],
        "dsLichSuKT2018": [],
    }


def _card_record(key: Key, code: str, now: float) -> dict[str, Any]:
    return {**_card_values(key, code), "thoiDiemDuLieu": compact_local(now)}


@lru_cache(maxsize=8192)
def _card_values(key: Key, code: str) -> dict[str, Any]:
    held = card(key) or card(EXAMPLE)
    assert held is not None, "the example person is insured"  # noqa: S101 — a fact of the tables
    new = held.new or ""
    return {
        "maKetQua": code,
        "ghiChu": _NOTES.get(code, ""),
        "maThe": held.number,
        "hoTen": full_name(key),
        "ngaySinh": birth(key).local("/"),
        "gioiTinh": str(key.sex + 1),
        "diaChi": address_text(key),
        "maDKBD": held.place,
        "tenDKBD": held.place_name,
        "cqBHXH": "Bảo hiểm xã hội tỉnh 99",
        "gtTheTu": _day(held.valid_from),
        "gtTheDen": _day(held.valid_to),
        "maKV": held.area,
        "ngayDu5Nam": _day(held.five_years_on),
        "maSoBHXH": insurance_code(key) or "",
        "maTheCu": "",
        "maTheMoi": new,
        "gtTheTuMoi": _day(held.valid_to) if new else "",
        "gtTheDenMoi": f"31/12/{held.valid_to.year + 1}" if new else "",
        "maDKBDMoi": held.place if new else "",
        "tenDKBDMoi": held.place_name if new else "",
        "soDinhDanh": personal_id(key),
        "dsLichSuKCB2018": treatments(key),
        "dsLichSuKT2018": [],
    }


def _social(asked: dict[str, str], key: Key | None, now: float) -> tuple[dict[str, Any], str]:
    """Answer a question about a social-insurance code."""
    code = _officer(asked)
    if code:
        return {"errorCode": code, **dict.fromkeys(_SOCIAL_MEMBERS, "")}, "fault"
    fits = (
        key is not None
        and social_status(key) is not None
        and name_fits(key, asked.get("hoTen", ""))
        and birth_fits(key, iso_from_compact(asked.get("ngaySinh", "")))
    )
    if key is None or not fits:
        return {
            "errorCode": "0",
            **dict.fromkeys(_SOCIAL_MEMBERS, ""),
            "thoiDiemDuLieu": compact_local(now),
        }, "no_match"
    return _social_record(key, now), "found"


def _social_record(key: Key, now: float) -> dict[str, Any]:
    born = birth(key).compact()
    return {
        "errorCode": "0",
        "errorDescription": "",
        "maSoBhxh": insurance_code(key) or "",
        "hoTen": full_name(key),
        "ngaySinh": born,
        "loaiNgaySinh": _PRECISION[len(born)],
        "gioiTinh": str(key.sex + 1),
        "trangThai": social_status(key) or "",
        "maHoGiaDinh": household_code(key),
        "soDinhDanh": personal_id(key),
        "thoiDiemDuLieu": compact_local(now),
    }


def _failed(code: str, *, social: bool) -> Reply:
    member, others = ("errorCode", _SOCIAL_MEMBERS) if social else ("maKetQua", _CARD_MEMBERS)
    lists: dict[str, Any] = {} if social else {"dsLichSuKCB2018": [], "dsLichSuKT2018": []}
    return Reply(200, _JSON, orjson.dumps({member: code, **dict.fromkeys(others, ""), **lists}))


def _day(day: date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year}"
