"""RFC 9651 section 4.2: parsing structured fields, strictly and completely.

Text in, values out; whatever the section says fails, fails here with a `SignatureError` of code `malformed` that echoes
nothing. Input with several field lines is joined with ", " by the caller, as section 4.2 asks.

Two choices the section leaves open: missing base64 padding and non-zero pad bits are accepted (section 4.2.7 asks
parsers not to fail), wrong padding is not; and a duplicated dictionary key is refused where the caller says `unique`.
"""

import re
from binascii import a2b_base64
from decimal import Decimal
from functools import lru_cache

from signing.errors import SignatureError
from signing.field_values import (
    BareItem,
    Date,
    Dictionary,
    DisplayString,
    InnerList,
    Item,
    Member,
    Parameters,
    Token,
)
from signing.field_writer import (
    item,
    serialise_bare,
    serialise_dictionary,
    serialise_inner_list,
    serialise_item,
    serialise_list,
    serialise_params,
)

__all__ = [
    "BareItem",
    "Date",
    "Dictionary",
    "DisplayString",
    "InnerList",
    "Item",
    "Member",
    "Parameters",
    "Token",
    "item",
    "parse_dictionary",
    "parse_item",
    "parse_list",
    "serialise_bare",
    "serialise_dictionary",
    "serialise_inner_list",
    "serialise_item",
    "serialise_list",
    "serialise_params",
]

_BARE = (
    r'"(?P<s>[ !#-\[\]-~]*(?:\\["\\][ !#-\[\]-~]*)*)"'
    r"|(?P<n>-?(?:[0-9]{1,15}|[0-9]{1,12}\.[0-9]{1,3}))(?![0-9.])"
    r"|:(?P<b>[A-Za-z0-9+/]*={0,2}):"
    r"|\?(?P<o>[01])"
    r"|(?P<t>[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*)"
    r"|@(?P<d>-?[0-9]{1,15})(?![0-9.])"
    r'|%"(?P<u>(?:[ !#$&-~]|%[0-9a-f]{2})*)"'
)
_ITEM = re.compile(_BARE)
_PARAM = re.compile(rf"; *(?P<k>[a-z*][a-z0-9_\-.*]*)(?:=(?:{_BARE}))?")
_KEY = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_PLAIN_PARAM = re.compile(r';([a-z*][a-z0-9_\-.*]*)=(?:"([ !#-\[\]-~]*)"|(0|-?[1-9][0-9]{0,14}))')
_PLAIN_PARAMS = re.compile(rf"(?:{_PLAIN_PARAM.pattern})+(?=[,) \t]|\Z)")
"""Parameters that are strings without escapes and integers, in canonical form: those of nearly every signature.

Not a possessive quantifier, though none of it could match twice: until 3.11.5 Python matches those wrongly.
"""
_USUAL_OCTETS = re.compile(r"([a-z*][a-z0-9_\-.*]*)=(:([A-Za-z0-9+/]*={0,2}):)")
"""A dictionary of one byte sequence, as `Signature` nearly always is: read at once, to the same result."""
_EXTENT = re.compile(r'\((?:[^"()]|"[^"\\]*")*\)')
"""Where a usual inner list ends. Only a guess: it is used when parsing exactly that text succeeds."""
_COMMA = re.compile(r"[ \t]*(?:(,)[ \t]*|\Z)")
_ESCAPED = re.compile(r"\\(.)")
_PERCENT = re.compile(r"%([0-9a-f]{2})")
_GROUP = 4
"""Characters of base64 that make three octets."""
_CACHED_LENGTH = 1024
"""Longer inner lists are parsed each time, so that the cache stays small."""


def _malformed(what: str) -> SignatureError:
    return SignatureError("malformed", f"not a structured field: {what}")


def _octets(text: str) -> bytes:
    if not len(text) % _GROUP:
        bare = text
    else:
        if "=" in text or len(text) % _GROUP == 1:
            raise _malformed("wrong base64")
        bare = text + "=" * (-len(text) % _GROUP)
    try:
        return a2b_base64(bare)
    except ValueError as error:
        raise _malformed("wrong base64") from error


def _display(text: str) -> DisplayString:
    octets = _PERCENT.sub(lambda match: chr(int(match[1], 16)), text).encode("latin-1")
    try:
        return DisplayString(octets.decode())
    except UnicodeDecodeError as error:
        raise _malformed("a display string that is not UTF-8") from error


def _unescape(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _bare(match: re.Match[str]) -> BareItem:
    kind = match.lastgroup
    text = match[kind or 0]
    if kind == "s":
        return _unescape(text) if "\\" in text else text
    if kind == "n":
        return Decimal(text) if "." in text else int(text)
    if kind == "b":
        return _octets(text)
    if kind == "o":
        return text == "1"
    if kind == "t":
        return Token(text)
    return Date(int(text)) if kind == "d" else _display(text)


def _params(text: str, pos: int) -> tuple[Parameters, int]:
    params: Parameters = {}
    while (match := _PARAM.match(text, pos)) is not None:
        kind = match.lastgroup
        if kind == "s":
            key, value = match.group("k", "s")
            params[key] = _unescape(value) if "\\" in value else value
        else:
            params[match["k"]] = True if kind == "k" else _bare(match)
        pos = match.end()
    return params, pos


def _item(text: str, pos: int) -> tuple[Item, int]:
    match = _ITEM.match(text, pos)
    if match is None:
        raise _malformed("an item was expected")
    params, end = _params(text, match.end())
    return Item(_bare(match), params), end


def _inner_items(text: str, pos: int) -> tuple[tuple[Item, ...], int]:
    """Section 4.2.1.2, from behind the `(` to behind the `)`."""
    items: list[Item] = []
    while True:
        start = pos
        while text.startswith(" ", pos):
            pos += 1
        if text.startswith(")", pos):
            return tuple(items), pos + 1
        if items and start == pos:
            raise _malformed("a space or a parenthesis was expected")
        member, pos = _item(text, pos)
        items.append(member)


@lru_cache(maxsize=256)
def _usual_items(text: str) -> tuple[Item, ...] | None:
    """Return the items of exactly this inner list, or None where the text is not one: a bounded cache."""
    try:
        items, end = _inner_items(text, 1)
    except SignatureError:
        return None
    return items if end == len(text) else None


def _inner_list(text: str, pos: int) -> tuple[InnerList, int]:
    extent = _EXTENT.match(text, pos)
    items = None
    end = pos
    if extent is not None and extent.end() - pos <= _CACHED_LENGTH:
        items, end = _usual_items(extent[0]), extent.end()
    if items is None:
        items, end = _inner_items(text, pos + 1)
    plain = _PLAIN_PARAMS.match(text, end)
    if plain is None:
        params, after = _params(text, end)
        return InnerList(items, params, text[pos:end]), after
    after = plain.end()
    pairs = _PLAIN_PARAM.findall(text, end, after)
    params = {key: int(number) if number else string for key, string, number in pairs}
    written = plain[0] if len(params) == len(pairs) else ""
    return InnerList(items, params, text[pos:end], written), after


def _value(text: str, pos: int) -> tuple[Item | InnerList, int]:
    return _inner_list(text, pos) if text.startswith("(", pos) else _item(text, pos)


def _comma(text: str, pos: int) -> int:
    match = _COMMA.match(text, pos)
    if match is None or (match[1] and match.end() == len(text)):
        raise _malformed("a comma and another member were expected")
    return match.end()


def parse_item(text: str) -> Item:
    """Parse an item, section 4.2.3. Raises `SignatureError` (`malformed`)."""
    text = text.strip(" ")
    value, pos = _item(text, 0)
    if pos != len(text):
        raise _malformed("text behind an item")
    return value


def parse_list(text: str) -> tuple[Item | InnerList, ...]:
    """Parse a list, section 4.2.1; an empty text is an empty list. Raises `SignatureError` (`malformed`)."""
    text = text.strip(" ")
    members: list[Item | InnerList] = []
    pos = 0
    while pos < len(text):
        value, pos = _value(text, pos)
        members.append(value)
        if pos < len(text):
            pos = _comma(text, pos)
    return tuple(members)


def parse_dictionary(text: str, *, unique: bool = False) -> Dictionary:
    """Parse a dictionary, section 4.2.2, with the verbatim text of each value; an empty text is an empty dictionary.

    A duplicated key keeps its first place and its last value, unless `unique`: then it is refused.
    Raises `SignatureError` (`malformed`).
    """
    text = text.strip(" ")
    usual = _USUAL_OCTETS.fullmatch(text)
    if usual is not None:
        key, value_text, octets = usual.groups()
        return {key: Member(Item(_octets(octets), {}), value_text)}
    members: Dictionary = {}
    pos = 0
    while pos < len(text):
        match = _KEY.match(text, pos)
        if match is None:
            raise _malformed("a key was expected")
        key, start = match[0], match.end()
        if unique and key in members:
            raise _malformed("a key stands twice")
        if text.startswith("=", start):
            start += 1
            value, pos = _value(text, start)
        else:
            params, pos = _params(text, start)
            value = Item(True, params)
        members[key] = Member(value, text[start:pos])
        if pos < len(text):
            pos = _comma(text, pos)
    return members
