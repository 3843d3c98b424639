"""The tax registry answers signed questions with signed answers, and lies on request."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lxml import etree

from mocks.behaviour import Mode
from mocks.credentials import tax_secrets
from mocks.tax import Tax
from mocks.words import words
from signing.errors import SignatureError
from signing.wsse import parse_xml, verify_envelope

NS = {"t": "http://gdt.example.vn/tracuu/1.0", "s": "http://schemas.xmlsoap.org/soap/envelope/"}
WSDL = Path(__file__).parents[2] / "adapters" / "wsdl" / "tax.wsdl"
OPERATIONS = ("TraCuuNguoiNopThue", "TraCuuNghiaVu")


@pytest.fixture
def registry(secrets_folder):
    """Make a registry with the shared keys."""
    return Tax("http://127.0.0.1:1", tax_secrets(secrets_folder))


@pytest.fixture(scope="module")
def schema():
    """Load the schema of replies, from the service's description."""
    found = next(etree.parse(WSDL).iter("{http://www.w3.org/2001/XMLSchema}schema"))
    return etree.XMLSchema(etree.fromstring(etree.tostring(found)))


@pytest.fixture
def verified(secrets_folder):
    """Verify an answer as the gateway must, and return its content."""
    certificate = tax_secrets(secrets_folder).certificate

    def content(handled):
        root = parse_xml(handled.reply.body, 1 << 20)
        return verify_envelope(root, certificate, now=datetime.now(UTC), relates_to="urn:uuid:1").body_child

    return content


def test_a_person_is_found_by_number_and_by_code(registry, ask_tax, verified, never, schema):
    """The personal number is the tax code; the answer is signed, valid and about the person."""
    for tag in ("SoDinhDanh", "MaSoThue"):
        handled = registry.handle(ask_tax(tag=tag), never)
        content = verified(handled)
        schema.assertValid(content)
        assert content.findtext("t:MaYeuCau", namespaces=NS) == "0199-r1"
        assert content.findtext("t:NguoiNopThue/t:SoDinhDanh", namespaces=NS) == "099191000001"
        assert content.findtext("t:NguoiNopThue/t:Loai", namespaces=NS) == "02"
        assert handled.entry == ("TraCuuNguoiNopThue", "099191000001", "0199-r1", "found")


def test_organisations_are_found_by_code(registry, ask_tax, verified, never, schema):
    """A fixed taxpayer is found by its ten digits, with what it owes."""
    content = verified(registry.handle(ask_tax("TraCuuNghiaVu", "9999999027", "MaSoThue"), never))
    schema.assertValid(content)
    assert len(content.findall("t:NghiaVu", NS)) == 2


def test_owing_nothing_is_not_being_unknown(registry, ask_tax, verified, never):
    """A known taxpayer without debts is one result, an unknown one none."""
    for number, results in (("9999999002", "1"), ("9999999999", "0")):
        content = verified(registry.handle(ask_tax("TraCuuNghiaVu", number, "MaSoThue"), never))
        assert content.findtext("t:SoKetQua", namespaces=NS) == results
        assert content.findall("t:NghiaVu", NS) == []


@pytest.mark.parametrize("number", ["099191900001", "099216000000", "099185000281"])
def test_the_unknown_the_young_and_the_restricted_are_not_found(registry, ask_tax, verified, never, number):
    """No result, signed all the same."""
    handled = registry.handle(ask_tax(number=number), never)
    assert verified(handled).findtext("t:SoKetQua", namespaces=NS) == "0"
    assert handled.entry.outcome == "no_match"


def test_questions_signed_by_others_are_refused(registry, ask_tax, secrets_folder, never):
    """A stranger's signature, none, and an old one are faults; nobody is looked up."""
    stranger = tuple((secrets_folder / f"tax-registry.{part}.pem").read_bytes() for part in ("key", "crt"))
    unsigned = ask_tax()
    plain = unsigned.body[: unsigned.body.index(b"<soap:Header")] if b"<soap:Header" in unsigned.body else b"<x/>"
    old = ask_tax(now=datetime.now(UTC) - timedelta(hours=2))
    for message in (ask_tax(signer=stranger), type(unsigned)("/thue", "", {}, plain, unsigned.now), old):
        handled = registry.handle(message, never)
        assert handled.reply.status == 500
        assert b"soap:Client" in handled.reply.body
        assert handled.entry.outcome == "refused"


@pytest.mark.parametrize("wrong", [{"operation": "Khac"}, {"tag": "SoHoChieu"}, {"number": ""}])
def test_broken_questions_are_faults(registry, ask_tax, never, wrong):
    """A signed question of another shape is the caller's fault."""
    assert registry.handle(ask_tax(**wrong), never).reply.status == 500


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "name",
    words("bad_signature unsigned_body expired_timestamp wrapped two_bodies wrong_request xxe entity_bomb fault"),
)
def test_untrustworthy_answers_do_not_verify(registry, ask_tax, verified, operation, name):
    """A gateway that verifies takes none of these; the journal has them all."""
    handled = registry.handle(ask_tax(operation), lambda _serial: Mode(name))
    with pytest.raises(SignatureError):
        verified(handled)
    assert handled.entry.outcome == name


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", ["drift", "bad_boolean", "bad_date", "wrong_namespace"])
def test_signed_nonsense_is_not_valid_by_the_description(registry, ask_tax, verified, schema, operation, name):
    """The signature is right, the content is not."""
    assert not schema.validate(verified(registry.handle(ask_tax(operation), lambda _serial: Mode(name))))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_signed_lies_are_valid_but_wrong(registry, ask_tax, verified, schema, operation):
    """Another person's data and two results are signed and valid."""
    other = verified(registry.handle(ask_tax(operation), lambda _serial: Mode("another_person")))
    two = verified(registry.handle(ask_tax(operation), lambda _serial: Mode("two_results")))
    assert schema.validate(other)
    assert schema.validate(two)
    assert "099191000001" not in [node.text for node in other.iter()]
    assert two.findtext("t:SoKetQua", namespaces=NS) == "2"


def test_other_paths_are_not_found(registry, ask_tax, never):
    """There is one path."""
    asked = ask_tax()
    assert registry.handle(type(asked)("/khac", "", {}, asked.body, asked.now), never) is None
