"""The sample persons are documented as they are."""

from pathlib import Path

from mocks.names import full_name
from mocks.numbers import INSURED_SERIALS, Key, insurance_code, old_id_card, personal_id
from mocks.people import birth, permanent_address, restricted
from mocks.special import CARD_CODES, EXAMPLE, INSURED_SAMPLE, MODES, RESTRICTED_SERIALS, SPECIAL_SERIALS
from mocks.taxpayers import FIXED

PAGE = Path(__file__).parents[2] / "docs" / "SAMPLE-PEOPLE.md"


def test_tables_do_not_overlap():
    """A special serial has one meaning, lies in the range kept for them, and its person is insured."""
    serials = [*MODES, *CARD_CODES, *RESTRICTED_SERIALS]
    assert len(serials) == len(set(serials))
    assert all(serial in SPECIAL_SERIALS for serial in serials)
    assert SPECIAL_SERIALS.start == INSURED_SAMPLE
    assert SPECIAL_SERIALS.stop == INSURED_SERIALS


def test_the_example_person_is_as_the_protocol_says():
    """The person of PROTOCOL 3 has the name, birth date and address stated there."""
    assert personal_id(EXAMPLE) == "099191000001"
    assert birth(EXAMPLE).iso() == "1991-05-02"
    home = permanent_address(EXAMPLE)
    assert (home.province, home.ward, home.country) == ("99", "99001", "VN")


def test_restricted_sample_persons_are_restricted():
    """The serials kept for restricted people are restricted, other special ones are not."""
    for serial in SPECIAL_SERIALS:
        assert restricted(Key(0, 1990, serial)) == (serial in RESTRICTED_SERIALS)


def test_the_page_names_every_sample_person():
    """docs/SAMPLE-PEOPLE.md has a row for each mode, each code, each taxpayer and the example person."""
    page = PAGE.read_text("utf-8")
    for serial, mode in MODES.items():
        key = Key(1, 1991, serial)
        assert f"| {personal_id(key)} | {full_name(key)} | {birth(key).iso()} | `{mode}` |" in page
    for serial, code in CARD_CODES.items():
        key = Key(0, 1985, serial)
        assert f"| {personal_id(key)} | {full_name(key)} | {birth(key).iso()} | {code} |" in page
    for row in FIXED.values():
        assert f"| {row.code} | {row.name} |" in page
    assert f"{old_id_card(EXAMPLE)}" in page
    assert f"{insurance_code(EXAMPLE)}" in page
