"""Word lists."""

from mocks.words import words


def test_words_are_split_at_blanks():
    """Each word is one item, in order."""
    assert words("một hai  ba") == ("một", "hai", "ba")
