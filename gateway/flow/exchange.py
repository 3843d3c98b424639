"""One request on its way through the flow, and the reply it gets."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from math import floor
from typing import Any

import orjson

from gateway.authentication import Caller
from gateway.evidence.contract import Recorded
from schemas.dates import LOCAL
from schemas.frozen import valueclass
from signing.message import Request

JSON = "application/json"
_OFFSET = len("2026-11-21T08:30:01")


@dataclass(slots=True)
class Exchange:
    """A request whose target was accepted. `caller` is set by authentication alone."""

    request_id: str
    at: datetime
    """When the gateway received it; aware."""
    peer: str
    """The network address of the connection."""
    route: str
    """The route's name, a short word for the log and the metrics."""
    request: Request
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    caller: Caller | None = None
    nonce_spent: bool = False
    """Whether the signature's nonce is spent already, by the question's own entry."""
    address: str = ""
    """Where it came from, as far as our own proxies say (`Proxies`): for floods and the log, never for authority."""
    context: dict[str, Any] = field(default_factory=dict)
    """What is known of the request so far, for the entry of a refusal: members of `Draft`."""


@valueclass
class Reply:
    """What goes back. `receipt` is the value of the `Lienthong-Receipt` header."""

    status: int
    body: bytes
    content_type: str = JSON
    receipt: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(value: Any, status: int = 200, receipt: str | None = None) -> Reply:
    """Make a JSON reply."""
    return Reply(status, orjson.dumps(value), receipt=receipt)


def timestamp(at: datetime, *, to_seconds: bool = False) -> str:
    """RFC 3339 with the local offset, to milliseconds unless told; what is smaller is cut off."""
    second = _second(floor(at.timestamp()))
    return second if to_seconds else f"{second[:_OFFSET]}.{at.microsecond // 1000:03d}{second[_OFFSET:]}"


@lru_cache(maxsize=64)
def _second(unix_s: int) -> str:
    """Remembered, because many answers are given in one second, and writing a time takes as long as reading one."""
    return datetime.fromtimestamp(unix_s, LOCAL).isoformat()


def receipt_value(recorded: Recorded, salt: bytes, commitment: bytes) -> str:
    """Write the `Lienthong-Receipt` dictionary (PROTOCOL section 3)."""
    return (
        f'log="{recorded.origin}", slot={recorded.slot}, index={recorded.index}, '
        f"salt=:{b64encode(salt).decode()}:, commitment=:{b64encode(commitment).decode()}:"
    )
