"""The citizen's interface for a portal that has authenticated the citizen, in the shape of Estonia's data tracker v2.

`GET findUsage`, `usagePeriod`, `heartbeat`, and our own `POST objections`, under `/citizen-api` on the console's port.
The rule: the portal proves itself with a key from a file; every report is in the log before it is answered; nothing
that was sent is echoed.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from aiohttp import web

from gateway.cases.desk import Record
from gateway.cases.states import Actor, CaseRefused
from gateway.citizen.objecting import NotYours, Objections
from gateway.citizen.report import Period, Reporter
from gateway.citizen.shapes import as_json
from gateway.evidence.contract import EvidenceUnavailable
from gateway.settings import SettingsError, require_private_file
from gateway.store.citizen import oldest_entry
from gateway.store.database import Database, StoreError
from schemas.dates import LOCAL
from schemas.identifiers import canonical

PREFIX = "/citizen-api"
PORTAL = Actor("portal", "portal")
KEY_CHARACTERS = 32
YEAR = timedelta(days=366)
_DEFAULT_ROWS, _MOST_ROWS = 1000, 10_000
_Handler = Callable[[web.Request], Awaitable[web.Response]]


class BadRequest(Exception):  # noqa: N818 — named as its status
    """The request is not as described; the text is safe to show."""


def load_api_key(path: Path) -> bytes:
    """Read the portal's key, at least 32 characters, from a file of mode 0600. Raises `SettingsError`."""
    name = "LIENTHONG_CONSOLE_CITIZEN_KEY"
    try:
        require_private_file(path, name)
        key = path.read_bytes().strip()
    except (ValueError, OSError) as error:
        raise SettingsError(str(error)) from None
    if len(key) < KEY_CHARACTERS:
        raise SettingsError(f"{name} must hold at least {KEY_CHARACTERS} random characters")
    return key


class CitizenApi:
    """The handlers. `record` appends the entry of an act of the portal."""

    def __init__(
        self,
        database: Database,
        reporter: Reporter,
        objections: Objections,
        record: Record,
        key: bytes,
        clock: Callable[[], datetime],
    ) -> None:
        self._database, self._reporter, self._objections = database, reporter, objections
        self._record, self._key, self._clock = record, key, clock

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for the console's application."""
        return [
            web.get(f"{PREFIX}/heartbeat", self._answering(self.heartbeat)),
            web.get(f"{PREFIX}/usagePeriod", self._answering(self.usage_period)),
            web.get(f"{PREFIX}/findUsage", self._answering(self.find_usage)),
            web.post(f"{PREFIX}/objections", self._answering(self.objections)),
        ]

    async def heartbeat(self, _: web.Request) -> web.Response:
        """Say whether the log can be read."""
        await oldest_entry(self._database)
        return _json({"status": "OK", "message": "Sẵn sàng"})

    async def usage_period(self, _: web.Request) -> web.Response:
        """Say since when the log goes."""
        since = await oldest_entry(self._database) or self._clock()
        return _json({"periodStart": since.astimezone(LOCAL).isoformat()})

    async def find_usage(self, request: web.Request) -> web.Response:
        """Answer who looked."""
        person = _person(request.headers.get("X-Road-UserId"), request.query.get("userCode"))
        period = self._period(request.query)
        offset = _whole(request.query.get("offset"), 0, 0, _MOST_ROWS)
        limit = _whole(request.query.get("limit"), _DEFAULT_ROWS, 1, _MOST_ROWS)
        report = await self._reporter.report(person, period, PORTAL.login)
        return _json(as_json(report, offset, limit))

    async def objections(self, request: web.Request) -> web.Response:
        """Take an objection: `{"userCode", "entry", "note"?}` → 201 `{"case", "due"}`, 200 where it is known."""
        body = await _body(request)
        person = _person(None, body.get("userCode"))
        note = body.get("note")
        if note is not None and not isinstance(note, str):
            raise BadRequest("note is a text")
        done = await self._objections.object(self._record, PORTAL, person, _entry(body.get("entry")), note)
        told = {"case": done.case_id, "due": done.due_at.astimezone(LOCAL).isoformat()}
        return _json(told, 201 if done.new else 200)

    def _period(self, query: Mapping[str, str]) -> Period:
        now = self._clock()
        until = _moment(query.get("periodEnd"), now)
        since = _moment(query.get("periodStart"), until - YEAR)
        if since >= until:
            raise BadRequest("periodStart lies before periodEnd")
        return Period(since, until)

    def _answering(self, handler: _Handler) -> _Handler:
        """Return the handler behind the key, its errors told in JSON."""

        async def answer(request: web.Request) -> web.Response:
            if not self._may(request):
                return _error(401, "the key is missing or wrong")
            try:
                return await handler(request)
            except BadRequest as error:
                return _error(400, str(error))
            except CaseRefused as error:
                return _error(400, str(error))
            except NotYours:
                return _error(404, "no such look-up")
            except (StoreError, EvidenceUnavailable):
                return _error(503, "the log cannot be read or written: nothing is told")

        return answer

    def _may(self, request: web.Request) -> bool:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self._key)


def _person(header: str | None, code: object) -> tuple[str, str]:
    """Return whom it is about: `userCode`, or the user who asks. `VN` may precede the number."""
    text = code if code is not None else header
    if not isinstance(text, str):
        raise BadRequest("X-Road-UserId or userCode names a person")
    try:
        return "personal_id", canonical("personal_id", text.removeprefix("VN"))
    except ValueError:
        raise BadRequest("a person is named by VN and 12 digits") from None


def _moment(text: str | None, default: datetime) -> datetime:
    if text is None:
        return default
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)).astimezone(LOCAL)
    except (ValueError, OverflowError):
        raise BadRequest("periodStart and periodEnd are date-times") from None


def _whole(text: str | None, default: int, least: int, most: int) -> int:
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or not least <= int(text[:9]) <= most:
        raise BadRequest(f"offset and limit are whole numbers up to {most}")
    return int(text[:9])


def _entry(value: object) -> str:
    try:
        return str(UUID(value)) if isinstance(value, str) else _no_entry()
    except ValueError:
        return _no_entry()


def _no_entry() -> str:
    raise BadRequest("entry is the id of a row of the report")


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        raise BadRequest("the body is not JSON") from None
    if not isinstance(body, dict) or body.keys() - {"userCode", "entry", "note"}:
        raise BadRequest("the body has userCode, entry and, where there is one, note")
    return body


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


def _error(status: int, message: str) -> web.Response:
    return _json({"status": "FAIL", "message": message}, status)
