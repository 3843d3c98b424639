"""The types that tell structured values apart."""

from signing.field_values import Date, DisplayString, InnerList, Item, Member, Token


def test_types_with_equal_texts_are_told_apart_by_class():
    """A token, a display string and a string of the same text differ by type alone."""
    assert len({type(value) for value in (Token("a"), DisplayString("a"), "a")}) == 3
    assert Token("a") == "a"


def test_values_hold_their_source():
    """An inner list and a member without a source have an empty one; a date is its seconds."""
    assert InnerList((Item(1, {}),), {}).text == ""
    assert Member(Item(1, {})).text == ""
    assert Date(5).seconds == 5
