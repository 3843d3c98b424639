"""Messages in the portal's dialect, read as events and answered as the portal answers. Pure.

The rule: one message is one event, whose id is a hash of the message: told again it is a duplicate, whenever and
however often. A call is taken whole or refused whole, as at the portal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from adapters.portal_fields import (
    SYNC,
    KnownDossier,
    PortalDataError,
    dated,
    event_of_dossier,
    event_of_progress,
    local_time,
    place,
    status_of,
)
from gateway.flow.exchange import Reply
from gateway.store.compat import OwnDossier
from schemas.dossier_events import BrokenEvent, parse_event
from schemas.dossiers import DossierEvent

OK, NO_SESSION, WRONG, UNKNOWN, BUSY = "0", "-1", "1", "3", "99"
"""Codes of the answers, as the sandbox's portal has them."""
ITEMS_LIMIT = 500
_EVENT_PREFIX = "dvcqg-"
_HASH_DIGITS = 40
_TEXTS = {
    OK: "Thành công",
    NO_SESSION: "Phiên làm việc không hợp lệ hoặc đã hết hạn",
    WRONG: "Dữ liệu không hợp lệ",
    UNKNOWN: "Hồ sơ không tồn tại",
    BUSY: "Hệ thống đang bận",
}


class DialectError(Exception):
    """A call is refused: `code` is the dialect's, `text` Vietnamese for its sender, without what was sent."""

    def __init__(self, code: str, text: str | None = None, reason: str = "") -> None:
        super().__init__(code)
        self.code, self.text, self.reason = code, text or _TEXTS[code], reason or code


@dataclass(frozen=True, slots=True)
class Message:
    """One item of a call: what it is in the dialect, the id it will have, and its bytes for the portal."""

    service: str
    item: Mapping[str, Any]
    event_id: str
    original: bytes

    @property
    def dossier(self) -> str:
        """The dossier's code as it was sent; empty where there is none."""
        code = self.item.get("MaHoSo")
        return code if isinstance(code, str) else ""


def messages_of(call: Mapping[str, Any]) -> list[Message]:
    """Split a call of `DongBoHoSoMC` or `CapNhatTienDoHoSoMC`. Raises `DialectError`."""
    service, data = call["service"], call.get("data")
    updating = str(call.get("isUpdating", "False")) if service == SYNC else ""
    if service == SYNC and updating not in {"True", "False"}:
        raise DialectError(WRONG, 'isUpdating là "True" hoặc "False"')
    if not isinstance(data, list) or not 0 < len(data) <= ITEMS_LIMIT:
        raise DialectError(WRONG, f"data là danh sách từ 1 đến {ITEMS_LIMIT} phần tử")
    messages = []
    for number, item in enumerate(data, 1):
        if not isinstance(item, dict):
            raise DialectError(WRONG, f"Phần tử {number}: phải là đối tượng")
        parts = {"service": service, "item": item}
        digest = sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:_HASH_DIGITS]
        original = orjson.dumps({**parts, "isUpdating": updating})
        messages.append(Message(service, item, _EVENT_PREFIX + digest, original))
    return messages


def events_of(
    messages: Sequence[Message],
    unit: str,
    known: Mapping[str, OwnDossier],
    reported: Mapping[str, datetime],
    now: datetime,
) -> list[DossierEvent]:
    """Read messages as events, each in the light of those before it. Raises `DialectError`.

    `known` are the client's dossiers, `reported` the times under which messages told before are kept.
    """
    standing = {
        code: KnownDossier(one.procedure, one.agency, one.status, one.occurred_at) for code, one in known.items()
    }
    taken: dict[str, DossierEvent] = {}
    events = []
    for number, message in enumerate(messages, 1):
        event = taken.get(message.event_id)
        if event is None:
            event = _event(number, message, unit, standing.get(message.dossier), reported.get(message.event_id), now)
            taken[message.event_id] = event
        events.append(event)
        before = standing.get(event.dossier)
        here = KnownDossier(event.procedure, event.agency, event.status, event.occurred_at)
        if before is None or here.occurred_at > before.occurred_at:
            standing[event.dossier] = here if before is None else replace(here, agency=before.agency)
    return events


def _event(
    number: int,
    message: Message,
    unit: str,
    known: KnownDossier | None,
    reported: datetime | None,
    now: datetime,
) -> DossierEvent:
    item = message.item
    try:
        if message.service == SYNC:
            status = status_of(item, "TrangThaiHoSo")
            moment = reported or place(status, dated(item, status), known, now)
            values = event_of_dossier(item, unit, message.event_id, moment)
        elif known is None:
            raise DialectError(UNKNOWN, f"Phần tử {number}: hồ sơ không tồn tại", "unknown-dossier")
        else:
            values = event_of_progress(item, known, message.event_id)
    except PortalDataError as error:
        raise DialectError(WRONG, f"Phần tử {number}: {error}", "data") from None
    event = parse_event(values, now)
    if isinstance(event, BrokenEvent):
        members = ", ".join(sorted({fault.pointer.split("/")[1] for fault in event.errors}))
        raise DialectError(WRONG, f"Phần tử {number}: dữ liệu không hợp lệ ({members})", "data")
    return event


def status_row(dossier: OwnDossier) -> dict[str, str]:
    """Write what the door tells of a dossier: its status and two dates."""
    row = {"MaHoSo": dossier.code, "MaTTHC": dossier.procedure, "TrangThaiHoSo": str(dossier.status)}
    for name, moment in (("NgayTiepNhan", dossier.received_at), ("NgayHenTra", dossier.due_at)):
        if moment is not None:
            row[name] = local_time(moment)
    return row


def answer(code: str, text: str | None = None, status: int = 200, **members: Any) -> Reply:
    """Write an answer of the dialect."""
    headers = (("Retry-After", "1"),) if code == BUSY else ()
    body = orjson.dumps({"error_code": code, "message": text or _TEXTS[code], **members})
    return Reply(status, body, headers=headers)
