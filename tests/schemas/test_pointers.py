"""Schema faults point and never echo (PROTOCOL section 2)."""

import pytest
from pydantic import BaseModel, ConfigDict

from schemas.pointers import FieldError, SchemaError, pointer_to, validated


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    count: int
    inner: dict[str, list[int]]


def test_a_pointer_stops_before_a_name_that_is_not_ours():
    """Members that look like ours are named; anything else a caller made up is not."""
    assert pointer_to("subject", "full_name") == "/subject/full_name"
    assert pointer_to("fields", 2) == "/fields/2"
    assert pointer_to() == ""
    assert pointer_to("claims", "<script>") == "/claims"
    assert pointer_to("claims", "099191000001", "x") == "/claims"
    assert pointer_to("a" * 41) == ""


def test_valid_values_come_back_as_the_model():
    """A body that fits is returned, typed."""
    assert validated(_Body, {"count": 1, "inner": {"a": [1]}}).count == 1


@pytest.mark.parametrize(
    ("obj", "errors"),
    [
        (None, [("", "this must be an object")]),
        ([], [("", "this must be an object")]),
        ({"count": 1}, [("/inner", "this member is required")]),
        ({"count": "099191000001", "inner": {}}, [("/count", "this must be a whole number")]),
        ({"count": True, "inner": {}}, [("/count", "this must be a whole number")]),
        ({"count": 1, "inner": {"a": [1, "x"]}}, [("/inner/a/1", "this must be a whole number")]),
        ({"count": 1, "inner": {"099191000001": 3}}, [("/inner", "this must be a list")]),
        ({"count": 1, "inner": {}, "more": 1}, [("/more", "this member is not known")]),
        ({"count": 1, "inner": {}, "<b>": 1}, [("", "this member is not known")]),
    ],
)
def test_faults_are_ours_in_words_and_pointers(obj, errors):
    """Every fault has a pointer and a sentence of our own, with nothing of the input."""
    with pytest.raises(SchemaError) as caught:
        validated(_Body, obj)
    assert caught.value.errors == tuple(FieldError(*error) for error in errors)
    assert caught.value.__suppress_context__
    assert "099191000001" not in f"{caught.value} {caught.value.errors}"
