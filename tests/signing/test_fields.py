"""RFC 9651 parsing: what is accepted, what is refused, and that nothing but SignatureError ever comes out."""

from decimal import Decimal

import http_sf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.errors import SignatureError
from signing.fields import (
    Date,
    DisplayString,
    InnerList,
    Item,
    Member,
    Token,
    parse_dictionary,
    parse_item,
    parse_list,
    serialise_dictionary,
    serialise_item,
    serialise_list,
    serialise_params,
)

ITEMS = {
    "0": 0,
    "-0": 0,
    "007": 7,
    "-999999999999999": -999_999_999_999_999,
    "1.5": Decimal("1.5"),
    "-123456789012.125": Decimal("-123456789012.125"),
    '""': "",
    r'"a \"b\" \\c"': r'a "b" \c',
    "*tok:en/1": Token("*tok:en/1"),
    "::": b"",
    ":YWJj:": b"abc",
    ":YWI=:": b"ab",
    ":YWI:": b"ab",
    ":YWJ=:": b"ab",
    "?1": True,
    "?0": False,
    "@1659578233": Date(1_659_578_233),
    "@-5": Date(-5),
    '%"f%c3%bc \\ x"': DisplayString("fü \\ x"),
    "  5  ": 5,
}


@pytest.mark.parametrize("text", ITEMS)
def test_every_type_of_item_is_read(text):
    """Each bare item type of section 3.3 is read with its type and value."""
    value = parse_item(text).value
    assert value == ITEMS[text]
    assert type(value) is type(ITEMS[text])


NOT_ITEMS = {
    "empty": "",
    "only spaces": "  ",
    "sixteen digits": "1234567890123456",
    "thirteen digits before the point": "1234567890123.1",
    "four digits behind the point": "1.2345",
    "nothing behind the point": "1.",
    "plus sign": "+1",
    "two points": "1.2.3",
    "full-width digit": "\uff11",
    "unclosed string": '"abc',
    "escaped letter": r'"\a"',
    "control character in a string": '"a\tb"',
    "non-ASCII string": '"ü"',
    "NUL in a string": '"a\0b"',
    "token that starts with a digit": "1a",
    "unclosed bytes": ":YWJj",
    "excess padding": ":YWJj==:",
    "padding in the middle": ":YW=j:",
    "one base64 character": ":Y:",
    "url-safe base64": ":YW-_:",
    "boolean two": "?2",
    "decimal date": "@1.5",
    "date without digits": "@",
    "upper-case escape in a display string": '%"f%C3%BC"',
    "display string that is not UTF-8": '%"%ff"',
    "unfinished escape in a display string": '%"%a"',
    "parameter key in upper case": "1;A=1",
    "parameter without a key": "1;",
    "parameter without a value behind =": "1;a=",
    "tab before an item": "\t1",
    "two items": "1 2",
    "inner list": "(1)",
    "newline behind": "1\n",
}


@pytest.mark.parametrize("text", NOT_ITEMS.values(), ids=NOT_ITEMS)
def test_broken_items_are_refused(text):
    """What section 4.2 says fails, fails as malformed, and nothing of the input is echoed."""
    with pytest.raises(SignatureError) as caught:
        parse_item(text)
    assert caught.value.code == "malformed"
    assert not text.strip() or text not in str(caught.value)


def test_parameters_keep_their_first_place_and_last_value():
    """A duplicated parameter is overwritten in place, as section 4.2.3.2 says."""
    assert list(parse_item("1;a=1;b;a=2").params.items()) == [("a", 2), ("b", True)]


def test_a_list_holds_items_and_inner_lists():
    """Section 4.2.1 with inner lists, spaces, tabs and parameters."""
    members = parse_list('a;x , ( "b"  c;y=1 );z\t,\t()')
    assert members == (
        Item(Token("a"), {"x": True}),
        InnerList((Item("b", {}), Item(Token("c"), {"y": 1})), {"z": True}, '( "b"  c;y=1 )'),
        InnerList((), {}, "()"),
    )
    assert serialise_list(members) == 'a;x, ("b" c;y=1);z, ()'


def test_empty_lists_and_dictionaries_are_empty():
    """An empty field is an empty container."""
    assert parse_list("  ") == ()
    assert parse_dictionary("") == {}
    assert list(parse_dictionary("a\t")) == ["a"]


@pytest.mark.parametrize(
    "text", ["1,", ",1", "1,,2", "1 2", "(1", "(1,2)", "(1 2", '("a""b")', "(1\t2)", "((1))", "(1))"]
)
def test_broken_lists_are_refused(text):
    """Trailing commas, missing separators and unclosed or nested inner lists fail."""
    with pytest.raises(SignatureError):
        parse_list(text)


def test_a_dictionary_hands_back_the_source_of_each_value():
    """The verbatim text of a value, parameters included, is kept beside what was parsed."""
    parsed = parse_dictionary('sig=( "a"  "b" );created=07 , flag;x, n=1')
    assert parsed["sig"].text == '( "a"  "b" );created=07'
    assert parsed["flag"] == Member(Item(True, {"x": True}), ";x")
    assert serialise_dictionary(parsed) == 'sig=("a" "b");created=7, flag;x, n=1'


def test_duplicated_keys_are_refused_where_they_must_be_unique():
    """By default the last value wins in the first place (section 4.2.2); with `unique` a duplicate is malformed."""
    assert list(parse_dictionary("a=1, b=2, a=3")) == ["a", "b"]
    assert parse_dictionary("a=1, b=2, a=3")["a"].value == Item(3, {})
    with pytest.raises(SignatureError):
        parse_dictionary("a=1, b=2, a=3", unique=True)


@pytest.mark.parametrize("text", ["a=", "A=1", "a=1,", "a=1 b=2", "=1", "a==1", "a=1;", "1=a", "a=(1", "a=1\n, b"])
def test_broken_dictionaries_are_refused(text):
    """Keys, separators and values out of shape fail."""
    with pytest.raises(SignatureError):
        parse_dictionary(text)


@pytest.mark.parametrize("text", ['("a)b" "c\\"(")', '(%"a\\" "b")', '("\\\\" "b")', '("a";x="(" b)'])
def test_the_shortcut_for_usual_lists_does_not_change_the_result(text):
    """Quotes, parentheses and backslashes inside strings end a list where the section says, again and again."""
    first, second = parse_list(text), parse_list(text)
    (again,) = http_sf.parse(text.encode(), tltype="list")
    assert first == second
    assert len(first[0].items) == len(again[0])


def test_64_kilobytes_of_garbage_are_refused_quickly():
    """A hostile field of 64 KiB is refused, not worked on for long."""
    for text in ("(" * 65536, '"' + "\\\\" * 32768, "a=1;" + "b;" * 32768 + "!", ":" + "A" * 65536, "a" * 65536 + "\0"):
        with pytest.raises(SignatureError):
            parse_dictionary(f"x={text}")


_TEXT = st.text(alphabet=st.sampled_from('ab*1 09.-=;,()":?@%\\\t/+A\u00fc\0'), max_size=40)


@given(_TEXT)
@settings(max_examples=150, deadline=None)
def test_parsers_raise_nothing_but_signature_error(text):
    """Whatever comes in, a value or a SignatureError comes out; and what is written again reads the same."""
    for parse, write in (
        (parse_item, serialise_item),
        (parse_list, serialise_list),
        (parse_dictionary, serialise_dictionary),
    ):
        try:
            parsed = parse(text)
        except SignatureError:
            continue
        canonical = write(parsed)
        assert write(parse(canonical)) == canonical


@given(_TEXT)
@settings(max_examples=150, deadline=None)
def test_an_independent_parser_agrees_on_dictionaries(text):
    """What http_sf accepts as a dictionary we accept with the same keys, and the other way round for ASCII."""
    try:
        theirs = set(http_sf.parse(text.encode(), tltype="dictionary"))
    except ValueError:
        theirs = None
    try:
        ours = set(parse_dictionary(text))
    except SignatureError:
        ours = None
    assert ours == theirs or ":" in text


@pytest.mark.parametrize(
    ("params", "written"),
    [
        (';created=1618884473;keyid="k";nonce="n!"', True),
        (";a=0;b=-1", True),
        ("", False),
        (";created=01", False),
        (";a=-0", False),
        ("; a=1", False),
        (';a="\\""', False),
        (";a=1;a=2", False),
        (";a", False),
        (";a=1.5", False),
        (";a=1;b", False),
        (";a=1234567890123456", None),
    ],
)
def test_the_canonical_text_of_parameters_is_known_only_where_it_stood_there(params, written):
    """`written` is what serialising gives, or empty; the values are the same either way."""
    if written is None:
        with pytest.raises(SignatureError):
            parse_dictionary(f"x=(){params}")
        return
    value = parse_dictionary(f"x=(){params}, y=1")["x"].value
    assert value.written == (params if written else "")
    assert value.written in {"", serialise_params(value.params)}
    assert parse_dictionary(f"x=(){params};z")["x"].value.params == {**value.params, "z": True}
