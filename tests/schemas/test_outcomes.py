"""The outcome of a look-up names fields that were asked, each once."""

import pytest

from schemas.outcomes import LookupOutcome, check_outcome, parse_outcome
from schemas.pointers import SchemaError


def test_the_example_of_the_protocol_is_read():
    """Two lists of field names; both may be empty."""
    assert parse_outcome({"used": ["full_name"], "mismatch": []}) == LookupOutcome(("full_name",), ())
    assert parse_outcome({"used": [], "mismatch": []}) == LookupOutcome((), ())


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"used": []}, "/mismatch"),
        ({"used": "full_name", "mismatch": []}, "/used"),
        ({"used": [1], "mismatch": []}, "/used/0"),
        ({"used": [""], "mismatch": []}, "/used/0"),
        ({"used": ["a", "a"], "mismatch": []}, "/used"),
        ({"used": [], "mismatch": ["a", "a"]}, "/mismatch"),
        ({"used": [], "mismatch": [], "more": 1}, "/more"),
        ({"used": ["x"] * 101, "mismatch": []}, "/used"),
        ([], ""),
    ],
)
def test_faults_are_pointed_at(body, pointer):
    """Missing, extra, repeated and mistyped members are refused."""
    with pytest.raises(SchemaError) as caught:
        parse_outcome(body)
    assert pointer in [error.pointer for error in caught.value.errors]


def test_only_fields_of_the_question_can_be_named():
    """Others are faults, each by its place."""
    outcome = LookupOutcome(("full_name", "sex"), ("birth_date",))
    check_outcome(outcome, ["full_name", "sex", "birth_date"])
    with pytest.raises(SchemaError) as caught:
        check_outcome(outcome, ["full_name"])
    assert [error.pointer for error in caught.value.errors] == ["/used/1", "/mismatch/0"]
