"""Values are told apart by what they hold, and the type checker lets nobody change them."""

import pytest

from schemas.frozen import valueclass


@valueclass
class Place:
    """A value to try."""

    name: str
    number: int = 0


def test_values_are_what_they_hold():
    """Equal members make equal values with equal hashes."""
    assert Place("a") == Place("a", 0) != Place("a", 1)
    assert len({Place("a"), Place("a"), Place("b")}) == 2


def test_a_value_has_its_members_and_no_others():
    """A member that nobody declared has no place."""
    with pytest.raises(AttributeError):
        setattr(Place("a"), "nmae", "b")  # noqa: B010 — the type checker would refuse the plain form


def test_the_type_checker_is_told_that_values_are_frozen():
    """PEP 681: every class made so is frozen to `mypy`, which `make check` runs."""
    told = valueclass.__dataclass_transform__
    assert told.get("frozen_default") or told["kwargs"]["frozen_default"], "Python 3.11 has it among the others"
