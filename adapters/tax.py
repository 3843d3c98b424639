"""The tax registry: SOAP 1.1 under WS-Security X.509 in both directions (DOMAIN section 4, DESIGN section 5).

Only the Body that the registry's pinned certificate signed, in an answer that relates to our signed MessageID, is
read; then it must be valid by the WSDL and be about the taxpayer asked for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from lxml import etree

from adapters.contract import Call, RegistryAnswer, RegistryInvalid
from adapters.http import HttpTransport
from adapters.soap import HEADERS, Contract, Operation, Template, parse
from adapters.values import check_identifier, coded, moment
from schemas.grants import Grant, Subject
from schemas.services import CATALOGUE, ServiceSpec
from signing.errors import SignatureError
from signing.wsse import sign_envelope, verify_envelope

WSDL = "tax.wsdl"
_NAMESPACE = "{http://gdt.example.vn/tracuu/1.0}"
_ID_MEMBERS = {"tax_code": "MaSoThue", "personal_id": "SoDinhDanh"}
_KIND = {"01": "organisation", "02": "individual", "03": "household_business"}
_PERSONAL_NUMBER_DIGITS = 12
_LIFE = timedelta(minutes=5)

_Members = Mapping[str, list[etree._Element]]  # noqa: SLF001 — lxml's element type has no public name


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """Our key and certificate, and the registry's certificate, which is pinned. PEM."""

    key: bytes
    certificate: bytes
    registry_certificate: bytes


@dataclass(frozen=True, slots=True)
class _Dialogue:
    """One of the registry's operations, its requests by kind of identifier, and how its replies are read."""

    operation: Operation
    templates: Mapping[str, Template]
    read: Callable[[_Members, Subject], RegistryAnswer]


class TaxAdapter:
    """Asks the tax registry. Safe for concurrent use within one event loop."""

    services: tuple[ServiceSpec, ...] = (CATALOGUE["tax/taxpayer"], CATALOGUE["tax/obligations"])

    def __init__(self, transport: HttpTransport, contract: Contract, credentials: Credentials) -> None:
        self._transport = transport
        self._contract = contract
        self._credentials = credentials
        self._url = transport.url("/thue")
        self._headers = {**HEADERS, "SOAPAction": '""'}
        self._dialogues = {
            "taxpayer": _dialogue(contract.operation("TraCuuNguoiNopThue"), _taxpayer),
            "obligations": _dialogue(contract.operation("TraCuuNghiaVu"), _obligations),
        }

    async def ask(self, grant: Grant, call: Call) -> RegistryAnswer:
        """Ask about one taxpayer; `RegistryError` on anything but a sound, signed answer to this message."""
        dialogue = self._dialogues[grant.service.service]
        message_id = f"urn:uuid:{uuid4()}"
        body = self._signed(dialogue.templates[grant.subject.id_type], message_id, grant, call)
        headers = {**self._headers, "traceparent": call.traceparent} if call.traceparent else self._headers
        reply = await self._transport.post(self._url, body, headers, call.timeout_s)
        return self.read(grant.service.service, reply.body, message_id, grant.subject, call)

    def read(self, service: str, data: bytes, message_id: str, subject: Subject, call: Call) -> RegistryAnswer:
        """Read the answer to our message `message_id` about `subject`; `RegistryInvalid` unless all of it holds."""
        dialogue = self._dialogues[service]
        members = _members(self._contract.checked(self._verified(data, message_id, call), dialogue.operation))
        if _text(members, "MaYeuCau") != call.request_id:
            raise RegistryInvalid("wrong-request")
        return dialogue.read(members, subject)

    async def close(self) -> None:
        """Release connections."""
        await self._transport.close()

    def _signed(self, template: Template, message_id: str, grant: Grant, call: Call) -> bytes:
        envelope = parse(template.fill((call.request_id, grant.subject.id)))
        ours = self._credentials
        sign_envelope(
            envelope, ours.key, ours.certificate, message_id=message_id, created=call.now, expires=call.now + _LIFE
        )
        signed: bytes = etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
        return signed

    def _verified(self, data: bytes, message_id: str, call: Call) -> etree._Element:
        """Return the one element of the Body that the registry signed in reply to our message."""
        envelope = parse(data)
        try:
            verified = verify_envelope(
                envelope, self._credentials.registry_certificate, now=call.now, relates_to=message_id
            )
        except SignatureError as error:
            raise RegistryInvalid("stale-signature" if error.code == "expired" else "bad-signature") from None
        return verified.body_child


def _dialogue(operation: Operation, read: Callable[[_Members, Subject], RegistryAnswer]) -> _Dialogue:
    templates = {id_type: operation.template(["MaYeuCau", member]) for id_type, member in _ID_MEMBERS.items()}
    return _Dialogue(operation, templates, read)


def _taxpayer(result: _Members, subject: Subject) -> RegistryAnswer:
    found = result.get("NguoiNopThue", [])
    if int(_text(result, "SoKetQua") or "0") != len(found):
        raise RegistryInvalid("wrong-count")
    if not found:
        return RegistryAnswer(found=False)
    if len(found) > 1:
        raise RegistryInvalid("two-results")
    taxpayer = _members(found[0])
    _check_taxpayer(taxpayer, subject)
    address = _members(taxpayer["DiaChi"][0])
    record = {
        "tax_code": _text(taxpayer, "MaSoThue"),
        "name": _text(taxpayer, "Ten"),
        "kind": coded(_KIND, _text(taxpayer, "Loai")),
        "status": _text(taxpayer, "TrangThai"),
        "address": {
            "province": _text(address, "MaTinhThanh"),
            "district": None,
            "ward": _text(address, "MaPhuongXa"),
            "detail": _text(address, "ChiTiet"),
            "country": _text(address, "QuocGia"),
        },
        "tax_office": _text(taxpayer, "CoQuanThue"),
        "issued_on": _text(taxpayer, "NgayCap"),
    }
    return _found(result, taxpayer, record)


def _obligations(result: _Members, subject: Subject) -> RegistryAnswer:
    owed = [_members(item) for item in result.get("NghiaVu", [])]
    count = _text(result, "SoKetQua")
    if count == "0":
        if owed or "MaSoThue" in result or "SoDinhDanh" in result:
            raise RegistryInvalid("wrong-count")
        return RegistryAnswer(found=False)
    if count != "1":
        raise RegistryInvalid("two-results")
    _check_taxpayer(result, subject)
    for item in owed:
        check_identifier(_text(result, "MaSoThue") or subject.id, _text(item, "MA_SO_THUE"))
    amounts = [int(_text(item, "SO_TIEN") or "0") for item in owed]
    obligations = [
        {
            "dossier": _text(item, "MA_HSO"),
            "decision": _text(item, "SO_QUYET_DINH"),
            "decided_on": _text(item, "NGAY_QUYET_DINH"),
            "item": _text(item, "TEN_TIEUMUC"),
            "amount": amount,
        }
        for item, amount in zip(owed, amounts, strict=True)
    ]
    return _found(result, result, {"obligations": obligations, "total_amount": sum(amounts)})


def _found(result: _Members, taxpayer: _Members, record: dict[str, Any]) -> RegistryAnswer:
    as_of = moment(_text(result, "ThoiDiemDuLieu"), "iso-local")
    return RegistryAnswer(found=True, record=record, source_as_of=as_of, person_id=_person_id(taxpayer))


def _person_id(taxpayer: _Members) -> str | None:
    """Return the personal number told: since 1 July 2025 it may be the tax code itself."""
    code = _text(taxpayer, "MaSoThue")
    return _text(taxpayer, "SoDinhDanh") or (code if code and len(code) == _PERSONAL_NUMBER_DIGITS else None)


def _check_taxpayer(taxpayer: _Members, subject: Subject) -> None:
    by_code = subject.id_type == "tax_code"
    check_identifier(subject.id, _text(taxpayer, "MaSoThue") if by_code else _person_id(taxpayer))


def _members(element: etree._Element) -> dict[str, list[etree._Element]]:
    """Return a valid element's children by local name; the schema let them stand in one namespace only."""
    found: dict[str, list[etree._Element]] = {}
    for child in element:
        found.setdefault(str(child.tag)[len(_NAMESPACE) :], []).append(child)
    return found


def _text(members: _Members, name: str) -> str | None:
    elements = members.get(name)
    return elements[0].text or None if elements else None
