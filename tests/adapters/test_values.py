"""Shared conversions: what cannot be read is the registry's fault, and every answer is about the person asked for."""

import pytest

from adapters.contract import RegistryFault, RegistryInvalid
from adapters.values import (
    address_of_text,
    check_identifier,
    check_person,
    coded,
    date_text,
    moment,
    partial_date,
    relative,
    required,
    written_date,
)
from schemas.dates import PartialDate, parse_partial
from schemas.grants import Subject


def subject(name: str | None = "NGUYỄN THỊ HÒA", birth: str | None = "1991-05-02") -> Subject:
    """Make a subject."""
    return Subject("personal_id", "099191000001", name, parse_partial(birth) if birth else None)


@pytest.mark.parametrize("name", ["NGUYỄN THỊ HÒA", "Nguyễn Thị Hoà", "NGUYEN THI HOA", "NGUYỄN  THỊ\u00a0HÒA"])
def test_the_same_name_in_other_spelling_is_the_person(name):
    """Case, spaces, tone placement and missing accents do not make another person."""
    check_person(subject(), name, PartialDate(1991, 5, 2))


@pytest.mark.parametrize("name", ["NGUYỄN THỊ HƯƠNG", "NGUYỄN HÒA", "", None])
def test_another_name_is_another_person(name):
    """Another name, part of a name or none is refused."""
    with pytest.raises(RegistryInvalid):
        check_person(subject(), name, PartialDate(1991, 5, 2))


@pytest.mark.parametrize(
    ("asked", "held", "same"),
    [
        ("1991-05-02", "1991-05-02", True),
        ("1991-05-02", "1991", True),
        ("1991", "1991-05-02", True),
        ("1991-05-02", "1991-05-03", False),
        ("1991", "1992", False),
    ],
)
def test_birth_dates_are_compared_as_far_as_both_go(asked, held, same):
    """A less precise date of the same year is compatible; a contradicting one is another person's."""
    if same:
        check_person(subject(birth=asked), "NGUYỄN THỊ HÒA", parse_partial(held))
    else:
        with pytest.raises(RegistryInvalid):
            check_person(subject(birth=asked), "NGUYỄN THỊ HÒA", parse_partial(held))


def test_what_was_not_asked_with_is_not_compared():
    """Without a name and birth date in the question there is nothing to hold the answer against."""
    check_person(subject(None, None), None, None)


def test_identifier_must_be_the_one_asked_for():
    """Another identifier, or none, is another person's answer."""
    check_identifier("1", "1")
    for other in ("2", "", None):
        with pytest.raises(RegistryInvalid):
            check_identifier("1", other)


def test_codes_dates_and_times_are_read_or_refused():
    """Empty is None, a known text is read, an unknown one is the registry's fault."""
    assert (coded({"1": "male"}, "1"), coded({"1": "male"}, ""), coded({}, None)) == ("male", None, None)
    assert date_text("02/05/1991", "dd/MM/yyyy") == "1991-05-02"
    assert (date_text("", "yyyy"), partial_date(None, "yyyy"), moment("", "iso-local")) == (None, None, None)
    assert moment("20261121083000", "yyyyMMddHHmmss").isoformat() == "2026-11-21T08:30:00+07:00"
    for broken in (
        lambda: coded({"1": "male"}, "2"),
        lambda: date_text("1991-05-02", "dd/MM/yyyy"),
        lambda: moment("2026-11-21", "iso-local"),
    ):
        with pytest.raises(RegistryInvalid):
            broken()


def test_shapes_of_one_line_and_of_nobody():
    """An address of one line has that line as detail; a relative of whom nothing is known is None."""
    assert address_of_text("Số 1")["detail"] == "Số 1"
    assert address_of_text("") is None
    assert relative("", "") is None
    assert relative("A", "") == {"full_name": "A", "personal_id": None}


def test_questions_lacking_a_value_are_not_sent():
    """A question cannot be put without what the registry demands; a date is written as far as it goes."""
    assert written_date(PartialDate(1991, 5), "yyyyMMdd", "yyyy") == "1991"
    for missing in (None, ""):
        with pytest.raises(RegistryFault):
            required(missing)
