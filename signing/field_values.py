"""The values of RFC 9651 structured fields, section 3: what the parser returns and the serialiser takes.

Integers are `int`, decimals `Decimal`, strings `str`, byte sequences `bytes`, booleans `bool`; the three types below
are told apart from plain strings and integers by their class.
"""

from decimal import Decimal
from typing import NamedTuple


class Token(str):
    """A token, section 3.3.4."""

    __slots__ = ()


class DisplayString(str):
    """A display string (Unicode text), section 3.3.8."""

    __slots__ = ()


class Date(NamedTuple):
    """A date, section 3.3.7: `seconds` since the Unix epoch."""

    seconds: int


BareItem = int | Decimal | str | bytes | bool | Date
Parameters = dict[str, BareItem]


class Item(NamedTuple):
    """An item, section 3.3, with its parameters in order."""

    value: BareItem
    params: Parameters


class InnerList(NamedTuple):
    """An inner list, section 3.1.1. `text` is the source from `(` to `)`, without the list's parameters.

    `written` is the parameters' canonical text (section 4.1.1.2) where the parser saw that it had just that before it.
    """

    items: tuple[Item, ...]
    params: Parameters
    text: str = ""
    written: str = ""


class Member(NamedTuple):
    """A member of a dictionary. `text` is the verbatim source of the value with its parameters, without the key."""

    value: Item | InnerList
    text: str = ""


Dictionary = dict[str, Member]
"""Members in order, section 3.2."""
