"""Bodies of look-ups and verifications (PROTOCOL 3 and 4, THREATS C17 to C20)."""

import copy
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.dates import PartialDate
from schemas.envelopes import LookupRequest, SchemaError, parse_lookup, parse_verification
from schemas.grants import Officer, Purpose, Subject
from schemas.services import CATALOGUE

PERSON = CATALOGUE["population/person"]
EXAMPLE = {
    "subject": {
        "id_type": "personal_id",
        "id": "099191000001",
        "full_name": "NGUYỄN THỊ THỬ",
        "birth_date": "1991-05-02",
    },
    "purpose": {
        "procedure": "9.999901",
        "dossier": "H99.01-261121-0001",
        "component": "TP01",
        "legal_basis": "law",
        "officer": {"id": "099085000009", "name": "Trần Văn Cán", "unit": "H99.01"},
    },
    "fields": ["full_name", "birth_date", "permanent_address"],
}
CLAIMS = {"full_name": "Nguyễn Thị Thử", "birth_date": "1991", "permanent_address": {"province": "99", "ward": None}}
ABSENT = object()


def changed(pointer, value, base=EXAMPLE):
    """Set one place of the example body, or leave it out."""
    body = copy.deepcopy(base)
    *path, last = pointer.strip("/").split("/")
    inner = body
    for step in path:
        inner = inner[step]
    if value is ABSENT:
        del inner[last]
    else:
        inner[last] = value
    return body


def faults(parse, body):
    """List the faults of a body, none where it is read."""
    try:
        parse(body, PERSON)
    except SchemaError as error:
        return error.errors
    return ()


def refusal(parse, body, spec=PERSON):
    """Pointers of the faults of a refused body."""
    with pytest.raises(SchemaError) as caught:
        parse(body, spec)
    return [error.pointer for error in caught.value.errors]


def verification(**claims):
    """Make a verification of the example."""
    return {**{name: EXAMPLE[name] for name in ("subject", "purpose")}, "claims": claims or CLAIMS}


def test_the_example_of_the_protocol_is_read():
    """The body of PROTOCOL section 3 gives the subject, the purpose and the fields in order."""
    assert parse_lookup(EXAMPLE, PERSON) == LookupRequest(
        Subject("personal_id", "099191000001", "NGUYỄN THỊ THỬ", PartialDate(1991, 5, 2)),
        Purpose(
            "9.999901",
            "law",
            Officer("099085000009", "Trần Văn Cán", "H99.01"),
            dossier="H99.01-261121-0001",
            component="TP01",
        ),
        ("full_name", "birth_date", "permanent_address"),
    )


def test_a_verification_keeps_its_claims():
    """Claims come back as they were sent, subject and purpose as for a look-up."""
    request = parse_verification(verification(), PERSON)
    assert request.claims == CLAIMS
    assert request.subject == parse_lookup(EXAMPLE, PERSON).subject


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/purpose/dossier", ABSENT),
        ("/purpose/component", ABSENT),
        ("/purpose/dossier", "HS-2026/1"),
        ("/purpose/procedure", "9.999901.000.00.00.H99"),
        ("/subject/birth_date", "1991"),
        ("/subject/birth_date", "1991-05"),
        ("/fields", ["*"]),
        ("/fields", ["no_such_field", "x y <script>"]),
        ("/subject/full_name", "'; DROP TABLE x; -- <a>&amp;</a> ${x}"),
    ],
)
def test_what_may_vary_is_taken(pointer, value):
    """Optional members may be absent, dates partial, and unknown fields are left to the agreement check."""
    request = parse_lookup(changed(pointer, value), PERSON)
    assert request.purpose.procedure == "9.999901"


def test_names_are_composed():
    """A decomposed name arrives composed."""
    request = parse_lookup(changed("/subject/full_name", normalize("NFD", "Nguyễn Thị Thử")), PERSON)
    assert request.subject.full_name == "Nguyễn Thị Thử"


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        pytest.param("/subject", ABSENT, id="subject-missing"),
        pytest.param("/subject", None, id="subject-null"),
        pytest.param("/subject", [], id="subject-a-list"),
        pytest.param("/purpose", "x", id="purpose-a-text"),
        pytest.param("/extra", 1, id="extra-member"),
        pytest.param("/subject/phone", "1", id="extra-member-of-subject"),
        pytest.param("/purpose/officer/rank", "1", id="extra-member-of-officer"),
        pytest.param("/subject/id_type", "tax_code", id="id-type-of-another-service"),
        pytest.param("/subject/id_type", "", id="id-type-empty"),
        pytest.param("/subject/id_type", ["personal_id"], id="id-type-a-list"),
        pytest.param("/subject/id", 99191000001, id="id-a-number"),
        pytest.param("/subject/id", None, id="id-null"),
        pytest.param("/subject/id", "", id="id-empty"),
        pytest.param("/subject/id", "０99191000001", id="id-full-width-digit"),
        pytest.param("/subject/id", "٠٩٩١٩١٠٠٠٠٠١", id="id-arabic-digits"),
        pytest.param("/subject/id", "099191 000001", id="id-with-a-space"),
        pytest.param("/subject/id", "099191000001\n", id="id-with-a-line-end"),
        pytest.param("/subject/id", "09919100001", id="id-of-11-digits"),
        pytest.param("/subject/id", "0991910000011", id="id-of-13-digits"),
        pytest.param("/subject/id", "9" * 5000, id="id-huge"),
        pytest.param("/subject/full_name", ABSENT, id="name-missing"),
        pytest.param("/subject/full_name", None, id="name-null"),
        pytest.param("/subject/full_name", "", id="name-empty"),
        pytest.param("/subject/full_name", "Nguy\u0435n Thử", id="name-cyrillic"),
        pytest.param("/subject/full_name", "Thử\u200b", id="name-zero-width"),
        pytest.param("/subject/full_name", "\u202eThử", id="name-bidi"),
        pytest.param("/subject/full_name", "Thử\x00", id="name-nul"),
        pytest.param("/subject/full_name", "a" * 201, id="name-too-long"),
        pytest.param("/subject/full_name", "\ud800", id="name-surrogate"),
        pytest.param("/subject/birth_date", ABSENT, id="birth-missing"),
        pytest.param("/subject/birth_date", "1991-02-30", id="birth-impossible"),
        pytest.param("/subject/birth_date", "02/05/1991", id="birth-other-format"),
        pytest.param("/subject/birth_date", 1991, id="birth-a-number"),
        pytest.param("/purpose/procedure", "1.1", id="procedure-malformed"),
        pytest.param("/purpose/legal_basis", "curiosity", id="basis-unknown"),
        pytest.param("/purpose/legal_basis", None, id="basis-null"),
        pytest.param("/purpose/dossier", "x" * 65, id="dossier-too-long"),
        pytest.param("/purpose/dossier", "a\nb", id="dossier-unprintable"),
        pytest.param("/purpose/dossier", None, id="dossier-null"),
        pytest.param("/purpose/component", "a\x07", id="component-control"),
        pytest.param("/purpose/officer", ABSENT, id="officer-missing"),
        pytest.param("/purpose/officer/id", "12345", id="officer-id-short"),
        pytest.param("/purpose/officer/name", "C\u0430n", id="officer-name-cyrillic"),
        pytest.param("/purpose/officer/unit", "province", id="unit-malformed"),
        pytest.param("/purpose/consent_ref", "a\x01", id="consent-control"),
        pytest.param("/purpose/emergency_reason", "x" * 1001, id="reason-too-long"),
        pytest.param("/fields", [], id="fields-empty"),
        pytest.param("/fields", ["sex", "sex"], id="fields-duplicate"),
        pytest.param("/fields", "sex", id="fields-a-text"),
        pytest.param("/fields", ["f" + str(number) for number in range(101)], id="fields-too-many"),
    ],
)
def test_each_fault_is_pointed_at(pointer, value):
    """One fault gives one pointer, to its own place."""
    assert refusal(parse_lookup, changed(pointer, value)) == [pointer]


@pytest.mark.parametrize(
    ("value", "pointer"),
    [([1], "/fields/0"), ([""], "/fields/0"), (["sex", "x" * 65], "/fields/1"), ([None], "/fields/0")],
)
def test_a_field_is_a_short_text(value, pointer):
    """Field names are texts of 1 to 64 characters, each pointed at."""
    assert refusal(parse_lookup, changed("/fields", value)) == [pointer]


@pytest.mark.parametrize(("basis", "member"), [("consent", "consent_ref"), ("vital_interest", "emergency_reason")])
def test_a_legal_basis_brings_its_ground(basis, member):
    """Consent needs its reference, vital interest its reason."""
    body = changed("/purpose/legal_basis", basis)
    assert refusal(parse_lookup, body) == [f"/purpose/{member}"]
    body["purpose"][member] = "  "
    assert refusal(parse_lookup, body) == [f"/purpose/{member}"]
    body["purpose"][member] = "Biên bản số 1\r\n<ngày>"
    assert getattr(parse_lookup(body, PERSON).purpose, member) == "Biên bản số 1\r\n<ngày>"


def test_every_fault_is_told_at_once():
    """Faults of several members come in one answer."""
    body = changed("/subject/id", "1", changed("/purpose/procedure", "1", changed("/fields", ["a", "a"])))
    assert refusal(parse_lookup, body) == ["/subject/id", "/purpose/procedure", "/fields"]


def test_services_ask_for_what_they_need():
    """Civil status needs the number only; tax takes tax codes; a card must be one."""
    bare = changed("/subject", {"id_type": "personal_id", "id": "099191000001"})
    assert parse_lookup(bare, CATALOGUE["civil-status/birth"]).subject.full_name is None
    assert refusal(parse_lookup, bare) == ["/subject/full_name", "/subject/birth_date"]
    tax = changed("/subject", {"id_type": "tax_code", "id": "9999999002"})
    assert parse_lookup(tax, CATALOGUE["tax/taxpayer"]).subject.id == "9999999002"
    card = changed("/subject/id_type", "health_card", changed("/subject/id", "dn4999999900001"))
    assert parse_lookup(card, CATALOGUE["insurance/health-card"]).subject.id == "DN4999999900001"


@pytest.mark.parametrize(
    "claims",
    [
        {"no_such_field": [1, {"a": None}, "x", True, 1.5]},
        {"birth_date": "1991-05"},
        {"father": {"full_name": "Nguyễn Văn A"}},
        {"home_town": {"province": "99", "district": None}},
        {"ethnicity": "01"},
    ],
)
def test_claims_of_the_right_shape_are_taken(claims):
    """A claim has its field's shape; objects may be claimed in part; unknown names pass to the agreement check."""
    assert parse_verification(verification(**claims), PERSON).claims == claims


def test_tax_claims_have_amounts():
    """A total is a whole number, obligations a list of whole ones."""
    spec = CATALOGUE["tax/obligations"]
    body = verification(total_amount=0, obligations=[])
    body["subject"] = {"id_type": "tax_code", "id": "9999999002"}
    assert parse_verification(body, spec).claims == {"total_amount": 0, "obligations": []}
    body["claims"] = {"total_amount": -1, "obligations": [{}]}
    assert refusal(parse_verification, body, spec) == ["/claims/total_amount", "/claims/obligations"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("full_name", None),
        ("full_name", 1),
        ("full_name", "Th\u0443"),
        ("birth_date", "2/5/1991"),
        ("birth_date", {"year": 1991}),
        ("sex", "M"),
        ("sex", ["female"]),
        ("ethnicity", 1),
        ("ethnicity", "a\x01"),
        ("permanent_address", "99"),
        ("permanent_address", {}),
        ("permanent_address", {"ward": None}),
        ("permanent_address", {"street": "x"}),
        ("permanent_address", {"ward": 99001}),
        ("father", {"personal_id": "12"}),
        ("father", {"full_name": "\u202eA"}),
        ("unknown", None),
        ("unknown", "a\x00"),
        ("unknown", {"a\x00": 1}),
        ("unknown", [[0] * 600]),
        ("unknown", "x" * 1001),
    ],
)
def test_claims_of_another_shape_are_pointed_at(name, value):
    """A claim of a wrong type, null, or with illegal text is a fault of that claim."""
    assert refusal(parse_verification, verification(**{name: value})) == [f"/claims/{name}"]


def test_claims_are_an_object_with_members():
    """No claims, claims of another type and nameless claims are refused."""
    for value in ({}, [], None, {"x" * 65: 1}, {"": 1}):
        assert refusal(parse_verification, {**verification(), "claims": value}) == ["/claims"]
    assert refusal(parse_verification, EXAMPLE) == ["/claims", "/fields"]


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
PLACES = st.sampled_from(
    [f"/subject/{name}" for name in EXAMPLE["subject"]]
    + [f"/purpose/{name}" for name in EXAMPLE["purpose"]]
    + ["/purpose/officer/id", "/purpose/officer/name", "/purpose/officer/unit", "/subject", "/purpose", "/fields"]
)


@given(PLACES, JSON)
@settings(max_examples=200)
def test_any_value_anywhere_is_read_or_refused_without_echo(pointer, value):
    """Whatever stands in a place, the body is read or refused with `SchemaError`, and no text is echoed."""
    found = faults(parse_lookup, changed(pointer, value))
    if isinstance(value, str) and len(value) > 3:
        assert all(value not in fault.detail for fault in found)


@given(JSON)
@settings(max_examples=100)
def test_any_claim_is_read_or_refused(value):
    """Whatever is claimed of any field, the body is read or refused with `SchemaError`."""
    for field in PERSON.fields:
        found = faults(parse_verification, verification(**{field: value}))
        assert [fault.pointer for fault in found] in ([], [f"/claims/{field}"])
