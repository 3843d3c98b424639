"""The tax registry: SOAP 1.1 under WS-Security X.509 both ways, WS-Addressing message ids (DOMAIN 4).

A request counts only when the one caller it knows has signed it; the answer is signed by the registry
and relates to the request's MessageID.
"""

import copy
import uuid
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from xml.sax.saxutils import escape

from lxml import etree

from mocks.behaviour import HELD_BACK, Mode, Reply
from mocks.clock import iso_local
from mocks.credentials import TaxSecrets
from mocks.envelopes import SOAP_MODES, XML, RequestError, fault, reply, with_entity_bomb, with_external_entity
from mocks.journal import Entry
from mocks.matching import other_person
from mocks.numbers import key_of, personal_id
from mocks.server import TRAP, Handled, Message, Take
from mocks.taxpayers import FIXED, Taxpayer, obligations, taxpayer
from signing.errors import SignatureError
from signing.wsse import parse_xml, sign_envelope, verify_envelope

PATH = "/thue"
NAMESPACE = "http://gdt.example.vn/tracuu/1.0"
TAXPAYER, OBLIGATIONS = "TraCuuNguoiNopThue", "TraCuuNghiaVu"

_TAG = f"{{{NAMESPACE}}}"
_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_MAX_BYTES = 1 << 20
_LIFE = timedelta(minutes=5)
_LONG_AGO = timedelta(hours=2)


class Question(NamedTuple):
    """A verified request; `message_id` is what the answer relates to."""

    operation: str
    request_id: str
    number: str
    message_id: str


class Tax:
    """Answers questions about taxpayers and what they owe."""

    content_modes = SOAP_MODES | {"bad_signature", "unsigned_body", "expired_timestamp", "wrapped"}

    def __init__(self, public_url: str, secrets: TaxSecrets) -> None:
        self._trap = public_url + TRAP
        self._secrets = secrets

    def handle(self, message: Message, take: Take) -> Handled | None:
        """Answer a POST to `/thue`."""
        if message.path != PATH:
            return None
        now = datetime.fromtimestamp(message.now, UTC)
        try:
            asked = self._question(message.body, now)
        except SignatureError:
            return Handled(fault("Client", "Chữ ký không hợp lệ"), Entry("?", "", None, "refused"))
        except RequestError as error:
            return Handled(fault("Client", str(error)), Entry("?", "", None, "refused"))
        key = key_of(asked.number)
        mode = take(key.serial if key is not None else None)
        payer = taxpayer(asked.number)
        outcome = "found" if payer is not None else "no_match"
        if mode is not None and mode.name not in HELD_BACK:
            outcome = mode.name
        if mode is not None and mode.name in self.content_modes:
            answered = self._broken(mode, asked, payer or _example(), now)
        else:
            answered = self._signed(asked, content(asked, (payer,) if payer else (), message.now), now)
        return Handled(answered, Entry(asked.operation, asked.number, asked.request_id, outcome), mode)

    def _question(self, body: bytes, now: datetime) -> Question:
        verified = verify_envelope(parse_xml(body, _MAX_BYTES), self._secrets.caller_certificate, now=now)
        operation = verified.body_child
        name = str(operation.tag).removeprefix(_TAG)
        members = {str(member.tag).removeprefix(_TAG): member.text or "" for member in operation}
        names = tuple(members)
        wanted = (("MaYeuCau", "MaSoThue"), ("MaYeuCau", "SoDinhDanh"))
        if name not in {TAXPAYER, OBLIGATIONS} or names not in wanted or not all(members.values()):
            raise RequestError("unexpected operation or elements")
        return Question(name, members["MaYeuCau"], members[names[1]], verified.message_id)

    def _signed(self, asked: Question, text: str, now: datetime, relates_to: str | None = None) -> Reply:
        return _sent(self._envelope(text, now, relates_to or asked.message_id))

    def _envelope(self, text: str, now: datetime, relates_to: str) -> etree._Element:
        return sign_envelope(
            etree.fromstring(reply(text).body),
            self._secrets.key,
            self._secrets.certificate,
            message_id=f"urn:uuid:{uuid.uuid4()}",
            created=now,
            expires=now + _LIFE,
            relates_to=relates_to,
        )

    def _broken(self, mode: Mode, asked: Question, payer: Taxpayer, now: datetime) -> Reply:  # noqa: PLR0911 — one answer a mode
        right = content(asked, (payer,), now.timestamp())
        if mode.name in _SIGNED_NONSENSE:
            old, new = _SIGNED_NONSENSE[mode.name]
            return self._signed(asked, right.replace(old, new), now)
        match mode.name:
            case "fault":
                return fault("Server", "Lỗi hệ thống thuế: ORA-01017 tại TMS.NNT")
            case "another_person":
                return self._signed(asked, content(asked, (_other(payer),), now.timestamp()), now)
            case "two_results":
                return self._signed(asked, content(asked, (payer, _other(payer)), now.timestamp()), now)
            case "wrong_request":
                return self._signed(asked, right, now, f"urn:uuid:{uuid.uuid4()}")
            case "expired_timestamp":
                return self._signed(asked, right, now - _LONG_AGO)
            case "unsigned_body":
                return reply(right)
        return self._tampered(mode, asked, payer, now)

    def _tampered(self, mode: Mode, asked: Question, payer: Taxpayer, now: datetime) -> Reply:
        """Change the answer after it was signed."""
        envelope = self._envelope(content(asked, (payer,), now.timestamp()), now, asked.message_id)
        body = envelope.find(f"{_SOAP}Body")
        assert body is not None, "the envelope is our own"  # noqa: S101 — a fact of the template
        match mode.name:
            case "two_bodies":
                envelope.append(copy.deepcopy(body))
            case "wrapped":
                _wrap(envelope, body, content(asked, (_other(payer),), now.timestamp()))
            case "bad_signature":
                body[0][1].text = "2020-01-01T00:00:00"
            case "xxe":
                return with_external_entity(_sent(envelope), asked.request_id, self._trap)
            case "entity_bomb":
                return with_entity_bomb(_sent(envelope), asked.request_id)
        return _sent(envelope)


_SIGNED_NONSENSE = {
    "drift": ("ThoiDiemDuLieu>", "ThoiDiem>"),
    "bad_boolean": ("<SoKetQua>", "<SoKetQua>maybe"),
    "bad_date": ("<ThoiDiemDuLieu>", "<ThoiDiemDuLieu>13-"),
    "wrong_namespace": (NAMESPACE, NAMESPACE.replace("1.0", "2.0")),
}


def _sent(envelope: etree._Element) -> Reply:
    return Reply(200, XML, etree.tostring(envelope, encoding="UTF-8", xml_declaration=True))


def _wrap(envelope: etree._Element, body: etree._Element, forged: str) -> None:
    """Hide the signed Body in the Header and put a forged one in its place."""
    header = envelope.find(f"{_SOAP}Header")
    assert header is not None, "the envelope is our own"  # noqa: S101 — a fact of the template
    etree.SubElement(header, "{urn:wrapper}Wrapper").append(body)
    etree.SubElement(envelope, f"{_SOAP}Body").append(etree.fromstring(forged))


def _example() -> Taxpayer:
    return FIXED["9999999002"]


def _other(payer: Taxpayer) -> Taxpayer:
    """Return another taxpayer of the same kind, or a fixed one."""
    key = key_of(payer.code)
    other = taxpayer(personal_id(other_person(key))) if key is not None else None
    if other is not None:
        return other
    return FIXED["9999999027" if payer.code == "9999999002" else "9999999002"]


def content(asked: Question, payers: tuple[Taxpayer, ...], now: float) -> str:
    """Write the Body's element for the operation asked."""
    head = (
        f"<MaYeuCau>{escape(asked.request_id)}</MaYeuCau><ThoiDiemDuLieu>{iso_local(now)}</ThoiDiemDuLieu>"
        f"<SoKetQua>{len(payers)}</SoKetQua>"
    )
    if asked.operation == TAXPAYER:
        inner = "".join(_taxpayer(payer) for payer in payers)
    else:
        inner = _owed(payers[0]) if payers else ""
    return f'<{asked.operation}KetQua xmlns="{NAMESPACE}">{head}{inner}</{asked.operation}KetQua>'


def _taxpayer(payer: Taxpayer) -> str:
    address = payer.address
    owner = f"<SoDinhDanh>{payer.owner}</SoDinhDanh>" if payer.owner else ""
    return (
        f"<NguoiNopThue><MaSoThue>{payer.code}</MaSoThue>{owner}<Ten>{payer.name}</Ten><Loai>{payer.kind}</Loai>"
        f"<TrangThai>{payer.state}</TrangThai><DiaChi><MaTinhThanh>{address.province}</MaTinhThanh>"
        f"<MaPhuongXa>{address.ward}</MaPhuongXa><ChiTiet>{address.detail}</ChiTiet><QuocGia>{address.country}</QuocGia>"
        f"</DiaChi><CoQuanThue>{payer.office}</CoQuanThue><NgayCap>{payer.issued}</NgayCap></NguoiNopThue>"
    )


def _owed(payer: Taxpayer) -> str:
    owner = f"<SoDinhDanh>{payer.owner}</SoDinhDanh>" if payer.owner else ""
    return f"<MaSoThue>{payer.code}</MaSoThue>{owner}" + "".join(
        f"<NghiaVu><MA_HSO>{debt.dossier}</MA_HSO><MA_SO_THUE>{debt.code}</MA_SO_THUE>"
        f"<SO_QUYET_DINH>{debt.decision}</SO_QUYET_DINH><NGAY_QUYET_DINH>{debt.decided}</NGAY_QUYET_DINH>"
        f"<TEN_TIEUMUC>{debt.item}</TEN_TIEUMUC><SO_TIEN>{debt.amount}</SO_TIEN></NghiaVu>"
        for debt in obligations(payer)
    )
