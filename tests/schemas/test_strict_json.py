"""JSON has one reading or none (PROTOCOL section 2, THREATS C16)."""

import json
import math

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import strict_json
from schemas.strict_json import MAX_DEPTH, MAX_DIGITS, JsonRefused, loads

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**MAX_DIGITS) + 1, 10**MAX_DIGITS - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(VALUES, st.booleans())
def test_what_json_writes_is_read_the_same(value, escaped):
    """Every valid document gives the value the standard library gives."""
    data = json.dumps(value, ensure_ascii=escaped).encode()
    assert loads(data) == json.loads(data)


@given(VALUES, st.booleans())
def test_what_machines_write_is_read_the_same(value, spaced):
    """A document without spaces, or with those most writers put, is read to the same value of the same types."""
    data = json.dumps(value, ensure_ascii=False).encode() if spaced else orjson.dumps(value)
    assert repr(loads(data)) == repr(json.loads(data)) == repr(strict_json._read(data))


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_what_machines_write_takes_the_short_way(separators, monkeypatch):
    """Nothing is read member by member, unless a text in it holds what stands between members."""
    monkeypatch.setattr(strict_json, "_read", lambda _: "the long way")
    usual = {"fields": ["Nguyễn Văn", 1.5, None], "purpose": {"dossier": "H99.01"}}
    assert loads(json.dumps(usual, ensure_ascii=False, separators=separators).encode()) == usual
    assert loads(b'{"a": "b, c"}') == "the long way"


TEXTS = st.sampled_from(["", ", ", ": ", '", "', '": "', "\\", ",", "  "])


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ", ", ": "]), VALUES | TEXTS), max_size=4), st.booleans())
def test_the_short_way_hides_no_second_member(pairs, spaced):
    """Objects with and without a name twice, written as machines write them: both ways tell them apart alike."""
    colon, comma = (b": ", b", ") if spaced else (b":", b",")
    members = [orjson.dumps(name) + colon + orjson.dumps(value) for name, value in pairs]
    data = b"{" + comma.join(members) + b"}"
    if len({name for name, _ in pairs}) == len(pairs):
        assert loads(data) == dict(pairs)
        return
    with pytest.raises(JsonRefused, match="twice"):
        loads(data)


@given(st.binary(max_size=60) | st.text('[]{}",:\\u0019eE.+-NaIty \n', max_size=40).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(data):
    """Nothing but `JsonRefused` escapes, and what is read the standard library reads alike."""
    try:
        value = loads(data)
    except JsonRefused:
        return
    assert json.loads(data) == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b'{"a":1,"a":2}', "duplicate-member", id="duplicate"),
        pytest.param(b'{"a":1,"\\u0061":2}', "duplicate-member", id="duplicate-behind-an-escape"),
        pytest.param(b'[{"x":{"a":1,"a":1}}]', "duplicate-member", id="duplicate-inside"),
        pytest.param(b"[" * 100_000, "depth", id="depth-100000"),
        pytest.param(b"[" * 100_000 + b"]" * 100_000, "depth", id="depth-100000-closed"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "depth", id="depth-100000-of-objects"),
        pytest.param(b"[" * 33 + b"]" * 33, "depth", id="depth-33"),
        pytest.param(b"9" * 5_000, "number", id="integer-of-5000-digits"),
        pytest.param(b"[1000000000000000]", "number", id="integer-of-16-digits"),
        pytest.param(b"[-1000000000000000]", "number", id="negative-integer-of-16-digits"),
        pytest.param(b"[NaN]", "number", id="nan"),
        pytest.param(b"[Infinity]", "number", id="infinity"),
        pytest.param(b"[-Infinity]", "number", id="minus-infinity"),
        pytest.param(b"[1e400]", "number", id="1e400"),
        pytest.param(b"[-1e400]", "number", id="minus-1e400"),
        pytest.param(b"9" * 400 + b".0", "number", id="a-real-too-large"),
        pytest.param('{"a":1}'.encode("utf-16"), "encoding", id="utf-16-with-mark"),
        pytest.param('{"a":1}'.encode("utf-16-le"), "syntax", id="utf-16-without-mark"),
        pytest.param(b"\xef\xbb\xbf{}", "bom", id="bom"),
        pytest.param(b'["\xff"]', "encoding", id="not-utf-8"),
        pytest.param(b'["\xc0\xaf"]', "encoding", id="overlong-utf-8"),
        pytest.param(b'["\xed\xa0\x80"]', "encoding", id="surrogate-in-utf-8"),
        pytest.param(b'["\\ud800"]', "surrogate", id="lone-high-surrogate"),
        pytest.param(b'["\\udc00\\ud800"]', "surrogate", id="surrogates-swapped"),
        pytest.param(b'{"\\udfff":1}', "surrogate", id="lone-surrogate-in-a-name"),
        pytest.param(b"", "syntax", id="empty"),
        pytest.param(b"{} {}", "syntax", id="two-documents"),
        pytest.param(b"{'a':1}", "syntax", id="single-quotes"),
        pytest.param(b'["\n"]', "syntax", id="line-end-in-a-text"),
        pytest.param(b"[1,]", "syntax", id="trailing-comma"),
        pytest.param(b"[01]", "syntax", id="leading-zero"),
        pytest.param(b"// x\n{}", "syntax", id="comment"),
        pytest.param(b"\x0b{}", "syntax", id="vertical-tab"),
        pytest.param(b'["' + b'\\"' * 200_000, "syntax", id="text-that-never-ends"),
    ],
)
def test_what_protocol_forbids_is_refused(data, reason):
    """Each shape of THREATS C16 is refused with its own word."""
    with pytest.raises(JsonRefused) as caught:
        loads(data)
    assert caught.value.reason == reason


def test_the_limits_themselves_are_allowed():
    """Depth 32, 15 digits, a surrogate pair and brackets inside texts are fine."""
    deep = loads(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert json.dumps(deep).count("[") == MAX_DEPTH
    assert loads(b"[999999999999999,-999999999999999]") == [999999999999999, -999999999999999]
    assert loads(b'["\\ud83d\\ude00"]') == ["😀"]
    assert loads(json.dumps(["[{" * 50, '"]\\' * 50]).encode()) == ["[{" * 50, '"]\\' * 50]
    assert math.isclose(loads(b"1e300"), 1e300)


def test_wide_documents_are_not_deep():
    """Many shallow objects pass, whatever brackets their texts hold."""
    rows = [{"a": "[[[", "b": ['"]]"', {}]} for _ in range(2_000)]
    assert loads(json.dumps(rows).encode()) == rows


@given(st.lists(st.text('[]{}\\"a', max_size=8), min_size=MAX_DEPTH, max_size=MAX_DEPTH + 8))
def test_what_a_text_holds_is_not_depth(texts):
    """Brackets, quotes and backslashes of texts, in every order, are no brackets of the document; its own still are."""
    rest = ", ".join(map(json.dumps, texts))
    brackets = "[" * MAX_DEPTH + "%s" + "]" * MAX_DEPTH
    assert loads((brackets % rest).encode())
    with pytest.raises(JsonRefused, match="deep"):
        loads(f"[{rest}, {brackets % rest}]".encode())


def test_a_refusal_repeats_nothing():
    """The words of a refusal never hold what was sent."""
    with pytest.raises(JsonRefused) as caught:
        loads(b'{"099191000001": 1, "099191000001": 2}')
    assert "099191" not in caught.value.detail + str(caught.value)
