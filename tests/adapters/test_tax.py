"""Tax adapter: signed both ways, two services, every misbehaviour, forged and mutated replies."""

from datetime import UTC, datetime, timedelta
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.contract import RegistryAnswer, RegistryError, RegistryInvalid
from adapters.http import HttpTransport
from adapters.soap import Contract
from adapters.tax import WSDL, Credentials, TaxAdapter
from mocks.behaviour import TRANSPORT_MODES
from mocks.tax import Tax
from schemas.records import validate_record
from signing.wsse import sign_envelope

BODY_CODE = "9999999002"


@pytest.mark.parametrize("service", ["tax/taxpayer", "tax/obligations"])
@pytest.mark.parametrize(
    ("id_type", "identifier"),
    [("personal_id", "099191000001"), ("tax_code", "099191000001"), ("tax_code", BODY_CODE)],
)
async def test_found_taxpayer_has_every_field(mocks, grant, call, service, id_type, identifier):
    """A person by either kind of number and a body by its code are found with every field of the service."""
    adapter = mocks("tax").adapter()
    question = grant(service, id_type, identifier, name=None, birth=None)
    answer = await adapter.ask(question, call())
    await adapter.close()
    validate_record(question.service, answer.record)
    if identifier == "099191000001":
        assert answer.person_id == identifier
    if service == "tax/obligations":
        owed = answer.record["obligations"]
        assert answer.record["total_amount"] == sum(item["amount"] for item in owed)
    else:
        assert answer.record["tax_code"] == identifier


@pytest.mark.parametrize("service", ["tax/taxpayer", "tax/obligations"])
async def test_unknown_taxpayer_is_no_match(mocks, grant, call, service):
    """A number no taxpayer has is `no_match` in both services, which is not the same as owing nothing."""
    adapter = mocks("tax").adapter()
    answer = await adapter.ask(grant(service, identifier="099191900001", name=None, birth=None), call())
    await adapter.close()
    assert answer == RegistryAnswer(found=False)


MODES = sorted((TRANSPORT_MODES | Tax.content_modes) - {"slow"})


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("service", ["tax/taxpayer", "tax/obligations"])
async def test_misbehaviour_has_its_error(misbehaving, grant, service, mode):
    """Each way the registry can misbehave, forged signatures included, raises its own class of error."""
    await misbehaving("tax", mode, grant(service, name=None, birth=None))


async def test_answer_signed_with_another_key_is_invalid(mocks, grant, call, tmp_path):
    """Only the pinned certificate counts: a registry that shows another is not believed."""
    registry = mocks("tax")
    for name, taken in (
        ("gateway.key", "gateway.key"),
        ("gateway.crt", "gateway.crt"),
        ("registry.crt", "gateway.crt"),
    ):
        (tmp_path / f"tax-{name}.pem").write_bytes((registry.secrets / f"tax-{taken}.pem").read_bytes())
    adapter = type(registry)("tax", registry.url, tmp_path).adapter()
    with pytest.raises(RegistryInvalid) as caught:
        await adapter.ask(grant("tax/taxpayer", name=None, birth=None), call())
    await adapter.close()
    assert caught.value.reason == "bad-signature"


MESSAGE, REQUEST = "urn:uuid:ours", "0199aa00-0000-7000-8000-00000000000a"
PAYER = """<NguoiNopThue><MaSoThue>099191000001</MaSoThue><SoDinhDanh>099191000001</SoDinhDanh><Ten>NGUYỄN THỊ THỬ</Ten>
<Loai>02</Loai><TrangThai>00</TrangThai><DiaChi><MaTinhThanh>99</MaTinhThanh><MaPhuongXa>99001</MaPhuongXa>
<ChiTiet>Số 1</ChiTiet><QuocGia>VN</QuocGia></DiaChi><CoQuanThue>Thuế cơ sở 1</CoQuanThue><NgayCap>2011-05-02</NgayCap>
</NguoiNopThue>"""
OWED = """<NghiaVu><MA_HSO>HS1</MA_HSO><MA_SO_THUE>099191000001</MA_SO_THUE><SO_QUYET_DINH>QD1</SO_QUYET_DINH>
<NGAY_QUYET_DINH>2026-01-02</NGAY_QUYET_DINH><TEN_TIEUMUC>Lệ phí</TEN_TIEUMUC><SO_TIEN>120000</SO_TIEN></NghiaVu>"""
KNOWN = "<MaSoThue>099191000001</MaSoThue><SoDinhDanh>099191000001</SoDinhDanh>"


@pytest.fixture(scope="module")
def adapter(secrets):
    """Return an adapter that is never connected."""
    contract = Contract(WSDL, {WSDL: (resources.files("adapters") / "wsdl" / WSDL).read_text("utf-8")})
    names = ("tax-gateway.key.pem", "tax-gateway.crt.pem", "tax-registry.crt.pem")
    credentials = Credentials(*((secrets / name).read_bytes() for name in names))
    return TaxAdapter(HttpTransport("http://127.0.0.1:1"), contract, credentials)


@pytest.fixture(scope="module")
def signed(secrets):
    """Sign a reply as the registry does."""

    def sign(content: str, element: str = "TraCuuNguoiNopThueKetQua", count: int = 1, request: str = REQUEST) -> bytes:
        envelope = etree.fromstring(
            '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
            f'<{element} xmlns="http://gdt.example.vn/tracuu/1.0"><MaYeuCau>{request}</MaYeuCau>'
            f"<ThoiDiemDuLieu>2026-11-21T08:30:00</ThoiDiemDuLieu><SoKetQua>{count}</SoKetQua>{content}</{element}>"
            "</s:Body></s:Envelope>"
        )
        now = datetime.now(UTC)
        sign_envelope(
            envelope,
            (secrets / "tax-registry.key.pem").read_bytes(),
            (secrets / "tax-registry.crt.pem").read_bytes(),
            message_id="urn:uuid:theirs",
            created=now,
            expires=now + timedelta(minutes=5),
            relates_to=MESSAGE,
        )
        return etree.tostring(envelope)

    return sign


@pytest.fixture(scope="module")
def read(adapter, grant, call):
    """Read a reply's bytes as the answer to our message about the example person."""

    def reading(data: bytes, service: str = "taxpayer", **question) -> RegistryAnswer:
        subject = grant(f"tax/{service}", **question).subject
        return adapter.read(service, data, MESSAGE, subject, call())

    return reading


def test_none_owed_is_found_and_empty(read, signed):
    """A taxpayer who owes nothing is found with an empty list and a total of zero."""
    answer = read(signed(KNOWN, "TraCuuNghiaVuKetQua"), "obligations")
    assert answer.record == {"obligations": [], "total_amount": 0}


def test_obligations_are_summed(read, signed):
    """Each obligation is told in canonical words and the total is their sum in đồng."""
    record = read(signed(KNOWN + OWED * 2, "TraCuuNghiaVuKetQua"), "obligations").record
    assert record["total_amount"] == 240_000
    assert record["obligations"][0] == {
        "dossier": "HS1",
        "decision": "QD1",
        "decided_on": "2026-01-02",
        "item": "Lệ phí",
        "amount": 120_000,
    }


TAXPAYER, OBLIGATIONS = "taxpayer", "obligations"
BROKEN = {
    "count_without_taxpayer": (TAXPAYER, "", 1, REQUEST, "wrong-count"),
    "taxpayer_without_count": (TAXPAYER, PAYER, 0, REQUEST, "wrong-count"),
    "two_taxpayers": (TAXPAYER, PAYER * 2, 2, REQUEST, "two-results"),
    "other_request": (TAXPAYER, PAYER, 1, "another", "wrong-request"),
    "other_person": (TAXPAYER, PAYER.replace("099191000001", "099191000002"), 1, REQUEST, "wrong-person"),
    "nameless_number": (
        TAXPAYER,
        PAYER.replace("<SoDinhDanh>099191000001</SoDinhDanh>", "").replace("099191000001", BODY_CODE),
        1,
        REQUEST,
        "wrong-person",
    ),
    "unknown_kind": (TAXPAYER, PAYER.replace("<Loai>02", "<Loai>04"), 1, REQUEST, "schema-drift"),
    "bad_day": (TAXPAYER, PAYER.replace("2011-05-02", "2011-02-30"), 1, REQUEST, "schema-drift"),
    "unknown_but_owing": (OBLIGATIONS, OWED, 0, REQUEST, "wrong-count"),
    "unknown_but_named": (OBLIGATIONS, KNOWN, 0, REQUEST, "wrong-count"),
    "known_twice": (OBLIGATIONS, KNOWN, 2, REQUEST, "two-results"),
    "known_without_number": (OBLIGATIONS, "", 1, REQUEST, "wrong-person"),
    "somebody_elses_debt": (OBLIGATIONS, KNOWN + OWED.replace("099191000001", BODY_CODE), 1, REQUEST, "wrong-person"),
    "negative_amount": (OBLIGATIONS, KNOWN + OWED.replace("120000", "-1"), 1, REQUEST, "schema-drift"),
}
ELEMENTS = {TAXPAYER: "TraCuuNguoiNopThueKetQua", OBLIGATIONS: "TraCuuNghiaVuKetQua"}


@pytest.mark.parametrize("name", BROKEN)
def test_signed_nonsense_is_invalid_for_its_reason(read, signed, name):
    """A truly signed answer that contradicts itself, the schema or the question is still `registry-invalid`."""
    service, content, count, request, reason = BROKEN[name]
    with pytest.raises(RegistryInvalid) as caught:
        read(signed(content, ELEMENTS[service], count, request), service)
    assert caught.value.reason == reason


def test_answer_of_the_other_operation_is_invalid(read, signed):
    """An answer about obligations does not answer a question about the taxpayer."""
    with pytest.raises(RegistryInvalid):
        read(signed(KNOWN, "TraCuuNghiaVuKetQua"))


def test_answer_to_another_message_is_invalid(adapter, grant, call, signed):
    """A true answer that relates to another message is not believed."""
    subject = grant("tax/taxpayer").subject
    with pytest.raises(RegistryInvalid):
        adapter.read(TAXPAYER, signed(PAYER), "urn:uuid:another", subject, call())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_replies_never_tell_of_another(read, signed, data):
    """A signed reply with bytes changed or cut is still about the person asked for, or an error."""
    valid = signed(PAYER)
    at = data.draw(st.integers(0, len(valid) - 1))
    end = data.draw(st.integers(at, min(len(valid), at + 40)))
    try:
        answer = read(valid[:at] + data.draw(st.binary(max_size=4)) + valid[end:])
    except RegistryError:
        return
    assert answer.found
    assert answer.person_id == "099191000001"
