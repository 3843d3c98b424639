"""The National Public Service Portal as we speak to it: sessions, and dossiers in batches (DOMAIN section 5).

The rule: a call either did what it was asked, or an error says which of five things happened: the portal was not
reached or did not say (`RegistryError`: what it did is unknown unless it was `refused`), it is busy (`PortalBusy`), the
dossier is there already (`PortalExists`), it is not there (`PortalMissing`), or it refuses for good (`PortalRefused`).
A session that ended is renewed once. Nothing the portal writes is passed on, only its code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from adapters.contract import RegistryFault, RegistryInvalid
from adapters.http import HttpTransport
from adapters.portal_fields import LOOK_UP, PROCEDURES, PROGRESS, SYNC, PortalProcedure
from adapters.rest import HEADERS, Token, TokenSource, read_object

LOGIN_PATH, SERVICE_PATH = "/mapi/login", "/mapi/g"
SESSION_LIFE = timedelta(minutes=25)
_SUCCESS = frozenset({"0", "00"})
_NO_SESSION, _EXISTS, _UNKNOWN = "-1", "2", "3"
_BUSY = frozenset({"99", "500", "503"})
_EXISTS_WORDS = ("đã tồn tại", "already exist")
_CODE_LIMIT = 16


class PortalError(Exception):
    """The portal answered, and not with success. `code` is its own code, cut to letters and digits."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PortalBusy(PortalError):  # noqa: N818 — named for what happened
    """It says that it cannot do it now; it was not done."""


class PortalExists(PortalError):  # noqa: N818 — as above
    """What was to be made is there already."""


class PortalMissing(PortalError):  # noqa: N818 — as above
    """What was to be changed is not there."""


class PortalRefused(PortalError):  # noqa: N818 — as above
    """It will not take this, however often it is sent."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The account of this installation."""

    username: str
    password: str = field(repr=False)


class PortalClient:
    """Calls the portal under one account and unit (`madonvi`). Safe for concurrent use within one event loop."""

    def __init__(self, transport: HttpTransport, credentials: Credentials, unit: str) -> None:
        self._transport = transport
        self._credentials = credentials
        self._unit = unit
        self._login_url, self._service_url = transport.url(LOGIN_PATH), transport.url(SERVICE_PATH)
        self._sessions = TokenSource(self._log_in)

    async def sync(
        self, items: Sequence[Mapping[str, Any]], *, updating: bool, now: datetime, timeout_s: float
    ) -> None:
        """Make or update dossiers, all or none. Raises `PortalError` or `RegistryError`."""
        await self._call(SYNC, {"isUpdating": str(updating), "data": items}, now, timeout_s)

    async def progress(self, items: Sequence[Mapping[str, str]], *, now: datetime, timeout_s: float) -> None:
        """Add progress lines, all or none. Raises `PortalError` or `RegistryError`."""
        await self._call(PROGRESS, {"data": items}, now, timeout_s)

    async def held(self, codes: Sequence[str], *, now: datetime, timeout_s: float) -> dict[str, Mapping[str, Any]]:
        """Ask what the portal holds of some dossiers: members, and `QuaTrinhXuLy` with the progress lines.

        Dossiers it does not know are left out. Raises `PortalError` or `RegistryError`.
        """
        try:
            answer = await self._call(LOOK_UP, {"data": [{"MaHoSo": code} for code in codes]}, now, timeout_s)
        except PortalMissing:
            return {}
        wanted = set(codes)
        return {row["MaHoSo"]: row for row in _rows(answer) if row.get("MaHoSo") in wanted}

    async def procedures(self, *, now: datetime, timeout_s: float) -> dict[str, PortalProcedure]:
        """Return the portal's procedures by code. Raises `PortalError` or `RegistryError`."""
        answer = await self._call(PROCEDURES, {}, now, timeout_s)
        return {
            str(row.get("MaTTHC")): PortalProcedure(
                str(row.get("TenTTHC")), str(row.get("MaLinhVuc")), str(row.get("TenLinhVuc"))
            )
            for row in _rows(answer)
        }

    async def close(self) -> None:
        """Close every connection."""
        await self._transport.close()

    async def _call(self, service: str, members: Mapping[str, Any], now: datetime, timeout_s: float) -> dict[str, Any]:
        session = await self._sessions.current(now, timeout_s)
        answer = await self._post(session, service, members, timeout_s)
        if _code(answer) == _NO_SESSION:
            session = await self._sessions.renewed(session, now, timeout_s)
            answer = await self._post(session, service, members, timeout_s)
        _check(answer)
        return answer

    async def _post(self, session: Token, service: str, members: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        body = {"session": session.text, "madonvi": self._unit, "service": service, **members}
        reply = await self._transport.post(self._service_url, orjson.dumps(body), HEADERS, timeout_s)
        return read_object(reply.body)

    async def _log_in(self, now: datetime, timeout_s: float) -> Token:
        body = {"username": self._credentials.username, "password": self._credentials.password}
        reply = await self._transport.post(self._login_url, orjson.dumps(body), HEADERS, timeout_s)
        answer = read_object(reply.body)
        session = answer.get("session")
        if _code(answer) not in _SUCCESS:
            raise RegistryFault("login-refused")
        if type(session) is not str or not session:
            raise RegistryInvalid("schema-drift")
        return Token(session, now + SESSION_LIFE)


def _code(answer: Mapping[str, Any]) -> str:
    """Return an answer's code: 0, "0" and "00" are all in use. Raises `RegistryInvalid` where there is none."""
    code = answer.get("error_code")
    if isinstance(code, bool) or not isinstance(code, int | str):
        raise RegistryInvalid("schema-drift")
    return str(code)


def _check(answer: Mapping[str, Any]) -> None:
    code, text = _code(answer), answer.get("message")
    if code in _SUCCESS:
        return
    told = "".join(letter for letter in code if letter.isascii() and (letter.isalnum() or letter == "-"))[:_CODE_LIMIT]
    words = text.casefold() if isinstance(text, str) else ""
    if code == _EXISTS or any(word in words for word in _EXISTS_WORDS):
        raise PortalExists(told)
    if code == _UNKNOWN:
        raise PortalMissing(told)
    if code == _NO_SESSION or code in _BUSY:
        raise PortalBusy(told)
    raise PortalRefused(told)


def _rows(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rows = answer.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise RegistryInvalid("schema-drift")
    return rows
