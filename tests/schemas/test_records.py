"""Canonical records have exactly their service's fields, each of its kind (PROTOCOL section 3)."""

import pytest

from schemas.records import CHECKS, FIELD_KINDS, kind_of, validate_record
from schemas.services import CATALOGUE, ServiceSpec

ADDRESS = {"province": "99", "district": None, "ward": "99001", "detail": "Số 1", "country": "VN"}
RELATIVE = {"full_name": "NGUYỄN VĂN THỬ", "personal_id": "099060000001"}
OBLIGATION = {"dossier": "HS1", "decision": "QĐ1", "decided_on": "2026-01-02", "item": "Thuế", "amount": 150_000}
SAMPLES = {
    "date": "1991-05",
    "name": "NGUYỄN\u200b THỊ THỬ",
    "sex": "undetermined",
    "address": ADDRESS,
    "relative": RELATIVE,
    "text": "01",
    "amount": 0,
    "obligations": [OBLIGATION],
    "history": [{"maHoSo": "1", "ngayRa": None}],
}


def record(spec, **changes):
    """Make a sound record of a service, with some members changed."""
    return {field: SAMPLES[kind_of(spec, field)] for field in spec.fields} | changes


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_whole_record_and_an_empty_one_are_sound(name):
    """Every service has a sound record, full or with no value at all."""
    spec = CATALOGUE[name]
    validate_record(spec, record(spec))
    validate_record(spec, dict.fromkeys(spec.fields))


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("population/person", "birth_date", "02/05/1991"),
        ("population/person", "birth_date", 1991),
        ("population/person", "full_name", "Th\u0443"),
        ("population/person", "sex", "1"),
        ("population/person", "ethnicity", 1),
        ("population/person", "ethnicity", ""),
        ("population/person", "permanent_address", {"province": "99"}),
        ("population/person", "permanent_address", {**ADDRESS, "ward": 99001}),
        ("population/person", "permanent_address", "99"),
        ("population/person", "father", {"full_name": "A"}),
        ("population/person", "father", {**RELATIVE, "personal_id": "12"}),
        ("tax/obligations", "total_amount", -1),
        ("tax/obligations", "total_amount", True),
        ("tax/obligations", "total_amount", "1"),
        ("tax/obligations", "obligations", [{**OBLIGATION, "amount": 1.5}]),
        ("tax/obligations", "obligations", [{**OBLIGATION, "decided_on": "x"}]),
        ("tax/obligations", "obligations", OBLIGATION),
        ("insurance/health-card", "treatment_history", ["x"]),
        ("insurance/health-card", "treatment_history", [{"a": 1}]),
    ],
)
def test_a_value_of_another_kind_is_refused_by_name(name, field, value):
    """The fault names the field and never the value."""
    spec = CATALOGUE[name]
    with pytest.raises(ValueError, match=f"^{field}: ") as caught:
        validate_record(spec, record(spec, **{field: value}))
    assert "1991" not in str(caught.value)


def test_a_record_has_exactly_its_fields():
    """A missing or an extra member is refused."""
    spec = CATALOGUE["tax/taxpayer"]
    whole = record(spec)
    for wrong in ({**whole, "more": "x"}, {name: value for name, value in whole.items() if name != "kind"}):
        with pytest.raises(ValueError, match="exactly the service's fields"):
            validate_record(spec, wrong)


def test_a_configured_service_has_values_of_its_own():
    """Fields that the catalogue does not know may be any JSON value."""
    spec = ServiceSpec("vat", "check", ("tax_code",), (), ("valid", "status"))
    validate_record(spec, {"valid": True, "status": 3})
    assert kind_of(spec, "status") is None


def test_every_special_kind_names_fields_that_exist():
    """The table of kinds names only fields of the catalogue, and every kind has a check."""
    fields = {field for spec in CATALOGUE.values() for field in spec.fields}
    assert set(FIELD_KINDS) <= fields
    assert set(FIELD_KINDS.values()) | {"text"} == set(CHECKS)
