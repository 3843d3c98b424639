"""RFC 9651 section 4.1: serialising structured fields, always in the canonical form.

Whatever cannot be written is refused with a `SignatureError` of code `malformed`; nothing is silently changed except
the rounding of decimals that the section itself prescribes.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

from signing.errors import SignatureError
from signing.field_values import BareItem, Date, DisplayString, InnerList, Item, Member, Parameters, Token

MAX_INTEGER = 999_999_999_999_999
_MAX_DECIMAL = Decimal(1_000_000_000_000)
_USUAL_KEYS = frozenset({"alg", "created", "expires", "key", "keyid", "name", "nonce", "req", "tag"})
_MILLI = Decimal("0.001")
_KEY = re.compile(r"[a-z*][a-z0-9_\-.*]*")
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*")
_DISPLAY_LITERAL = frozenset(range(0x20, 0x7F)) - {0x22, 0x25}


def _refuse(what: str) -> SignatureError:
    return SignatureError("malformed", f"this {what} cannot be written as a structured field")


def _string(value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise _refuse("string")
    if '"' in value or "\\" in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def _integer(value: int) -> str:
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise _refuse("integer")
    return str(value)


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise _refuse("decimal")
    try:
        rounded = value.quantize(_MILLI, rounding=ROUND_HALF_EVEN)
    except InvalidOperation as error:
        raise _refuse("decimal") from error
    if not -_MAX_DECIMAL < rounded < _MAX_DECIMAL:
        raise _refuse("decimal")
    whole, _, fraction = f"{rounded:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def _token(value: Token) -> str:
    if not _TOKEN.fullmatch(value):
        raise _refuse("token")
    return str(value)


def _display(value: DisplayString) -> str:
    try:
        octets = value.encode()
    except UnicodeEncodeError as error:
        raise _refuse("display string") from error
    return '%"' + "".join(chr(o) if o in _DISPLAY_LITERAL else f"%{o:02x}" for o in octets) + '"'


def serialise_bare(value: BareItem) -> str:  # noqa: PLR0911 — one return for each type of the section
    """Section 4.1.3.1. Raises `SignatureError` (`malformed`) for a value outside the type's range."""
    kind = type(value)
    if kind is str:
        return _string(value)  # type: ignore[arg-type]
    if kind is int:
        return _integer(value)  # type: ignore[arg-type]
    if isinstance(value, bool):
        return "?1" if value else "?0"
    if isinstance(value, bytes):
        return f":{b64encode(value).decode()}:"
    if isinstance(value, Date):
        return f"@{_integer(value.seconds)}"
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, Token):
        return _token(value)
    if isinstance(value, DisplayString):
        return _display(value)
    raise _refuse("value")


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise _refuse("key")


def serialise_params(params: Mapping[str, BareItem]) -> str:
    """Section 4.1.1.2: parameters in their order, a true value by its key alone."""
    text = ""
    for key, value in params.items():
        if key not in _USUAL_KEYS:
            _check_key(key)
        if value is True:
            text += f";{key}"
        elif type(value) is str:
            text += f";{key}={_string(value)}"
        else:
            text += f";{key}={serialise_bare(value)}"
    return text


def serialise_item(item: Item) -> str:
    """Section 4.1.3: an item with its parameters."""
    return serialise_bare(item.value) + serialise_params(item.params)


def serialise_inner_list(value: InnerList) -> str:
    """Section 4.1.1.1: an inner list with its parameters."""
    return f"({' '.join(map(serialise_item, value.items))}){serialise_params(value.params)}"


def serialise_member_value(value: Item | InnerList) -> str:
    """Return an item or an inner list: what stands behind the `=` of a dictionary or between the commas of a list."""
    return serialise_inner_list(value) if isinstance(value, InnerList) else serialise_item(value)


def serialise_list(members: Sequence[Item | InnerList]) -> str:
    """Section 4.1.1. An empty list is an empty text (the field is then not sent at all)."""
    return ", ".join(map(serialise_member_value, members))


def _entry(key: str, value: Item | InnerList) -> str:
    _check_key(key)
    if isinstance(value, Item) and value.value is True:
        return key + serialise_params(value.params)
    return f"{key}={serialise_member_value(value)}"


def serialise_dictionary(members: Mapping[str, Member | Item | InnerList]) -> str:
    """Section 4.1.2: members in order, a true item by its key and parameters alone."""
    return ", ".join(_entry(k, m.value if isinstance(m, Member) else m) for k, m in members.items())


def item(value: BareItem, params: Parameters | None = None) -> Item:
    """Return an item with, or without, parameters."""
    return Item(value, params if params is not None else {})
