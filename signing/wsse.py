"""WS-Security 1.0 with the X.509 token profile over SOAP 1.1, with WS-Addressing 1.0 message ids.

The rule kept here: only the verified Body is handed on. A message counts when the pinned certificate signed, in one
Signature, its one Body, a fresh Timestamp, its MessageID and, in a reply, a RelatesTo that equals our own MessageID;
each of them at its proper place, so that a wrapped copy elsewhere is worth nothing.
"""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lxml import etree

from signing.errors import SignatureError
from signing.xml import (
    DS,
    WSU,
    WSU_ID,
    Element,
    XmlCertificate,
    load_certificate,
    load_signing_key,
    parse_xml,
    sign_by_id,
    verify_signed,
)

__all__ = ["VerifiedEnvelope", "parse_xml", "sign_envelope", "verify_envelope"]

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

_ENVELOPE, _HEADER, _BODY = (f"{{{SOAP}}}{name}" for name in ("Envelope", "Header", "Body"))
_SECURITY, _TOKEN = f"{{{WSSE}}}Security", f"{{{WSSE}}}BinarySecurityToken"
_TIMESTAMP, _CREATED, _EXPIRES = (f"{{{WSU}}}{name}" for name in ("Timestamp", "Created", "Expires"))
_MESSAGE_ID, _RELATES_TO, _ACTION = (f"{{{WSA}}}{name}" for name in ("MessageID", "RelatesTo", "Action"))
_NAMESPACES = {"wsse": WSSE, "wsu": WSU, "wsa": WSA}
_TOKEN_ID = "lt-token"  # noqa: S105 — the Id of an XML element, not a secret
_UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?\d{0,3}Z", re.ASCII)
_FRAME_PARTS = 3

MAX_AGE = timedelta(minutes=5)
MAX_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class VerifiedEnvelope:
    """What was signed: the one element in the Body, the MessageID, and the RelatesTo of a reply."""

    body_child: Element = field(repr=False)
    message_id: str
    relates_to: str | None
    created: datetime


def _text(parent: Element, tag: str, text: str, name: str | None = None) -> Element:
    node = etree.SubElement(parent, tag, nsmap=_NAMESPACES)
    node.text = text
    if name is not None:
        node.set(WSU_ID, name)
    return node


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _header_of(envelope: Element) -> Element:
    header = envelope.find(_HEADER)
    if header is None:
        header = etree.Element(_HEADER, nsmap=_NAMESPACES)
        envelope.insert(0, header)
    return header


def _key_info() -> Element:
    info = etree.Element(f"{{{DS}}}KeyInfo")
    reference = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference")
    etree.SubElement(reference, f"{{{WSSE}}}Reference", URI=f"#{_TOKEN_ID}", ValueType=_PROFILE)
    return info


def _security(header: Element, certificate: XmlCertificate) -> Element:
    security = etree.SubElement(header, _SECURITY, nsmap=_NAMESPACES)
    security.set(f"{{{SOAP}}}mustUnderstand", "1")
    token = _text(security, _TOKEN, b64encode(certificate.der).decode(), _TOKEN_ID)
    token.set("EncodingType", _BASE64)
    token.set("ValueType", _PROFILE)
    return security


def sign_envelope(
    envelope: Element,
    key: bytes,
    certificate: bytes,
    *,
    message_id: str,
    created: datetime,
    expires: datetime,
    relates_to: str | None = None,
    action: str | None = None,
) -> Element:
    """Sign a SOAP 1.1 envelope in place and return it: Body, Timestamp, MessageID, and RelatesTo and Action if given.

    `key` and `certificate` are PEM; times are aware. Raises `KeyFormatError` for a key or certificate that cannot be
    used, `SignatureError` (`malformed`) for an envelope without a Body or with a Security header of its own.
    """
    signer, pinned = load_signing_key(key), load_certificate(certificate)
    body = envelope.find(_BODY)
    if envelope.tag != _ENVELOPE or body is None or next(envelope.iter(_SECURITY), None) is not None:
        raise SignatureError("malformed", "this is no unsigned SOAP 1.1 envelope")
    header = _header_of(envelope)
    body.set(WSU_ID, "lt-body")
    try:
        addressed = [_text(header, _MESSAGE_ID, message_id, "lt-message-id")]
        if relates_to is not None:
            addressed.append(_text(header, _RELATES_TO, relates_to, "lt-relates-to"))
        if action is not None:
            addressed.append(_text(header, _ACTION, action, "lt-action"))
    except ValueError as error:
        raise SignatureError("malformed", "a message id is no XML text") from error
    security = _security(header, pinned)
    timestamp = etree.SubElement(security, _TIMESTAMP)
    timestamp.set(WSU_ID, "lt-timestamp")
    _text(timestamp, _CREATED, _written(created))
    _text(timestamp, _EXPIRES, _written(expires))
    sign_by_id(security, signer, [body, timestamp, *addressed], _key_info())
    return envelope


def _malformed(what: str) -> SignatureError:
    return SignatureError("malformed", what)


def _one(parent: Element, tag: str) -> Element:
    """Return the one child of that name."""
    children = parent.findall(tag)
    if len(children) != 1:
        raise _malformed("an element of the envelope is missing or repeated")
    return children[0]


def _frame(envelope: Element) -> tuple[Element, Element, Element]:
    """Return Header, Body and Security: each exactly once in the whole document, at its proper place."""
    if envelope.getparent() is not None or [part.tag for part in envelope] != [_HEADER, _BODY]:
        raise _malformed("the envelope is not one Header and one Body")
    header, body = envelope
    frame = sum(1 for _ in envelope.iter(_BODY, _HEADER, _ENVELOPE))
    if envelope.tag != _ENVELOPE or frame != _FRAME_PARTS:
        raise _malformed("a second envelope, Header or Body stands in the document")
    security = _one(header, _SECURITY)
    if list(security.iterchildren(f"{{{DS}}}Signature")) != list(envelope.iter(f"{{{DS}}}Signature")):
        raise _malformed("a Signature stands outside the Security header")
    return header, body, security


def _child_of(body: Element) -> Element:
    children = list(body)
    if len(children) != 1 or (body.text or "").strip() or (children[0].tail or "").strip():
        raise _malformed("the Body does not hold exactly one element")
    return children[0]


def _leaf_text(node: Element) -> str:
    text = (node.text or "").strip()
    if len(node) or not text:
        raise _malformed("an element that must hold a text does not")
    return text


def _moment(node: Element) -> datetime:
    text = _leaf_text(node)
    if not _UTC_TIME.fullmatch(text):
        raise _malformed("a time of the Timestamp is not in UTC")
    whole, _, fraction = text[:-1].partition(".")
    try:
        return datetime.fromisoformat(whole).replace(tzinfo=UTC, microsecond=int(f"{fraction:0<6}"[:6]))
    except ValueError as error:
        raise _malformed("a time of the Timestamp is impossible") from error


def _check_fresh(timestamp: Element, now: datetime, max_age: timedelta, max_skew: timedelta) -> datetime:
    created, expires = _moment(_one(timestamp, _CREATED)), _moment(_one(timestamp, _EXPIRES))
    if (
        created > now + max_skew
        or created < now - max_age - max_skew
        or expires <= created
        or expires <= now - max_skew
    ):
        raise SignatureError("expired", "the Timestamp is not fresh")
    return created


def _check_certificate(pinned: XmlCertificate, now: datetime) -> None:
    certificate = pinned.certificate
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise SignatureError("invalid", "the pinned certificate is not valid now")


def verify_envelope(
    envelope: Element,
    certificate: bytes,
    *,
    now: datetime,
    relates_to: str | None = None,
    max_age: timedelta = MAX_AGE,
    max_skew: timedelta = MAX_SKEW,
) -> VerifiedEnvelope:
    """Verify a signed SOAP 1.1 envelope, parsed by `parse_xml`, against the pinned PEM certificate at `now` (aware).

    With `relates_to` the envelope must be a reply to the message of that id. Raises `SignatureError`: `missing`,
    `malformed`, `insufficient` (a part is not signed), `invalid` (signature, certificate, or a reply to another
    message) or `expired`; `KeyFormatError` for a certificate that cannot be used.
    """
    pinned = load_certificate(certificate)
    header, body, security = _frame(envelope)
    signed = list(verify_signed(envelope, pinned).values())
    timestamp, message_id = _one(security, _TIMESTAMP), _one(header, _MESSAGE_ID)
    answered = header.findall(_RELATES_TO)
    if len(answered) > 1 or (relates_to is not None and not answered):
        raise _malformed("RelatesTo is missing or repeated")
    for part in (body, timestamp, message_id, *answered):
        if part not in signed:
            raise SignatureError("insufficient", "Body, Timestamp, MessageID and RelatesTo must be signed")
    _check_certificate(pinned, now)
    created = _check_fresh(timestamp, now, max_age, max_skew)
    relation = _leaf_text(answered[0]) if answered else None
    if relates_to is not None and relation != relates_to:
        raise SignatureError("invalid", "the envelope answers another message")
    return VerifiedEnvelope(_child_of(body), _leaf_text(message_id), relation, created)
