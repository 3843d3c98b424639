"""What the insurer knows is consistent."""

from hypothesis import given
from hypothesis import strategies as st

from mocks.insured import (
    FOUND_CODES,
    SILENT_CODES,
    address_text,
    card,
    card_code,
    find,
    health_card,
    household_code,
    social_status,
    treatments,
)
from mocks.numbers import AS_OF, INSURED_SERIALS, Key, insurance_code, personal_id
from mocks.people import birth, death
from mocks.special import CARD_CODES

INSURED = st.builds(Key, st.integers(0, 1), st.integers(1900, AS_OF.year), st.integers(0, INSURED_SERIALS - 1))


@given(INSURED)
def test_every_identifier_finds_the_person(key):
    """Personal number, insurance code and health card name the same person."""
    assert find(personal_id(key)) == (key, "")
    assert find(insurance_code(key) or "") == (key, "")
    number = health_card(key)
    if number is not None:
        assert len(number) == 15
        assert number.endswith(insurance_code(key) or "-")
        assert find(number) == (key, "")


@given(INSURED)
def test_cards_are_consistent(key):
    """A card begins before it ends and not before the birth; a new one is there only for 003 and 004."""
    held = card(key)
    code = card_code(key)
    if held is None:
        assert code == "130" or health_card(key) is None
        return
    assert birth(key).day <= held.valid_from
    assert held.valid_from < held.valid_to
    assert (held.new is not None) == (code in {"003", "004"})
    assert code in FOUND_CODES | SILENT_CODES or key.serial in CARD_CODES
    assert len(household_code(key)) == 10
    assert address_text(key).endswith("tỉnh 99")


def test_altered_cards_say_what_is_wrong():
    """A wrong group is 051, a wrong province part 052, a wrong benefit digit 053, another code 050."""
    number = health_card(Key(1, 1991, 1)) or ""
    assert find("XX" + number[2:]) == (None, "051")
    assert find(number[:3] + "01" + number[5:]) == (None, "052")
    assert find(number[:2] + "9" + number[3:]) == (None, "053")
    assert find(number[:5] + "1234567890") == (None, "050")
    assert find("") == (None, "050")
    assert find("099191000360") == (None, "050")


def test_sample_persons_have_their_codes():
    """Each serial of the table is answered with its code."""
    for serial, code in CARD_CODES.items():
        assert card_code(Key(0, 1985, serial)) == code


def test_usual_codes_all_occur():
    """Without the sample persons, every code that tells of a person occurs, and 130 for small children only."""
    codes = {card_code(Key(sex, year, serial)) for sex in (0, 1) for year in range(1935, 2026) for serial in range(180)}
    assert codes >= FOUND_CODES | {"130"}
    assert "130" not in {card_code(Key(0, 1990, serial)) for serial in range(180)}


@given(INSURED)
def test_social_insurance_of_the_dead_is_stopped(key):
    """The dead are 3, the living 1 or 2, the restricted unknown."""
    status = social_status(key)
    assert status in ({"3", None} if death(key) is not None else {"1", "2", None})


@given(INSURED)
def test_treatments_are_after_the_birth(key):
    """A stay has every member as a text and lies in years the person was alive to see."""
    for stay in treatments(key):
        assert all(isinstance(value, str) and value for value in stay.values())
        assert int(stay["ngayVao"][-4:]) > key.year
