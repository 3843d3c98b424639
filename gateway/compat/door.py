"""The handlers of the drop-in door: `POST /compat/dvcqg/login` and `/compat/dvcqg/service` (issue: a drop-in door).

The rule: nothing is there unless `compat.toml` is; every call is one entry of the log before its answer goes out;
an account reports for its client's agencies and sees its client's own dossiers, and those by status alone.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from adapters.portal_fields import LOOK_UP, PROGRESS, SYNC
from gateway.agreements import reporting_scope
from gateway.compat.accounts import AT_ONCE, Accounts, LoginLimiter
from gateway.compat.messages import (
    BUSY,
    NO_SESSION,
    OK,
    UNKNOWN,
    WRONG,
    DialectError,
    Message,
    answer,
    events_of,
    messages_of,
    status_row,
)
from gateway.dossiers.receiving import EventResult, Receiver
from gateway.evidence.contract import Draft, Evidence, EvidenceUnavailable, Kind, Loss
from gateway.evidence.floods import RefusalQueue
from gateway.flow.exchange import Exchange, Reply
from gateway.live import LiveConfiguration
from gateway.refusals import Refusal
from gateway.snapshot import Snapshot
from gateway.store.compat import open_session, own_dossiers, reported_at, session_account
from gateway.store.database import Database, StoreError
from schemas.configuration import CompatAccount
from schemas.strict_json import JsonRefused, loads

_SESSION_BYTES, _TEXT_LIMIT = 24, 256
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class _Visitor:
    """An account whose session and place were checked for this very call."""

    account: CompatAccount
    exchange: Exchange


_Serve = Callable[["Door", _Visitor, Mapping[str, Any]], Awaitable[Reply]]


class Door:
    """The drop-in door of one worker."""

    def __init__(
        self,
        database: Database,
        evidence: Evidence,
        strangers: RefusalQueue,
        live: LiveConfiguration,
        receiver: Receiver,
        secrets_dir: Path,
    ) -> None:
        self._database, self._evidence, self._strangers = database, evidence, strangers
        self._live, self._receiver, self._secrets_dir = live, receiver, secrets_dir
        self._limiter = LoginLimiter(monotonic)
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._accounts: Accounts | None = None

    def offered(self, params: Mapping[str, str]) -> bool:
        """Whether there is such a path now."""
        return self._live.snapshot.configuration.compat is not None and params["operation"] in {"login", "service"}

    async def handle(self, exchange: Exchange, params: Mapping[str, str]) -> Reply:
        """Answer one call, in the dialect whatever happens."""
        accounts = self._current()
        try:
            call = await self._read(exchange)
            if params["operation"] == "login":
                return await self._log_in(exchange, accounts, call)
            visitor = await self._visitor(exchange, accounts, call)
            return await self._serve(visitor, call)
        except DialectError as error:
            return answer(error.code, error.text)
        except (EvidenceUnavailable, StoreError):
            return answer(BUSY, status=503)

    def _current(self) -> Accounts:
        compat = self._live.snapshot.configuration.compat
        if compat is None:  # withdrawn since the path was matched
            raise Refusal("not-found", "path")
        if self._accounts is None or self._accounts.compat is not compat:
            self._accounts = Accounts(compat, self._secrets_dir)
        return self._accounts

    async def _read(self, exchange: Exchange) -> dict[str, Any]:
        try:
            call = loads(exchange.body)
        except JsonRefused:
            call = None
        if not isinstance(call, dict):
            await self._turn_away(exchange, "request-malformed", "json")
            raise DialectError(WRONG, "Nội dung phải là một đối tượng JSON")
        return call

    async def _log_in(self, exchange: Exchange, accounts: Accounts, call: Mapping[str, Any]) -> Reply:
        username, password = _text(call, "username"), _text(call, "password")
        if not self._limiter.admits(username, exchange.address):
            await self._turn_away(exchange, "rate-limited", "log-ins")
            raise DialectError(WRONG, "Đăng nhập sai nhiều lần, vui lòng thử lại sau")
        account = accounts.placed(username, exchange.peer, exchange.request.headers)
        fits = await accounts.verified(username, password, self._slots)
        if account is None or not fits or self._suspended(account):
            self._limiter.failed(username, exchange.address)
            await self._turn_away(exchange, "signature-invalid", "log-in")
            raise DialectError(WRONG, "Sai tên đăng nhập hoặc mật khẩu")
        visitor = _Visitor(account, exchange)
        await self._record(visitor, lambda snapshot: _draft(visitor, Kind.READ, snapshot, outcome="session"))
        session = secrets.token_urlsafe(_SESSION_BYTES)
        await open_session(self._database, session, account.username)
        return answer(OK, session=session)

    async def _visitor(self, exchange: Exchange, accounts: Accounts, call: Mapping[str, Any]) -> _Visitor:
        session = _text(call, "session")
        username = await session_account(self._database, session) if session else None
        account = accounts.placed(username, exchange.peer, exchange.request.headers) if username else None
        if account is None or self._suspended(account):
            await self._turn_away(exchange, "signature-invalid", "session")
            raise DialectError(NO_SESSION)
        return _Visitor(account, exchange)

    async def _serve(self, visitor: _Visitor, call: Mapping[str, Any]) -> Reply:
        service = call.get("service")
        visitor.exchange.context["service"] = f"dvcqg/{service}" if str(service) in self._SERVICES else "dvcqg"
        serve = self._SERVICES.get(str(service), Door._unknown)
        try:
            return await serve(self, visitor, call)
        except DialectError as error:
            reason = error.reason
            await self._record(visitor, lambda snapshot: _refusal(visitor, snapshot, reason))
            raise

    async def _unknown(self, _: _Visitor, __: Mapping[str, Any]) -> Reply:
        raise DialectError(WRONG, "Không có dịch vụ này", "service")

    async def _take(self, visitor: _Visitor, call: Mapping[str, Any]) -> Reply:
        client, now = visitor.account.client, visitor.exchange.at
        messages = messages_of(call)
        scope = reporting_scope(self._live.snapshot, client)
        codes = sorted({message.dossier for message in messages})
        known = await own_dossiers(self._database, client, scope, codes)
        reported = await reported_at(self._database, client, [message.event_id for message in messages])
        events = events_of(messages, _text(call, "madonvi"), known, reported, now)
        if not all(scope.holds(event.agency) for event in events):
            raise DialectError(WRONG, "Đơn vị không thuộc phạm vi được báo cáo", "agreement-missing")
        salt = secrets.token_bytes(16)
        await self._record(visitor, lambda snapshot: _push_draft(visitor, snapshot, messages, salt))
        results = await self._receiver.receive(
            client,
            scope,
            events,
            request_id=visitor.exchange.request_id,
            now=now,
            source="compat",
            binds=visitor.account.binds_lookups,
            originals={message.event_id: message.original for message in messages},
        )
        refused = [number for number, result in enumerate(results, 1) if _is_refused(result)]
        if refused:
            return answer(WRONG, "Không nhận được phần tử " + ", ".join(map(str, refused)))
        return answer(OK)

    async def _look_up(self, visitor: _Visitor, call: Mapping[str, Any]) -> Reply:
        codes = _codes(call)
        snapshot = self._live.snapshot
        scope = reporting_scope(snapshot, visitor.account.client)
        found = await own_dossiers(self._database, visitor.account.client, scope, codes)
        only = codes[0] if len(codes) == 1 else None
        detail = {"asked": len(codes), "found": len(found)}
        await self._record(
            visitor,
            lambda snapshot: _draft(
                visitor,
                Kind.READ,
                snapshot,
                dossier=only,
                outcome="found" if found else "no_match",
                detail=detail,
                sealed={"dossiers": codes},
            ),
        )
        if not found:
            return answer(UNKNOWN, data=[])
        return answer(OK, data=[status_row(found[code]) for code in codes if code in found])

    _SERVICES: ClassVar[Mapping[str, _Serve]] = {SYNC: _take, PROGRESS: _take, LOOK_UP: _look_up}

    async def _record(self, visitor: _Visitor, draft: Callable[[Snapshot], Draft]) -> None:
        for _ in range(_ATTEMPTS):
            placed = await self._evidence.append(draft(self._live.snapshot))
            if placed is not Loss.STALE:
                return
            await self._live.refresh()
            compat = self._live.snapshot.configuration.compat
            if compat is None or visitor.account not in compat.accounts or self._suspended(visitor.account):
                raise DialectError(NO_SESSION)
        raise EvidenceUnavailable("the configuration does not settle")

    async def _turn_away(self, exchange: Exchange, outcome: str, reason: str) -> None:
        draft = Draft(
            kind=Kind.REFUSED,
            request_id=exchange.request_id,
            at=exchange.at,
            mode=exchange.route,
            outcome=outcome,
            reason=reason,
            address=exchange.address,
        )
        await self._strangers.record(draft, exchange.address)

    def _suspended(self, account: CompatAccount) -> bool:
        client = self._live.snapshot.configuration.clients.get(account.client)
        return client is None or client.suspended


def _text(call: Mapping[str, Any], member: str) -> str:
    value = call.get(member)
    return value if isinstance(value, str) and len(value) <= _TEXT_LIMIT else ""


def _codes(call: Mapping[str, Any]) -> list[str]:
    """Return the asked dossiers: `data[].MaHoSo`, or one `MaHoSo` beside the service. Raises `DialectError`."""
    data = call.get("data")
    rows = data if isinstance(data, list) else [call]
    codes = [row.get("MaHoSo") if isinstance(row, dict) else None for row in rows]
    if not codes or len(codes) > 100 or not all(isinstance(code, str) and 0 < len(code) <= 64 for code in codes):  # noqa: PLR2004 — as told
        raise DialectError(WRONG, "data là danh sách từ 1 đến 100 MaHoSo", "data")
    return [str(code) for code in codes]


def _is_refused(result: EventResult) -> bool:
    """Whether an event was not kept; one told at the same moment by another call is the same message."""
    return result.rejection is not None and result.rejection.code != "event-conflict"


def _draft(visitor: _Visitor, kind: Kind, snapshot: Snapshot, **members: Any) -> Draft:
    exchange, account = visitor.exchange, visitor.account
    sealed = {"account": account.username, **members.pop("sealed", {})}
    return Draft(
        kind=kind,
        request_id=exchange.request_id,
        at=exchange.at,
        client=account.client,
        mode=exchange.route,
        address=exchange.address,
        service=exchange.context.get("service"),
        config_version=snapshot.version,
        sealed=sealed,
        **members,
    )


def _push_draft(visitor: _Visitor, snapshot: Snapshot, messages: list[Message], salt: bytes) -> Draft:
    """Return the entry of a push: counts in clear, a salted commitment to the body, and sealed what opens it."""
    codes = {message.dossier for message in messages}
    digest = sha256(visitor.exchange.body).digest()
    return _draft(
        visitor,
        Kind.STATUS,
        snapshot,
        dossier=next(iter(codes)) if len(codes) == 1 else None,
        detail={"events": len(messages), "dossiers": len(codes)},
        commitment=sha256(salt + digest).digest(),
        sealed={"body_digest": digest.hex(), "salt": salt.hex()},
    )


def _refusal(visitor: _Visitor, snapshot: Snapshot, reason: str) -> Draft:
    return _draft(visitor, Kind.REFUSED, snapshot, outcome="request-invalid", reason=reason)
