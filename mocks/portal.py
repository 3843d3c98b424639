"""The National Public Service Portal as status reporters meet it: a log-in, and one address for all (DOMAIN 5).

JSON over POST, all values texts. The rule: a call is taken whole or not at all, and what is answered with success is
held for good: with a file it is written there first, so that a kill of this process loses nothing it acknowledged.
Error codes other than success are our design: no public list of them was found.
"""

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from mocks.behaviour import Mode, Reply
from mocks.credentials import PortalSecrets
from mocks.journal import Entry
from mocks.portal_fields import FIELD_CODE, FIELD_NAME, DataError, check_dossier, check_progress, procedure_name
from mocks.server import Handled, Message, Take
from mocks.words import words

LOGIN, SERVICE = "/mapi/login", "/mapi/g"
SYNC, PROGRESS, LOOK_UP = "DongBoHoSoMC", "CapNhatTienDoHoSoMC", "TraCuuHoSo"
PROCEDURES, TABLES = "LayThuTuc", "LayDanhMuc"

_JSON = "application/json; charset=utf-8"
_NO_SESSION, _WRONG, _EXISTS, _UNKNOWN, _FAULT = "-1", "1", "2", "3", "99"
_TEXTS = {
    _NO_SESSION: "Phiên làm việc không hợp lệ hoặc đã hết hạn",
    _EXISTS: "Hồ sơ đã tồn tại",
    _UNKNOWN: "Hồ sơ không tồn tại",
    _FAULT: "Hệ thống đang bận",
}
_UNDONE = frozenset(words("http_500 redirect html fault already_exists lost_request"))
"""Modes whose call is not carried out; all others do what they were asked and answer badly."""
_DROP = Mode("drop")


@dataclass(slots=True)
class Held:
    """One dossier: its members as last told, its progress, and every call about it that was taken."""

    members: dict[str, Any]
    progress: list[dict[str, str]]
    history: list[dict[str, Any]]


class Refused(Exception):  # noqa: N818 — an answer, not a failure
    """The call is answered with an error code."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.text = text or _TEXTS[code]


class Portal:
    """Answers the log-in and the five services; `file` keeps what was taken."""

    content_modes = frozenset(words("fault already_exists duplicate session_expired lost_answer lost_request"))

    def __init__(self, known: PortalSecrets, file: Path | None = None, session_s: float = 1800.0) -> None:
        self._known = known
        self._session_s = session_s
        self._sessions: dict[str, float] = {}
        self._held: dict[str, Held] = {}
        self._descriptor: int | None = None
        if file is not None:
            self._recall(file)
            self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def handle(self, message: Message, take: Take) -> Handled | None:
        """Answer a POST; `None` where there is nothing at the path."""
        if message.path == LOGIN:
            return Handled(self._log_in(message))
        return self._serve(message, take) if message.path == SERVICE else None

    def state(self) -> bytes:
        """Everything held, by dossier: `members`, `progress` and `history`, oldest first."""
        held = {
            code: {"members": one.members, "progress": one.progress, "history": one.history}
            for code, one in self._held.items()
        }
        return orjson.dumps({"dossiers": held})

    def _log_in(self, message: Message) -> Reply:
        asked = _object(message.body)
        given = (str(asked.get("username", "")), str(asked.get("password", "")))
        wanted = (self._known.username, self._known.password)
        if not all(hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(given, wanted, strict=True)):
            return _reply(_WRONG, "Sai tên đăng nhập hoặc mật khẩu")
        session = secrets.token_hex(16)
        self._sessions = {key: until for key, until in self._sessions.items() if until > message.now}
        self._sessions[session] = message.now + self._session_s
        return Reply(200, _JSON, orjson.dumps({"session": session, "error_code": 0}))

    def _serve(self, message: Message, take: Take) -> Handled:
        asked = _object(message.body)
        service, data = str(asked.get("service", "")), asked.get("data")
        subject = _subject(data)
        if self._sessions.get(str(asked.get("session", "")), 0.0) <= message.now:
            return Handled(_reply(_NO_SESSION), Entry(service, subject, None, "refused"))
        mode = take(None)
        name = mode.name if mode is not None else ""
        if name == "session_expired":
            self._sessions.clear()
            return Handled(_reply(_NO_SESSION), Entry(service, subject, None, name))
        if name in _UNDONE:
            reply = _reply(_FAULT if name != "already_exists" else _EXISTS)
            return Handled(reply, Entry(service, subject, None, name), _DROP if name == "lost_request" else mode)
        try:
            reply = self._carry_out(service, asked)
            if name == "duplicate":
                reply = self._carry_out(service, asked)
        except Refused as refused:
            return Handled(_reply(refused.code, refused.text), Entry(service, subject, None, name or "refused"), mode)
        return Handled(reply, Entry(service, subject, None, name or "taken"), _DROP if name == "lost_answer" else mode)

    def _carry_out(self, service: str, asked: Mapping[str, Any]) -> Reply:
        if not isinstance(asked.get("madonvi"), str) or not asked["madonvi"]:
            raise Refused(_WRONG, "Thiếu madonvi")
        match service:
            case "DongBoHoSoMC" | "CapNhatTienDoHoSoMC":
                call = {"service": service, "isUpdating": asked.get("isUpdating"), "data": asked.get("data")}
                self._check(call)
                if self._descriptor is not None:
                    os.write(self._descriptor, orjson.dumps(call, option=orjson.OPT_APPEND_NEWLINE))
                self._take(call)
                return _reply("0" if service == SYNC else "00", "Thành công")
            case "TraCuuHoSo":
                return _data([self._found(code) for code in self._codes(asked) if code in self._held])
            case "LayThuTuc":
                return _data(_procedures())
            case "LayDanhMuc":
                return _data([{"Ma": FIELD_CODE, "Ten": FIELD_NAME}])
        raise Refused(_WRONG, "Không có dịch vụ này")

    def _codes(self, asked: Mapping[str, Any]) -> list[str]:
        data = asked.get("data")
        if not isinstance(data, list) or not all(isinstance(one, dict) and set(one) == {"MaHoSo"} for one in data):
            raise Refused(_WRONG, "data là danh sách {MaHoSo}")
        return [str(one["MaHoSo"]) for one in data]

    def _found(self, code: str) -> dict[str, Any]:
        held = self._held[code]
        return {**held.members, "QuaTrinhXuLy": held.progress}

    def _check(self, call: Mapping[str, Any]) -> None:
        """Refuse a call that cannot be taken whole."""
        data = call["data"]
        if not isinstance(data, list) or not data:
            raise Refused(_WRONG, "Thiếu data")
        sync = call["service"] == SYNC
        if sync and call["isUpdating"] not in ("True", "False"):
            raise Refused(_WRONG, 'isUpdating là "True" hoặc "False"')
        for item in data:
            try:
                code = check_dossier(item) if sync else check_progress(item)
            except DataError as error:
                raise Refused(_WRONG, str(error)) from None
            if sync and call["isUpdating"] == "False":
                if code in self._held:
                    raise Refused(_EXISTS)
            elif code not in self._held:
                raise Refused(_UNKNOWN)

    def _take(self, call: Mapping[str, Any]) -> None:
        for item in call["data"]:
            code = item["MaHoSo"]
            if call["service"] == SYNC:
                held = self._held.setdefault(code, Held({}, [], []))
                effect = any(held.members.get(name) != value for name, value in item.items())
                held.members.update(item)
                note = {"service": SYNC, "TrangThai": item["TrangThaiHoSo"], "at": "", "effect": effect}
            else:
                held = self._held[code]
                effect = item not in held.progress
                if effect:
                    held.progress.append(item)
                note = {"service": PROGRESS, "TrangThai": item["TrangThai"], "at": item["ThoiDiemXuLy"]}
                note["effect"] = effect
            held.history.append(note)

    def _recall(self, file: Path) -> None:
        """Take again what was taken; a line cut short by a kill was never acknowledged."""
        if not file.exists():
            return
        whole = file.read_bytes()
        lines = whole[: whole.rfind(b"\n") + 1]
        if len(lines) < len(whole):
            os.truncate(file, len(lines))
        for line in lines.splitlines():
            self._take(orjson.loads(line))


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _subject(data: Any) -> str:
    codes = [str(one.get("MaHoSo", "")) for one in data if isinstance(one, dict)] if isinstance(data, list) else []
    return ",".join(codes)


def _reply(code: str, text: str = "") -> Reply:
    return Reply(200, _JSON, orjson.dumps({"error_code": code, "message": text or _TEXTS[code]}))


def _data(rows: list[Any]) -> Reply:
    return Reply(200, _JSON, orjson.dumps({"error_code": "0", "message": "Thành công", "data": rows}))


def _procedures() -> list[dict[str, str]]:
    return [
        {
            "MaTTHC": f"9.9999{number:02}",
            "TenTTHC": procedure_name(number),
            "MaLinhVuc": FIELD_CODE,
            "TenLinhVuc": FIELD_NAME,
        }
        for number in range(1, 100)
    ]
