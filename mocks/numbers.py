"""Numbers of people who cannot exist: personal numbers, old card numbers, insurance codes (DOMAIN 2 and 8).

Everything about a synthetic person follows from the personal number; nothing is stored. Place code
099 is not assigned, so nobody real can be meant. Each secondary number is a bijection from the
person's index, so it leads back to its person by arithmetic.
"""

from datetime import date
from typing import NamedTuple

PLACE = "099"
FIRST_YEAR = 1900
AS_OF = date(2026, 11, 1)
"""The day on which the synthetic population stands still: nobody is born, married or dead after it."""

SERIALS = 900_000
"""Serials from here to 999999 do not exist (PROTOCOL 9)."""

INSURED_SERIALS = 360
"""Serials below this hold an insurance code: whole families, see `mocks.families`."""

_MASK = (1 << 64) - 1
_OLD_CARDS = 10**9
_OLD_CARD_LAST_YEAR = 2002
_OLD_CARD_STEP = 387_420_489  # 3^18, coprime with 10^9: multiplying by it permutes the nine-digit numbers
_OLD_CARD_SHIFT = 990_000_017
_OLD_CARD_INVERSE = pow(_OLD_CARD_STEP, -1, _OLD_CARDS)
_CODES = 10**5
_CODE_PREFIX = "99999"
_CODE_STEP = 59_049  # 3^10, coprime with 10^5
_CODE_SHIFT = 31_337
_CODE_INVERSE = pow(_CODE_STEP, -1, _CODES)


class Key(NamedTuple):
    """A person: sex (0 male, 1 female), year of birth and serial. Everything else is computed from it."""

    sex: int
    year: int
    serial: int


def draw(value: int, purpose: int) -> int:
    """64 well-mixed bits (SplitMix64) that depend on `value` and on what they are wanted for."""
    z = (value * 0x9E3779B97F4A7C15 + purpose * 0xD1B54A32D192ED03 + 0x2545F4914F6CDD1D) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def index(key: Key) -> int:
    """Return the person's place among all: a bijection onto 0 … number of people − 1."""
    return ((key.year - FIRST_YEAR) * 2 + key.sex) * SERIALS + key.serial


def key_at(place: int) -> Key:
    """Return the person at a place: the inverse of `index`."""
    year_and_sex, serial = divmod(place, SERIALS)
    year, sex = divmod(year_and_sex, 2)
    return Key(sex, FIRST_YEAR + year, serial)


def personal_id(key: Key) -> str:
    """Write the 12-digit personal number: place, century and sex, year, serial."""
    century, year = divmod(key.year - FIRST_YEAR, 100)
    return f"{PLACE}{century * 2 + key.sex}{year:02d}{key.serial:06d}"


def key_of(number: str) -> Key | None:
    """Find the person a personal number belongs to, or `None` where nobody holds it."""
    if len(number) != 12 or not (number.isascii() and number.isdigit()) or not number.startswith(PLACE):  # noqa: PLR2004 — the format's own length
        return None
    century, sex = divmod(int(number[3]), 2)
    key = Key(sex, FIRST_YEAR + century * 100 + int(number[4:6]), int(number[6:]))
    return key if key.year <= AS_OF.year and key.serial < SERIALS else None


def old_id_card(key: Key) -> str | None:
    """Return the nine-digit card held before the personal number; four in five of those born until 2002 have one."""
    place = index(key)
    if key.year > _OLD_CARD_LAST_YEAR or draw(place, 9) % 5 == 0:
        return None
    return f"{(place * _OLD_CARD_STEP + _OLD_CARD_SHIFT) % _OLD_CARDS:09d}"


def key_of_old_card(card: str) -> Key | None:
    """Find the person who holds a nine-digit card, or `None`."""
    if len(card) != 9 or not (card.isascii() and card.isdigit()):  # noqa: PLR2004 — the format's own length
        return None
    key = key_at((int(card) - _OLD_CARD_SHIFT) * _OLD_CARD_INVERSE % _OLD_CARDS)
    return key if key.year <= _OLD_CARD_LAST_YEAR and old_id_card(key) == card else None


def insurance_code(key: Key) -> str | None:
    """Return the ten-digit social-insurance code, `99999` and five digits, or `None` outside the insured serials.

    There are 10^5 such codes and 127 years x 2 x 360 = 91,440 insured people.
    """
    if key.serial >= INSURED_SERIALS:
        return None
    place = ((key.year - FIRST_YEAR) * 2 + key.sex) * INSURED_SERIALS + key.serial
    return f"{_CODE_PREFIX}{(place * _CODE_STEP + _CODE_SHIFT) % _CODES:05d}"


def key_of_code(code: str) -> Key | None:
    """Find the person who holds a social-insurance code, or `None`."""
    if len(code) != 10 or not (code.isascii() and code.isdigit()) or not code.startswith(_CODE_PREFIX):  # noqa: PLR2004 — the format's own length
        return None
    place = (int(code[5:]) - _CODE_SHIFT) * _CODE_INVERSE % _CODES
    year_and_sex, serial = divmod(place, INSURED_SERIALS)
    year, sex = divmod(year_and_sex, 2)
    key = Key(sex, FIRST_YEAR + year, serial)
    return key if key.year <= AS_OF.year else None
