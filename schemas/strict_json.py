"""JSON as PROTOCOL section 2 (`request-malformed`) and RFC 8259 allow it, and nothing looser.

The rule: a document has one reading. UTF-8 without a byte order mark, no member named twice, no NaN or
infinity, nesting of at most 32, integers of at most 15 digits (exact in every reader), no lone
surrogates. The depth is measured before parsing, so depth 100,000 costs no stack.
"""

import json
import math
import re
from typing import Any, NoReturn

import orjson

MAX_DEPTH = 32
MAX_DIGITS = 15

_ALIKE = bytes.maketrans(b"[{123456789", b"((000000000")
_MANY_DIGITS = b"0" * (MAX_DIGITS + 1)
"""Every digit and every opening bracket as one of its kind: a regular expression takes thirty times as long."""
_SPACE = " \t\n\r"
"""RFC 8259 section 2: insignificant before and after a value."""
_STRINGS = re.compile(rb'"[^"]*"?')
"""Strings without escapes; the last may lack its end."""
_ROUND = bytes.maketrans(b"[{]}", b"(())")
_OTHERS = bytes(set(range(256)) - set(b"[{]}"))


class JsonRefused(Exception):  # noqa: N818 — a refusal: the sender is at fault, nothing went wrong here
    """Bytes that are not the JSON described. `reason` is a stable word, `detail` a sentence without input."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def loads(data: bytes) -> Any:
    """Read a JSON document; `JsonRefused` on anything that PROTOCOL section 2 does not allow.

    Most programs write JSON without spaces, or with one behind each comma and colon. A document that is byte for byte
    what its reading would be written as has no other reading, so only its depth and its numbers are left to ask about;
    all others are read member by member. Taking out spaces cannot hide a member that stands twice: it leaves every
    quote, comma and colon.
    """
    alike = data.translate(_ALIKE)
    if alike.count(b"(") <= MAX_DEPTH and _MANY_DIGITS not in alike:
        try:
            value = orjson.loads(data)
            written = orjson.dumps(value)
            if written == data or written == data.replace(b", ", b",").replace(b": ", b":"):
                return value
        except orjson.JSONDecodeError:
            pass  # why, the strict reader says
    return _read(data)


def _read(data: bytes) -> Any:
    if data.startswith(b"\xef\xbb\xbf"):
        raise JsonRefused("bom", "the body starts with a byte order mark")
    try:
        text = data.decode().strip(_SPACE)
    except UnicodeDecodeError:
        raise JsonRefused("encoding", "the body is not UTF-8") from None
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH:
        _check_depth(data)
    try:
        value, end = _DECODER.raw_decode(text)
    except ValueError:
        raise JsonRefused("syntax", "the body is not JSON") from None
    if end != len(text):
        raise JsonRefused("syntax", "something stands behind the JSON")
    if "\\u" in text:
        _check_surrogates(value)
    return value


def _check_depth(data: bytes) -> None:
    """Strip strings, keep the brackets, and take off the innermost pairs, one layer a round."""
    without_escapes = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    layers = _STRINGS.sub(b"", without_escapes).translate(_ROUND, _OTHERS)
    for _ in range(MAX_DEPTH):
        before, layers = len(layers), layers.replace(b"()", b"")
        if not layers:
            return
        if len(layers) == before:
            break
    raise JsonRefused("depth", f"the body nests deeper than {MAX_DEPTH}, or its brackets do not pair")


def _check_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise JsonRefused("surrogate", "a text holds half of a surrogate pair") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise JsonRefused("duplicate-member", "an object names a member twice")
    return members


def _integer(digits: str) -> int:
    if len(digits) - digits.startswith("-") > MAX_DIGITS:
        raise JsonRefused("number", f"an integer has more than {MAX_DIGITS} digits")
    return int(digits)


def _real(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise JsonRefused("number", "a number is too large")
    return number


def _constant(_word: str) -> NoReturn:
    raise JsonRefused("number", "NaN and Infinity are not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant)
