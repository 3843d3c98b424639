"""SOAP by contract: requests as the WSDL shapes them, replies parsed hardened and judged by the schema."""

from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.contract import RegistryError, RegistryFault, RegistryInvalid
from adapters.errors import MappingError
from adapters.soap import Contract, only_child, parse

FILES = {
    name: (resources.files("adapters") / "wsdl" / name).read_text("utf-8") for name in ("population.wsdl", "tax.wsdl")
}
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


@pytest.fixture(scope="module")
def contract():
    """Return the tax registry's contract."""
    return Contract("tax.wsdl", FILES)


def test_template_is_filled_and_escaped(contract):
    """A request carries its values verbatim, whatever XML characters they hold."""
    template = contract.operation("TraCuuNghiaVu").template(["MaYeuCau", "MaSoThue"])
    body = etree.fromstring(template.fill(['<&>"]]>', "9999999002"]))[-1]
    assert body[0].tag == "{http://gdt.example.vn/tracuu/1.0}TraCuuNghiaVu"
    assert [child.text for child in body[0]] == ['<&>"]]>', "9999999002"]


@settings(max_examples=100, deadline=None)
@given(st.text())
def test_any_text_is_carried_or_refused(contract, text):
    """A text comes out of the envelope as it went in, or cannot be sent because XML cannot hold it."""
    template = contract.operation("TraCuuNghiaVu").template(["MaYeuCau", "MaSoThue"])
    try:
        data = template.fill([text, "1"])
    except RegistryFault:
        return
    assert (parse(data)[-1][0][0].text or "") == text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize(
    "paths", [["MaYeuCau"], ["MaYeuCau", "MaSoThue", "SoDinhDanh"], ["MaYeuCau", "Khac"], ["MaSoThue", "MaYeuCau"]]
)
def test_request_that_does_not_fit_the_wsdl_is_refused(contract, paths):
    """A missing element, both sides of a choice, an unknown element and a wrong order are found at build time."""
    with pytest.raises(MappingError):
        contract.operation("TraCuuNghiaVu").template(paths)


def test_unknown_operation_lists_the_known(contract):
    """An operation that the WSDL lacks is refused with the names it has."""
    with pytest.raises(MappingError, match="TraCuuNghiaVu, TraCuuNguoiNopThue"):
        contract.operation("TraCuu")


def test_leaves_are_every_place_of_the_messages(contract):
    """Requests and replies list their places, with what may be absent or repeat."""
    operation = contract.operation("TraCuuNghiaVu")
    assert [(leaf.path, leaf.optional) for leaf in operation.request_leaves()] == [
        ("MaYeuCau", False),
        ("MaSoThue", True),
        ("SoDinhDanh", True),
    ]
    amount = next(leaf for leaf in operation.reply_leaves() if leaf.path == "NghiaVu/SO_TIEN")
    assert (amount.type_name, amount.under) == ("integer", "NghiaVu")


WSDLS = {
    "not_xml": "nothing",
    "html": "<html/>",
    "empty": '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>',
    "with_entities": '<!DOCTYPE a [<!ENTITY e "x">]>' + FILES["tax.wsdl"].partition("?>")[2],
    "import_from_the_network": FILES["tax.wsdl"].replace(
        '<xs:simpleType name="VanBan">',
        '<xs:import namespace="urn:x" schemaLocation="http://127.0.0.1:1/x.xsd"/><xs:simpleType name="VanBan">',
        1,
    ),
    "import_of_a_local_file": FILES["tax.wsdl"].replace(
        '<xs:simpleType name="VanBan">',
        '<xs:import namespace="urn:x" schemaLocation="file:///etc/hostname"/><xs:simpleType name="VanBan">',
        1,
    ),
}


@pytest.mark.parametrize("name", WSDLS)
def test_unusable_wsdl_is_a_mapping_error(name):
    """What cannot be read as a WSDL, or reaches beyond the texts given, is the operator's error."""
    with pytest.raises(MappingError):
        Contract("a.wsdl", {"a.wsdl": WSDLS[name]})


def test_fault_in_a_200_is_the_registrys_fault(contract):
    """A SOAP fault is a fault whatever the status, and none of its text is passed on."""
    fault = "<s:Fault><faultstring>ORA-1</faultstring></s:Fault>"
    text = f'<s:Envelope xmlns:s="{ENVELOPE}"><s:Body>{fault}</s:Body></s:Envelope>'
    with pytest.raises(RegistryFault) as caught:
        contract.reply(text.encode(), contract.operation("TraCuuNghiaVu"))
    assert str(caught.value) == "soap-fault"


SHAPES = {
    "no_body": "<s:Header/>",
    "two_bodies": "<s:Body><a/></s:Body><s:Body><a/></s:Body>",
    "body_before_header": "<s:Body><a/></s:Body><s:Header/>",
    "two_children": "<s:Body><a/><b/></s:Body>",
    "empty_body": "<s:Body/>",
    "text_in_body": "<s:Body>x<a/></s:Body>",
    "foreign_part": "<x/><s:Body><a/></s:Body>",
}


@pytest.mark.parametrize("name", SHAPES)
def test_envelopes_of_another_shape_are_invalid(name):
    """Exactly one Body with exactly one element is read."""
    with pytest.raises(RegistryInvalid):
        only_child(parse(f'<s:Envelope xmlns:s="{ENVELOPE}">{SHAPES[name]}</s:Envelope>'.encode()))


def test_soap_1_2_is_not_taken_for_1_1():
    """An envelope of another SOAP version is invalid."""
    with pytest.raises(RegistryInvalid):
        only_child(
            parse(b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><a/></s:Body></s:Envelope>')
        )


DOCUMENTS = {
    "doctype": b"<!DOCTYPE a><a/>",
    "external_entity": b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/hostname">]><a>&e;</a>',
    "undeclared_entity": b"<a>&e;</a>",
    "hidden_doctype": '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><a/>'.encode("utf-16"),
    "utf_7": b'<?xml version="1.0" encoding="utf-7"?>+ADw-a/+AD4-',
    "comment": b"<a>1<!-- -->2</a>",
    "instruction": b"<a>1<?x?>2</a>",
    "truncated": b"<a><b></a>",
    "empty": b"",
    "binary": bytes(range(256)),
    "latin_1": "<a>é</a>".encode("latin-1"),
    "deep": b"<a>" * 5000 + b"</a>" * 5000,
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_dangerous_documents_are_invalid(name):
    """DTDs, entities, other encodings, what cuts a text in two and what is no XML are refused by the parser."""
    with pytest.raises(RegistryInvalid):
        parse(DOCUMENTS[name])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_escape_the_error_family(contract, data):
    """Any bytes at all are a valid reply or a `RegistryError`."""
    with pytest.raises(RegistryError):
        contract.reply(data, contract.operation("TraCuuNghiaVu"))
