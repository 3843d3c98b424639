"""Words of the configuration's tables (DESIGN section 7)."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from schemas.configuration_terms import Day, Distinct, Frozen, Moment, Several, Some, secret_file


class _Table(Frozen):
    words: Distinct[str] = ()
    some: Some[int] = (1,)
    several: Several[int] = ()
    at: Moment | None = None
    day: Day | None = None


def test_lists_become_tuples_of_exact_types():
    """TOML's lists become tuples; a list that must hold something may not be empty, a set names nothing twice."""
    assert _Table.model_validate({"words": ["a", "b"], "several": []}).words == ("a", "b")
    for wrong in ({"words": []}, {"words": ["a", "a"]}, {"some": []}, {"several": ["1"]}, {"words": "ab"}):
        with pytest.raises(ValidationError):
            _Table.model_validate(wrong)


def test_times_have_an_offset_and_days_none():
    """A moment is TOML's date-time or its ISO text, always with an offset; a day is a day."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert _Table.model_validate({"at": at, "day": date(2026, 1, 1)}).at == at
    assert _Table.model_validate({"at": "2026-01-01T07:00:00+07:00", "day": "2026-01-01"}).at == at
    for wrong in ({"at": "2026-01-01T07:00:00"}, {"at": 0}, {"at": "soon"}, {"day": "01/01/2026"}, {"day": at}):
        with pytest.raises(ValidationError):
            _Table.model_validate(wrong)


def test_tables_are_closed_and_frozen():
    """An unknown member is refused, and nothing can be set afterwards."""
    with pytest.raises(ValidationError):
        _Table.model_validate({"unknown": 1})
    with pytest.raises(ValidationError):
        _Table().several = (1,)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a\\b", "", "a\nb"])
def test_a_secret_stays_in_its_directory(name):
    """A secret file is named relative to the secrets directory and never leaves it."""
    assert secret_file("tax/key.pem") == "tax/key.pem"
    with pytest.raises(ValueError, match=r"secret|printable"):
        secret_file(name)
