"""Identifiers in canonical form and their refusals (DOMAIN section 2, THREATS C18)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.dates import parse_partial
from schemas.identifiers import (
    ID_TYPES,
    agency_matches,
    agency_pattern,
    canonical,
    canonical_agency,
    checked_dossier,
    dossier_agency,
    number_signals,
    person_key,
    personal_number_facts,
    procedure_national,
)

SOUND = [
    ("personal_id", "099191000001", "099191000001"),
    ("old_id_card", "099123456", "099123456"),
    ("insurance_code", "9999900001", "9999900001"),
    ("health_card", "DN4999999900001", "DN4999999900001"),
    ("health_card", "dn4999999900001", "DN4999999900001"),
    ("tax_code", "9999999002", "9999999002"),
    ("tax_code", "9999999027", "9999999027"),
    ("tax_code", "9999999034", "9999999034"),
    ("tax_code", "9999999041", "9999999041"),
    ("tax_code", "9999999059", "9999999059"),
    ("tax_code", "9999999002-001", "9999999002-001"),
    ("tax_code", "099191000001", "099191000001"),
]


@pytest.mark.parametrize(("id_type", "text", "expected"), SOUND)
def test_a_sound_identifier_is_written_canonically(id_type, text, expected):
    """Each type accepts its own format; canonical form is a fixed point."""
    assert canonical(id_type, text) == expected
    assert canonical(id_type, expected) == expected


@pytest.mark.parametrize(
    ("id_type", "text"),
    [
        ("personal_id", "09919100000"),
        ("personal_id", "0991910000011"),
        ("personal_id", "０99191000001"),
        ("personal_id", "٠٩٩١٩١٠٠٠٠٠١"),
        ("personal_id", " 099191000001"),
        ("personal_id", "099191000001\n"),
        ("personal_id", "099 191000001"),
        ("personal_id", "09919100000A"),
        ("personal_id", "099191000001\x00"),
        ("personal_id", ""),
        ("old_id_card", "099191000001"),
        ("old_id_card", "09912345"),
        ("insurance_code", "999990000"),
        ("insurance_code", "99999000012"),
        ("health_card", "9999900001"),
        ("health_card", "DN0999999900001"),
        ("health_card", "DN6999999900001"),
        ("health_card", "D14999999900001"),
        ("health_card", "ĐN4999999900001"),
        ("health_card", "DN499999990000"),
        ("tax_code", "9999999003"),
        ("tax_code", "9999999002001"),
        ("tax_code", "9999999002-000"),
        ("tax_code", "9999999002 001"),
        ("tax_code", "99.99.999.002"),
        ("tax_code", "99999990021"),
        ("phone", "0912345678"),
        ("", "099191000001"),
    ],
)
def test_an_identifier_that_is_off_is_refused_without_echo(id_type, text):
    """Wrong length, digits of other scripts, spaces, a bad check digit or an unknown type: `ValueError`, no echo."""
    with pytest.raises(ValueError, match=r".") as caught:
        canonical(id_type, text)
    assert not text.strip() or text.strip() not in str(caught.value)


@given(st.sampled_from(ID_TYPES), st.text(max_size=16))
def test_any_text_is_canonical_or_refused(id_type, text):
    """Nothing but `ValueError` escapes, and what passes is ASCII and already canonical."""
    try:
        value = canonical(id_type, text)
    except ValueError:
        return
    assert value.isascii()
    assert canonical(id_type, value) == value


@given(st.from_regex(r"\A[0-9]{9}\Z"))
@settings(max_examples=60)
def test_exactly_one_tenth_digit_makes_a_tax_code(body):
    """The published weights decide: a body has one check digit, or none where S mod 11 is 0."""
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    rest = sum(weight * int(digit) for weight, digit in zip(weights, body, strict=True)) % 11
    if body[2:] == "0000000":
        return
    sound = []
    for digit in "0123456789":
        try:
            sound.append(canonical("tax_code", body + digit)[-1])
        except ValueError:
            continue
    assert sound == ([] if rest == 0 else [str(10 - rest)])


def test_a_persons_tax_code_counts_as_the_personal_number():
    """A 12-digit tax code and the personal number are one person; a 10-digit one is itself."""
    assert person_key("tax_code", "099191000001") == ("personal_id", "099191000001")
    assert person_key("tax_code", "9999999002") == ("tax_code", "9999999002")
    assert person_key("old_id_card", "099123456") == ("old_id_card", "099123456")


@pytest.mark.parametrize(
    ("number", "place", "sex", "year"),
    [
        ("099091000001", "099", "male", 1991),
        ("099191000001", "099", "female", 1991),
        ("099205000001", "099", "male", 2005),
        ("099305000001", "099", "female", 2005),
        ("099401000001", "099", "male", 2101),
        ("000599000001", "000", "female", 2199),
    ],
)
def test_a_personal_number_says_place_sex_and_year(number, place, sex, year):
    """The fourth digit is century and sex, the next two the year."""
    facts = personal_number_facts(number)
    assert (facts.place, facts.sex, facts.birth_year) == (place, sex, year)


def test_a_contradiction_is_a_signal_only():
    """A number that fits gives no signal; one that does not names what it contradicts."""
    assert number_signals("099191000001", birth_date=parse_partial("1991"), sex="female") == ()
    assert number_signals("099191000001", birth_date=parse_partial("1990-05"), sex="male") == ("birth_year", "sex")
    assert number_signals("099191000001", sex="undetermined") == ()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("H56", "H56"),
        ("H56.14", "H56.14"),
        ("G09.20.1.22.333", "G09.20.1.22.333"),
        ("000.00.04.G14", "G14.04"),
        ("000.00.00.H56", "H56"),
        ("001.02.03.H56", "H56.03.02.001"),
        ("001.00.03.H56", "H56.03.00.001"),
    ],
)
def test_agencies_are_written_from_big_to_small(code, expected):
    """The older right-to-left order says the same agency."""
    assert canonical_agency(code) == expected


@pytest.mark.parametrize("code", ["", "h56", "H5", "H566", "H56.", "H56.12345", "H56.1.2.3.4.5", "H56 ", "*", "H56*"])
def test_what_is_no_agency_is_refused(code):
    """An agency code has one of the two shapes."""
    with pytest.raises(ValueError, match="agency code"):
        canonical_agency(code)


@pytest.mark.parametrize(
    ("pattern", "agency", "inside"),
    [
        ("H99*", "H99", True),
        ("H99*", "H99.01", True),
        ("H99*", "H99.01.002", True),
        ("H99*", "000.00.01.H99", True),
        ("H99*", "H98.01", False),
        ("H99", "H99", True),
        ("H99", "H99.01", False),
        ("H99.1*", "H99.1.2", True),
        ("H99.1*", "H99.10", False),
        ("H99.01*", "H99", False),
    ],
)
def test_a_pattern_ends_at_a_dot(pattern, agency, inside):
    """`*` opens what lies below an agency, never its neighbours that start alike."""
    assert agency_matches(pattern, agency) is inside


@pytest.mark.parametrize("pattern", ["", "*", "H*", "H9*", "**", "H99**", "H99.*", "*H99"])
def test_a_pattern_that_opens_too_much_is_refused(pattern):
    """A pattern is an agency and at most one star behind it."""
    with pytest.raises(ValueError, match="agency pattern"):
        agency_pattern(pattern)
    with pytest.raises(ValueError, match="agency pattern"):
        agency_matches(pattern, "H99")


def test_a_malformed_agency_never_matches():
    """H990 is no agency: refused, so that it can neither match nor be overlooked."""
    with pytest.raises(ValueError, match="agency code"):
        agency_matches("H99*", "H990")


@pytest.mark.parametrize(
    ("code", "national"),
    [
        ("1.001193", "1.001193"),
        ("9.999901", "9.999901"),
        ("1.001193.000.00.00.H56", "1.001193"),
        ("2.002621.H56", "2.002621"),
        ("2.002621.H56.14", "2.002621"),
    ],
)
def test_a_provincial_copy_has_a_national_code(code, national):
    """The agency behind a procedure's code is stripped."""
    assert procedure_national(code) == national


@pytest.mark.parametrize(
    "code", ["", "1.1", "1001193", "1.0011930", "1.001193.", "1.001193.x", "1.001193\n", "A.001193"]
)
def test_what_is_no_procedure_is_refused(code):
    """Anything but a national code, with or without an agency, is refused."""
    with pytest.raises(ValueError, match="procedure code"):
        procedure_national(code)


@pytest.mark.parametrize(
    ("code", "agency"),
    [
        ("H99.14-230714-0001", "H99.14"),
        ("H99-20230714-0001", "H99"),
        ("G09.20-20260609-0092637", "G09.20"),
        ("000.00.14.H99-230714-0001", "H99.14"),
        ("H99.14-230714-001", None),
        ("H99.14-230714-12345678", None),
        ("H99.14-2307141-0001", None),
        ("HS-2026/0001", None),
        ("Hồ sơ số 1", None),
        ("x" * 64, None),
    ],
)
def test_a_dossier_code_names_its_agency_or_is_opaque(code, agency):
    """The known shapes name an agency; any other printable text is a code all the same, never rewritten."""
    assert checked_dossier(code) == code
    assert dossier_agency(code) == agency


@pytest.mark.parametrize("code", ["", "x" * 65, "H99\n", "a\x00b", "\u202eH99", " ", "a\u200bb"])
def test_what_cannot_be_printed_is_no_dossier_code(code):
    """A dossier code has 1 to 64 printable characters."""
    with pytest.raises(ValueError, match="dossier code"):
        dossier_agency(code)
