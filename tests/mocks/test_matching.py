"""Registries decide between the person and nobody."""

import pytest

from mocks.matching import birth_fits, iso_from_compact, iso_from_local, name_fits, other_person
from mocks.numbers import Key, insurance_code
from mocks.special import EXAMPLE


@pytest.mark.parametrize("name", ["NGUYỄN THỊ THỬ", "Nguyễn  Thị Thử", "nguye\u0302\u0303n thi\u0323 thu\u031b\u0309"])
def test_spellings_of_the_name_fit(name):
    """Case, blanks and decomposed letters do not matter."""
    assert name_fits(EXAMPLE, name)


@pytest.mark.parametrize("name", ["NGUYỄN THỊ THU", "NGUYEN THI THU", "NGUYỄN THỬ", "", "\u0000", "НГУЕН"])
def test_other_names_do_not_fit(name):
    """Another tone, no accents, a part or nonsense is somebody else."""
    assert not name_fits(EXAMPLE, name)


@pytest.mark.parametrize(
    ("claimed", "fits"),
    [
        ("1991-05-02", True),
        ("1991-05", True),
        ("1991", True),
        ("1991-05-03", False),
        ("1990", False),
        ("", False),
        ("19x1", False),
    ],
)
def test_birth_dates_are_compared_on_what_both_have(claimed, fits):
    """Less precise dates fit, other dates do not."""
    assert birth_fits(EXAMPLE, claimed) is fits


def test_dates_are_read_as_written():
    """The registries' formats become partial dates; other text stays and fits nobody."""
    assert [iso_from_compact(text) for text in ("19910502", "199105", "1991", "x")] == [
        "1991-05-02",
        "1991-05",
        "1991",
        "x",
    ]
    assert [iso_from_local(text, "/") for text in ("02/05/1991", "05/1991", "1991")] == [
        "1991-05-02",
        "1991-05",
        "1991",
    ]


def test_the_other_person_is_another_and_as_insured():
    """A stand-in is somebody else and insured exactly where the person is."""
    for serial in (0, 5, 359, 360, 899_999):
        key = Key(0, 1980, serial)
        assert other_person(key) != key
    assert insurance_code(other_person(Key(0, 1980, 359))) is not None
