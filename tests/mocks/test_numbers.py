"""Numbers lead to people and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mocks.numbers import (
    AS_OF,
    INSURED_SERIALS,
    SERIALS,
    Key,
    draw,
    index,
    insurance_code,
    key_at,
    key_of,
    key_of_code,
    key_of_old_card,
    old_id_card,
    personal_id,
)
from mocks.words import words

KEYS = st.builds(Key, st.integers(0, 1), st.integers(1900, AS_OF.year), st.integers(0, SERIALS - 1))
INSURED = st.builds(Key, st.integers(0, 1), st.integers(1900, AS_OF.year), st.integers(0, INSURED_SERIALS - 1))


@given(KEYS)
def test_personal_number_leads_back_to_its_person(key):
    """A personal number is 12 digits of place 099 and names one person."""
    number = personal_id(key)
    assert len(number) == 12
    assert number.startswith("099")
    assert key_of(number) == key
    assert key_at(index(key)) == key


@given(KEYS)
def test_old_card_leads_back_to_its_person(key):
    """Whoever holds a nine-digit card is found by it."""
    card = old_id_card(key)
    assert card is None or (len(card) == 9 and key_of_old_card(card) == key)


@given(st.integers(0, 999_999_999))
def test_any_nine_digits_belong_to_their_holder_or_nobody(number):
    """The inverse never names somebody who holds another card."""
    card = f"{number:09d}"
    key = key_of_old_card(card)
    assert key is None or old_id_card(key) == card


def test_four_in_five_of_the_older_hold_an_old_card():
    """Not everybody has an old card, and nobody born after 2002."""
    held = [old_id_card(Key(0, 1970, serial)) is not None for serial in range(5000)]
    assert 0.75 < sum(held) / len(held) < 0.85
    assert old_id_card(Key(0, 2003, 5)) is None


@given(INSURED)
def test_insurance_code_leads_back_to_its_person(key):
    """An insurance code is 99999 and five digits and names one person."""
    code = insurance_code(key)
    assert code is not None
    assert len(code) == 10
    assert code.startswith("99999")
    assert key_of_code(code) == key


def test_every_code_is_held_once_or_not_at_all():
    """The 91,440 insured people use as many of the 100,000 codes."""
    holders = [key_of_code(f"99999{number:05d}") for number in range(100_000)]
    people = {holder for holder in holders if holder is not None}
    assert len(people) == sum(holder is not None for holder in holders) == 127 * 2 * INSURED_SERIALS


@pytest.mark.parametrize(
    "number",
    [
        *words(
            "099191900000 099191999999 099299000001 099427000001 001191000001 09919100000 0991910000011 ०99191000001 x"
        ),
        "099191 00001",
        "",
    ],
)
def test_nobody_holds_these_numbers(number):
    """Serials from 900000, years to come, other places and other shapes belong to nobody."""
    assert key_of(number) is None


@pytest.mark.parametrize(
    "text", ["", "99999", "9999912345x", "8888812345", "９９９９９00000", "123456789", "12345678x"]
)
def test_odd_codes_and_cards_name_nobody(text):
    """Text of another shape names nobody."""
    assert key_of_code(text) is None
    assert key_of_old_card(text) is None or old_id_card(key_of_old_card(text)) == text


def test_draws_differ_by_value_and_purpose():
    """Draws for neighbours and for different purposes do not repeat."""
    assert len({draw(value, purpose) for value in range(200) for purpose in range(50)}) == 10_000
