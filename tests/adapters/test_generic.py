"""Declared registries: a SOAP and a REST service that no code knows, from the examples of docs/ADAPTERS.md."""

import re
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.contract import RegistryAnswer, RegistryError, RegistryFault, RegistryInvalid
from adapters.errors import MappingError
from adapters.factory import build_adapter, services_of
from schemas.configuration import load_configuration

GUIDE = (Path(__file__).parents[2] / "docs" / "ADAPTERS.md").read_text("utf-8")
SOAP_TOML, REST_TOML = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
WSDL = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:x="http://www.w3.org/2001/XMLSchema" xmlns:v="urn:vat" targetNamespace="urn:vat">
<types><x:schema targetNamespace="urn:vat" elementFormDefault="qualified">
<x:element name="checkVat"><x:complexType><x:sequence><x:element name="countryCode" type="x:string"/>
<x:element name="vatNumber" type="x:string"/></x:sequence></x:complexType></x:element>
<x:element name="checkVatResponse"><x:complexType><x:sequence><x:element name="countryCode" type="x:string"/>
<x:element name="vatNumber" type="x:string"/><x:element name="valid" type="x:boolean"/>
<x:element name="name" type="x:string" minOccurs="0"/><x:element name="address" type="x:string" minOccurs="0"/>
<x:element name="since" type="x:date" minOccurs="0" nillable="true"/></x:sequence></x:complexType></x:element>
</x:schema></types>
<message name="in"><part name="p" element="v:checkVat"/></message>
<message name="out"><part name="p" element="v:checkVatResponse"/></message>
<portType name="port"><operation name="checkVat"><input message="v:in"/><output message="v:out"/></operation></portType>
<binding name="soap" type="v:port"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="checkVat"><soap:operation soapAction="urn:check"/><input><soap:body use="literal"/></input>
<output><soap:body use="literal"/></output></operation></binding>
<service name="s"><port name="p" binding="v:soap"><soap:address location="http://never.called.example/"/></port></service>
</definitions>"""
VALID = "<valid>true</valid><name>CÔNG TY THỬ</name><address>Số 1 &amp; 3</address><since>2020-02-29</since>"


def vat_reply(inner: str = VALID, number: str = "9999999002") -> str:
    """Write a reply of the VAT service."""
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header/><e:Body>'
        f'<checkVatResponse xmlns="urn:vat" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><countryCode>VN'
        f"</countryCode><vatNumber>{number}</vatNumber>{inner}</checkVatResponse></e:Body></e:Envelope>"
    )


@asynccontextmanager
async def served(handler):
    """Serve the handler on an ephemeral port; yields the base address."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def built(text: str, folder, **replace: str):
    """Load a registry's TOML as the gateway does and build its adapter."""
    for old, new in replace.items():
        text = text.replace(old, new)
    (folder / "vat.toml").write_text('username = "u"\npassword = "p"\n')
    (folder / "permits.token").write_text("key-1\n")
    name = re.search(r'registry = "(.*)"', text)[1]
    documents = {f"registries/{name}.toml": text, "registries/vat.wsdl": WSDL}
    configuration = load_configuration(documents)
    config = configuration.registries[name]
    return build_adapter(config, configuration.files, folder), services_of(config)[0]


async def asked_vat(grant, call, tmp_path, reply: str):
    """Ask the VAT service, which answers `reply`; returns the answer and the request it got."""
    seen = {}

    async def handle(request):
        seen.update(path=request.path, headers=dict(request.headers), body=await request.read())
        return web.Response(text=reply, content_type="text/xml")

    async with served(handle) as url:
        adapter, spec = built(SOAP_TOML.replace("https://vat.example", url), tmp_path)
        try:
            return await adapter.ask(grant(spec, "tax_code", "9999999002", name=None, birth=None), call()), seen
        finally:
            await adapter.close()


async def test_soap_service_from_toml_alone(grant, call, tmp_path):
    """The guide's SOAP example asks as its WSDL says and reads the reply in the canonical words of its TOML."""
    answer, seen = await asked_vat(grant, call, tmp_path, vat_reply())
    assert answer.record == {
        "name": "CÔNG TY THỬ",
        "address": {"province": None, "district": None, "ward": None, "detail": "Số 1 & 3", "country": "VN"},
        "valid_since": "2020-02-29",
    }
    assert seen["path"] == "/checkVatService"
    assert seen["headers"]["SOAPAction"] == '"urn:check"'
    assert seen["headers"]["Authorization"] == "Basic dTpw"
    question = etree.fromstring(seen["body"])[-1][0]
    assert [(etree.QName(child).localname, child.text) for child in question] == [
        ("countryCode", "VN"),
        ("vatNumber", "9999999002"),
    ]


async def test_soap_no_match_is_told_by_the_reply(grant, call, tmp_path):
    """The condition of the TOML decides "no match", in either of XML's spellings of false."""
    for word in ("false", "0"):
        answer, _ = await asked_vat(grant, call, tmp_path, vat_reply(f"<valid>{word}</valid>"))
        assert answer == RegistryAnswer(found=False)


async def test_nil_and_absent_elements_are_none(grant, call, tmp_path):
    """An element that is nil or absent has no value; one the TOML requires must have one."""
    nil = "<valid>1</valid><name>A</name><since xsi:nil='true'/>"
    answer, _ = await asked_vat(grant, call, tmp_path, vat_reply(nil))
    assert (answer.record["valid_since"], answer.record["address"]["detail"]) == (None, None)
    with pytest.raises(RegistryInvalid):
        await asked_vat(grant, call, tmp_path, vat_reply("<valid>1</valid>"))


@pytest.mark.parametrize(
    "reply",
    [
        vat_reply(VALID.replace("true", "maybe")),
        vat_reply(VALID.replace("true", "")),
        vat_reply(VALID.replace("2020-02-29", "2021-02-29")),
        vat_reply(VALID.replace("name>", "title>")),
        vat_reply(VALID + "<more/>"),
        vat_reply(number="9999999027"),
        vat_reply().replace("urn:vat", "urn:vat2"),
        vat_reply().replace("<e:Header/>", "<e:Body/>"),
    ],
)
async def test_soap_nonsense_is_invalid(grant, call, tmp_path, reply):
    """`valid=maybe`, bad dates, renamed, extra and foreign elements and another's answer are `registry-invalid`."""
    with pytest.raises(RegistryInvalid):
        await asked_vat(grant, call, tmp_path, reply)


PERMIT = {
    "number": "099191000001",
    "name": "NGUYỄN THỊ THỬ",
    "born": "02/05/1991",
    "kind": "B",
    "since": "2020",
    "fees": [{"label": "Lệ phí", "vnd": 5000}],
}


async def asked_permit(grant, call, tmp_path, status=200, text=None, toml=REST_TOML, **changes):
    """Ask the permit service, which answers what is given; returns the answer and the request it got."""
    seen = {}

    async def handle(request):
        body = await request.read()
        seen.update(method=request.method, path=request.raw_path, headers=dict(request.headers), body=body)
        request_id = orjson.loads(body)["requestId"] if body else None
        whole = {"requestId": request_id, "permits": [PERMIT], "asOf": "2026-11-21T08:30:00"} | changes
        return web.Response(status=status, body=text or orjson.dumps(whole), content_type="application/json")

    async with served(handle) as url:
        adapter, spec = built(toml.replace("https://permits.example", url), tmp_path)
        try:
            return await adapter.ask(grant(spec), call()), seen
        finally:
            await adapter.close()


async def test_rest_service_from_toml_alone(grant, call, tmp_path):
    """The guide's REST example asks with its paths and sources; lists, codes, dates and the number are read."""
    answer, seen = await asked_permit(grant, call, tmp_path)
    assert answer.record == {
        "full_name": "NGUYỄN THỊ THỬ",
        "birth_date": "1991-05-02",
        "kind": "permanent",
        "holder_since": "2020",
        "fees": [{"item": "Lệ phí", "amount": 5000}],
    }
    assert (answer.person_id, answer.source_as_of.isoformat()) == ("099191000001", "2026-11-21T08:30:00+07:00")
    assert (seen["method"], seen["path"], seen["headers"]["X-Api-Key"]) == ("POST", "/api/permits/search", "key-1")
    assert orjson.loads(seen["body"]) == {
        "person": {"number": "099191000001", "name": "NGUYỄN THỊ THỬ", "born": "02/05/1991"},
        "officer": "099085000009",
        "requestId": "0199aa00-0000-7000-8000-00000000000a",
    }


@pytest.mark.parametrize("nobody", [[], None])
async def test_rest_without_a_record_is_no_match(grant, call, tmp_path, nobody):
    """No record at the record's path is "no match"."""
    answer, _ = await asked_permit(grant, call, tmp_path, permits=nobody)
    assert answer == RegistryAnswer(found=False)


async def test_rest_known_members_are_ignored(grant, call, tmp_path):
    """What the TOML lists as known may be there, and only that."""
    answer, _ = await asked_permit(grant, call, tmp_path, page={"of": 1, "next": None})
    assert answer.found


INVALID = {
    "other_request": {"requestId": "another"},
    "two_records": {"permits": [PERMIT, PERMIT]},
    "extra_member": {"surprise": 1},
    "extra_member_inside": {"permits": [PERMIT | {"surprise": 1}]},
    "missing_member": {"permits": [{name: PERMIT[name] for name in PERMIT if name != "kind"}]},
    "other_number": {"permits": [PERMIT | {"number": "099191000002"}]},
    "other_name": {"permits": [PERMIT | {"name": "TRẦN VĂN KHÁC"}]},
    "other_birth": {"permits": [PERMIT | {"born": "03/05/1991"}]},
    "unknown_code": {"permits": [PERMIT | {"kind": "C"}]},
    "number_for_text": {"permits": [PERMIT | {"name": 7}]},
    "text_for_number": {"permits": [PERMIT | {"fees": [{"label": "x", "vnd": "5.000"}]}]},
    "list_for_one": {"permits": [PERMIT | {"kind": ["A", "B"]}]},
    "records_as_text": {"permits": "none"},
}


@pytest.mark.parametrize("name", INVALID)
async def test_rest_nonsense_is_invalid(grant, call, tmp_path, name):
    """Drift, another person, two records and another request's answer are `registry-invalid`, never "no match"."""
    with pytest.raises(RegistryInvalid):
        await asked_permit(grant, call, tmp_path, **INVALID[name])


async def test_rest_fault_is_told_by_its_condition(grant, call, tmp_path):
    """What the TOML calls a fault is the registry's fault, whatever else the answer holds."""
    with pytest.raises(RegistryFault):
        await asked_permit(grant, call, tmp_path, error={"code": 7})


GET = (
    REST_TOML.replace('method = "POST"', 'method = "GET"\naccept_404 = true')
    .replace("/permits/search", "/permits/{subject.id}/{purpose.officer.name}")
    .replace("[services.mapping.request]", "[services.mapping.query]")
    .replace("request_echo", "# request_echo")
    .replace('known = ["error", "page"]', 'known = ["error", "page", "requestId"]')
)


async def test_rest_get_puts_values_where_they_cannot_escape(grant, call, tmp_path):
    """A GET carries its values percent-encoded in the path and the query, and has no body."""
    answer, seen = await asked_permit(grant, call, tmp_path, toml=GET)
    assert answer.found
    path, _, query = seen["path"].partition("?")
    assert path == "/api/permits/099191000001/Tr%E1%BA%A7n%20V%C4%83n%20C%C3%A1n"
    assert "person%2Fborn=02%2F05%2F1991" in query
    assert (seen["method"], seen["body"]) == ("GET", b"")


async def test_404_is_no_match_only_when_its_body_says_so(grant, call, tmp_path):
    """Where a 404 is accepted its body is read like any other: nobody, a contradiction, or a proxy's page."""
    nobody, _ = await asked_permit(grant, call, tmp_path, 404, toml=GET, permits=None)
    assert nobody == RegistryAnswer(found=False)
    with pytest.raises(RegistryInvalid):
        await asked_permit(grant, call, tmp_path, 404, toml=GET)
    with pytest.raises(RegistryInvalid):
        await asked_permit(grant, call, tmp_path, 404, toml=GET, text=b"no such route")
    with pytest.raises(RegistryFault):
        await asked_permit(grant, call, tmp_path, 404)


MISTAKES = {
    "unknown_operation": (SOAP_TOML, 'operation = "checkVat"', 'operation = "check"', "operation"),
    "unknown_wsdl": (SOAP_TOML, 'wsdl = "vat.wsdl"', 'wsdl = "other.wsdl"', "wsdl"),
    "unknown_request_path": (SOAP_TOML, "vatNumber = ", "vatNo = ", "request"),
    "unknown_source": (SOAP_TOML, '"subject.id"', '"subject.number"', "request/vatNumber"),
    "no_way_to_tell": (SOAP_TOML, "no_match = ", "fault = ", "reply"),
    "no_echo": (SOAP_TOML, "subject_echo", "# subject_echo", "reply/subject_echo"),
    "misspelt_member": (SOAP_TOML, "required = true", "requird = true", "fields/name/requird"),
    "missing_field": (SOAP_TOML, "name = {", "# name = {", "fields/name"),
    "unknown_type": (SOAP_TOML, 'type = "date"', 'type = "day"', "fields/valid_since/type"),
    "unknown_format": (SOAP_TOML, "yyyy-MM-dd", "yyyy/MM/dd", "fields/valid_since/format"),
    "unknown_address_member": (SOAP_TOML, "detail = ", "street = ", "fields/address/members/street"),
    "unknown_method": (REST_TOML, '"POST"', '"DELETE"', "method"),
    "get_with_body": (REST_TOML, '"POST"', '"GET"', "request"),
    "bad_path": (REST_TOML, "/permits/search", "permits?x=1", "path"),
    "birth_date_without_year": (REST_TOML, "dd/MM/yyyy,yyyy", "dd/MM/yyyy", "request/person~1born"),
    "condition_without_test": (REST_TOML, ", present = true", "", "reply/fault/0"),
    "empty_enum": (REST_TOML, '{ A = "temporary", B = "permanent" }', "{}", "fields/kind/values"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named_by_pointer(tmp_path, name):
    """A mistake in the TOML is one sentence and a pointer to the member, found before anybody is asked about."""
    text, old, new, pointer = MISTAKES[name]
    assert old in text
    with pytest.raises(MappingError) as caught:
        built(text.replace(old, new, 1), tmp_path)
    assert caught.value.pointer == f"/services/0/mapping/{pointer}"
    assert caught.value.sentence


@pytest.fixture(scope="module")
def permits(tmp_path_factory):
    """Return the permit registry's adapter and service, never connected."""
    return built(REST_TOML, tmp_path_factory.mktemp("rest"))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_mutated_json_never_tells_of_another(grant, call, permits, data):
    """A valid answer with bytes changed or cut is still about the person asked for, or an error."""
    adapter, spec = permits
    asked = call()
    valid = orjson.dumps({"requestId": asked.request_id, "permits": [PERMIT], "asOf": "2026-11-21T08:30:00"})
    at = data.draw(st.integers(0, len(valid) - 1))
    end = data.draw(st.integers(at, min(len(valid), at + 30)))
    mutated = valid[:at] + data.draw(st.binary(max_size=4)) + valid[end:]
    try:
        answer = adapter._exchanges[spec.name].read(mutated, grant(spec), asked)
    except RegistryError:
        return
    assert answer.found
    assert answer.person_id == "099191000001"
