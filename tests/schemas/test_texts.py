"""Free text is carried verbatim or refused (THREATS C19)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from schemas.texts import as_text, checked_text, checked_word, text_key


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE entry; --",
        "<a>&amp;</a><![CDATA[x]]>",
        "{{7*7}} ${x} %s %n",
        "$(reboot) `id` | cat",
        "a\r\nb\tc",
        "\x85\x7f",
        "𠮷 😀",
    ],
)
def test_hostile_but_legal_text_is_carried_verbatim(text):
    """SQL, XML, template, shell and line-end characters are text."""
    assert checked_text(text, 100) == text


@given(st.text(min_size=1, max_size=20))
def test_what_is_accepted_fits_into_xml(text):
    """Text is accepted exactly where lxml takes it as element content and it is not blank."""
    element = etree.Element("x")
    try:
        element.text = text
        legal = not text.isspace()
    except (ValueError, UnicodeEncodeError):
        legal = False
    try:
        checked_text(text, 100)
        accepted = True
    except ValueError:
        accepted = False
    assert accepted == legal


@pytest.mark.parametrize("text", ["", " \n", "a\x00", "a\x0b", "a\x1b[31m", "\ufffe", "\ud800", "x" * 11])
def test_blank_long_or_illegal_text_is_refused(text):
    """Control characters no XML can hold, blanks and texts over the limit are refused."""
    with pytest.raises(ValueError, match="this text"):
        checked_text(text, 10)


def test_a_word_is_printable():
    """A short label has no line ends, controls or invisible characters."""
    assert checked_word("TP01", 4) == "TP01"
    for text in ("", "TP012", "a\n", "\u200b", " "):
        with pytest.raises(ValueError, match="printable"):
            checked_word(text, 4)


def test_text_keys_fold_form_case_and_space_but_not_accents():
    """Unicode form, case and white space do not count in a comparison; accents do."""
    assert text_key("Số 1,\u00a0Phố  HUẾ") == text_key("so\u0302\u0301 1, phố huế ")
    assert text_key("Huế") != text_key("Hue")


def test_only_a_text_is_a_text():
    """A JSON value of another type is refused."""
    assert as_text("1") == "1"
    for value in (1, None, True, ["1"]):
        with pytest.raises(ValueError, match="must be a text"):
            as_text(value)
