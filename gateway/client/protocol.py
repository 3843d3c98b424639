"""What a caller signs and what it believes: PROTOCOL sections 1 to 3, sans-IO.

The rule: an answer is believed only when its signature verifies under a known key of the gateway,
covers the answer's content and is bound to the very request that was sent.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from gateway.client.errors import ClientError, Unknown, refusal
from gateway.client.exchange import Exchange
from signing.errors import SignatureError
from signing.fields import Item, parse_dictionary
from signing.keys import SigningKey, VerificationKey
from signing.message import Request, Response, sign_request, verify_response

RECEIPT = "lienthong-receipt"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The gateway's promise that an answer is in its log (PROTOCOL section 3)."""

    log: str
    slot: int
    index: int
    salt: bytes
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A believed answer. `value` is its parsed content."""

    status: int
    value: Any
    request_id: str | None
    receipt: Receipt | None
    exchange: Exchange


def base_of(url: str) -> tuple[str, str]:
    """Split a public URL in scheme and authority. Raises `ClientError`."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/") or parts.query:
        raise ClientError("the gateway's URL is a scheme and a host only, for example https://lienthong.example.gov.vn")
    return parts.scheme, parts.netloc


def signed(key: SigningKey, url: str, method: str, target: str, body: bytes, *, created: int, nonce: str) -> Request:
    """Build the signed request for `target` (raw, origin form). `created` is in Unix seconds."""
    scheme, authority = base_of(url)
    headers = [("host", authority), ("accept", "application/json, application/problem+json")]
    if body:
        headers.append(("content-type", "application/json"))
    plain = Request(method.upper(), scheme, authority, target, tuple(headers))
    added = sign_request(key, plain, body, created=created, nonce=nonce)
    return Request(plain.method, scheme, authority, target, (*headers, *added))


def believe(exchange: Exchange, keys: Mapping[str, VerificationKey]) -> Answer:
    """Verify an answer. Raises `Refused` for a signed problem and `Unknown` for what cannot be believed."""
    check_signature(exchange, keys)
    response = exchange.response
    receipt = read_receipt(response, exchange.response_body)
    value = _content(response, exchange.response_body)
    if response.status >= 400:  # noqa: PLR2004 — RFC 9110 section 15
        document = value if isinstance(value, Mapping) else {}
        raise refusal(response.status, document, _seconds(header(response, "retry-after")))
    return Answer(response.status, value, header(response, "x-request-id"), receipt, exchange)


def check_signature(exchange: Exchange, keys: Mapping[str, VerificationKey]) -> None:
    """Verify the answer's signature, digest and binding. Raises `Unknown`."""
    response = exchange.response
    if header(response, "signature") is None:
        raise Unknown(
            "unsigned", f"the answer ({response.status}) is not signed: what became of the request is unknown"
        )
    try:
        verify_response(response, exchange.response_body, exchange.request, keys.get)
    except SignatureError as error:
        raise Unknown("bad-signature", f"the answer's signature does not hold: {error.detail}") from error


def read_receipt(response: Response, body: bytes) -> Receipt | None:
    """Parse the receipt and hold its commitment against the content. Raises `Unknown`."""
    text = header(response, RECEIPT)
    if text is None:
        return None
    receipt = _parse_receipt(text)
    expected = hashlib.sha256(receipt.salt + hashlib.sha256(body).digest()).digest()
    if not hmac.compare_digest(expected, receipt.commitment):
        raise Unknown("bad-receipt", "the receipt does not commit to this answer")
    return receipt


def header(message: Request | Response, name: str) -> str | None:
    """Return the value of a header that stands there exactly once; None otherwise."""
    values = [value for key, value in message.headers if key.lower() == name]
    return values[0].strip() if len(values) == 1 else None


def _parse_receipt(text: str) -> Receipt:
    try:
        members = {name: member.value for name, member in parse_dictionary(text).items()}
        values = {name: item.value for name, item in members.items() if isinstance(item, Item)}
    except SignatureError as error:
        raise Unknown("bad-receipt", "the receipt cannot be read") from error
    match values:
        case {
            "log": str(log),
            "slot": int(slot),
            "index": int(index),
            "salt": bytes(salt),
            "commitment": bytes(commitment),
        } if len(salt) == 16 and slot >= 0 and index >= 0:  # noqa: PLR2004 — PROTOCOL section 3
            return Receipt(log, slot, index, salt, commitment)
    raise Unknown("bad-receipt", "the receipt lacks members")


def _content(response: Response, body: bytes) -> Any:
    kind = (header(response, "content-type") or "").split(";")[0].strip().lower()
    if not kind.endswith("json"):
        return body.decode("utf-8", "replace") if kind.startswith("text/") else body
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unknown("bad-body", "the answer is signed but is not JSON") from error


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
