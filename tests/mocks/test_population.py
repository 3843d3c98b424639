"""The population registry answers as DOMAIN 4 and its description say."""

from pathlib import Path

import pytest
from lxml import etree

from mocks.behaviour import Mode
from mocks.credentials import population_secrets
from mocks.names import full_name
from mocks.numbers import AS_OF, Key, old_id_card, personal_id
from mocks.people import birth
from mocks.population import Population, citizen, collection
from mocks.special import EXAMPLE

URL = "http://127.0.0.1:1"
NS = {"d": "http://www.mic.gov.vn/dancu/1.0", "s": "http://schemas.xmlsoap.org/soap/envelope/"}
WSDL = Path(__file__).parents[2] / "adapters" / "wsdl" / "population.wsdl"
XSD = "{http://www.w3.org/2001/XMLSchema}schema"


@pytest.fixture
def registry(secrets_folder):
    """Make a registry at a fixed address."""
    return Population(URL, population_secrets(secrets_folder))


@pytest.fixture(scope="module")
def schema():
    """Load the schema of replies, from the service's description."""
    found = [node for node in etree.parse(WSDL).iter(XSD) if node.get("targetNamespace") == NS["d"]]
    return etree.XMLSchema(etree.fromstring(etree.tostring(found[0])))


def people_in(handled):
    """List the people in a reply."""
    root = etree.fromstring(handled.reply.body)
    return root.findall("s:Body/d:CongdanCollection/d:CongDan", NS)


def mode(name):
    """Misbehave at the next look-up."""
    return lambda _serial: Mode(name)


def test_the_example_person_is_found(registry, ask_population, never):
    """A right question is answered with one person, the whole name in Ten, and an echo of the request."""
    handled = registry.handle(ask_population(), never)
    (person,) = people_in(handled)
    assert person.findtext("d:SoDinhDanh", namespaces=NS) == "099191000001"
    assert person.findtext("d:HoVaTen/d:Ten", namespaces=NS) == "NGUYỄN THỊ THỬ"
    assert person.findtext("d:ThuongTru/d:MaPhuongXa", namespaces=NS) == "99001"
    assert b'MaYeuCau="0199-r1"' in handled.reply.body
    assert handled.entry == ("TraCuuThongTinCongDan", "099191000001", "0199-r1", "found")


def test_an_old_card_finds_the_same_person(registry, ask_population, never):
    """SoCMND is a question about the holder."""
    (person,) = people_in(registry.handle(ask_population(number=old_id_card(EXAMPLE), tag="SoCMND"), never))
    assert person.findtext("d:SoDinhDanh", namespaces=NS) == "099191000001"


def test_unknown_wrong_and_restricted_look_the_same(registry, ask_population, never):
    """An unknown person, a wrong name, a wrong date and a restricted person get the same bytes."""
    secret = Key(1, 1991, 281)
    born = f"<NgayThangNam>{birth(secret).compact()}</NgayThangNam>"
    answers = [
        registry.handle(question, never)
        for question in (
            ask_population(number="099191900001"),
            ask_population(name="NGUYỄN THỊ THƯ"),
            ask_population(born="<Nam>1990</Nam>"),
            ask_population(number=personal_id(secret), name=full_name(secret), born=born),
        )
    ]
    assert len({answer.reply for answer in answers}) == 1
    assert [answer.entry.outcome for answer in answers] == ["no_match"] * 4
    assert b'SoCongDan="0"' in answers[0].reply.body


def test_a_year_alone_is_compatible(registry, ask_population, never):
    """A claim of the year finds a person with a full date."""
    assert len(people_in(registry.handle(ask_population(born="<Nam>1991</Nam>"), never))) == 1


def test_verification_says_only_whether_there_is_such_a_person(registry, ask_population, never):
    """XacThucThongTinCongDan answers true or false."""
    for name, word in (("NGUYỄN THỊ THỬ", b"true"), ("NGUYỄN THỊ THƯ", b"false")):
        asked = ask_population(operation="XacThucThongTinCongDan", code="003", name=name)
        assert b"<TonTai>" + word + b"</TonTai>" in registry.handle(asked, never).reply.body


@pytest.mark.parametrize(
    "wrong",
    [
        {"Authorization": "Basic eDp5"},
        {"Authorization": ""},
        {"ApiKey": "x"},
        {"X_Road_Client": "VN/OTHER"},
        {"stamp": "20200101000000"},
        {"stamp": "now"},
        {"url": "http://127.0.0.1:2"},
        {"Authorization": "Bäsic"},
    ],
)
def test_wrong_credentials_are_refused(registry, ask_population, never, wrong):
    """A wrong hash, key, client, time or address is a fault with 401, and nobody is looked up."""
    handled = registry.handle(ask_population(**wrong), never)
    assert handled.reply.status == 401
    assert handled.entry.outcome == "refused"
    assert b"099191000001" not in handled.reply.body


def test_a_missing_soap_action_is_refused(registry, ask_population, never):
    """SOAP 1.1 wants the header."""
    asked = ask_population()
    headers = {name: value for name, value in asked.headers.items() if name != "SOAPAction"}
    assert registry.handle(type(asked)("/dancu", "", headers, asked.body, asked.now), never).reply.status == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "003"},
        {"operation": "Khac"},
        {"tag": "SoHoChieu"},
        {"name": "Nguyễn Thị Thử"},
        {"born": "<Nam>91</Nam>"},
        {"born": "<NgayThangNam>1991</NgayThangNam>"},
        {"born": ""},
        {"born": "<Nam>1991</Nam><Nam>1991</Nam>"},
    ],
)
def test_broken_requests_are_faults(registry, ask_population, never, wrong):
    """Elements out of order, unknown ones and mixed case names are the caller's fault."""
    handled = registry.handle(ask_population(**wrong), never)
    assert handled.reply.status == 500
    assert b"soap:Client" in handled.reply.body


def test_other_paths_are_not_found(registry, ask_population, never):
    """There is one path."""
    asked = ask_population()
    assert registry.handle(type(asked)("/khac", "", asked.headers, asked.body, asked.now), never) is None


def test_replies_fit_the_description(schema):
    """People of every age, alone and two at a time, are valid by the WSDL's schema."""
    for year in range(1900, AS_OF.year + 1, 3):
        for serial in (*range(12), 201, 5000, 899_999):
            keys = (Key(0, year, serial), Key(1, year, serial))
            schema.assertValid(etree.fromstring(collection('r<&"1', keys, 0.0)))
    schema.assertValid(etree.fromstring(collection("r", (), 0.0)))


def test_a_month_is_not_said():
    """Of a birth date known to the month the registry holds the year."""
    key = next(Key(0, 1960, n) for n in range(5000) if birth(Key(0, 1960, n)).known == 7)
    assert "<NgayThangNamSinh><Nam>1960</Nam></NgayThangNamSinh>" in citizen(key)


@pytest.mark.parametrize("name", ["drift", "bad_boolean", "bad_date", "wrong_namespace"])
def test_nonsense_is_not_valid_by_the_description(registry, ask_population, schema, name):
    """Drift, bad numbers, bad dates and another namespace break the schema."""
    handled = registry.handle(ask_population(), mode(name))
    content = etree.fromstring(handled.reply.body).find("s:Body", NS)[0]
    assert not schema.validate(content)
    assert handled.entry.outcome == name


def test_lies_are_valid_but_wrong(registry, ask_population, schema):
    """Another person, two results and another request's answer fit the schema and not the question."""
    bodies = {name: registry.handle(ask_population(), mode(name)) for name in LIES}
    assert all(schema.validate(etree.fromstring(each.reply.body).find("s:Body", NS)[0]) for each in bodies.values())
    (other,) = people_in(bodies["another_person"])
    assert other.findtext("d:SoDinhDanh", namespaces=NS) != "099191000001"
    assert len(people_in(bodies["two_results"])) == 2
    assert b'MaYeuCau="0199-r1"' not in bodies["wrong_request"].reply.body


LIES = ("another_person", "two_results", "wrong_request")


def test_faults_two_bodies_and_entities(registry, ask_population):
    """A fault is 500; two Bodies are two; entities are declared in a document type."""
    fault = registry.handle(ask_population(), mode("fault"))
    assert (fault.reply.status, b"soap:Server" in fault.reply.body) == (500, True)
    two = etree.fromstring(registry.handle(ask_population(), mode("two_bodies")).reply.body)
    assert len(two.findall("s:Body", NS)) == 2
    xxe = registry.handle(ask_population(), mode("xxe")).reply.body
    assert f'SYSTEM "{URL}/_trap"'.encode() in xxe
    assert b"<Ten>&leak;</Ten>" in xxe
    bomb = registry.handle(ask_population(), mode("entity_bomb")).reply.body
    assert bomb.count(b"<!ENTITY") == 13
    assert b"<Ten>&e12;</Ten>" in bomb


def test_lies_need_no_person(registry, ask_population):
    """A mode shows even where nobody would be found."""
    handled = registry.handle(ask_population(number="099191900001"), mode("two_results"))
    assert len(people_in(handled)) == 2
