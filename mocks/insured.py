"""What the insurer knows: cards, codes and their state (DOMAIN 4, `maKetQua`).

Only people of the insured serials have a code; families of insured people are insured. Everybody
under six without a card yet is `130`; the dead's cards are `124`.
"""

from datetime import date
from functools import lru_cache
from typing import NamedTuple

from mocks.families import household_head
from mocks.numbers import AS_OF, Key, draw, index, insurance_code, key_of, key_of_code
from mocks.people import age, birth, death, permanent_address, restricted
from mocks.special import CARD_CODES
from mocks.words import words

FOUND_CODES = frozenset(words("000 003 004 010 110 120 121 122 123 124"))
"""Answers that carry the person's data."""

SILENT_CODES = frozenset(words("001 002 050 051 052 053 060 061 070 130"))
"""Answers that say there is nobody to tell of; every other is the insurer's own fault."""

CHILD_WITHOUT_CARD, UNKNOWN, WRONG_CODE, WRONG_PROVINCE, WRONG_BENEFIT = "130", "050", "051", "052", "053"

_USUAL = ("000",) * 90 + ("003", "003", "004", "004", "010", "110", "120", "121", "122", "123")
_RENEWED = ("003", "004")
_CHILD, _PUPIL, _RETIRED = 6, 18, 60


class Card(NamedTuple):
    """A health card as the insurer holds it; `new` is the card that replaces it."""

    number: str
    valid_from: date
    valid_to: date
    five_years_on: date
    place: str
    place_name: str
    area: str
    new: str | None


@lru_cache(maxsize=8192)
def card_code(key: Key) -> str:
    """Say with which `maKetQua` a right question about the person is answered with."""
    if insurance_code(key) is None or restricted(key):
        return UNKNOWN
    special = CARD_CODES.get(key.serial)
    if special is not None:
        return special
    if death(key) is not None:
        return "124"
    chance = draw(index(key), 40)
    if key.year > AS_OF.year - _CHILD and chance % 20 == 0:
        return CHILD_WITHOUT_CARD
    return _USUAL[(chance >> 8) % len(_USUAL)]


def _letters(years: int, chance: int) -> str:
    if years < _CHILD:
        return "TE1"
    if years < _PUPIL:
        return "HS4"
    return "HT3" if years >= _RETIRED else ("DN4", "DN4", "GD4")[chance % 3]


def health_card(key: Key) -> str | None:
    """Write the 15-character card number: group, benefit, province 99 and the insurance code."""
    code = insurance_code(key)
    if code is None or card_code(key) == CHILD_WITHOUT_CARD:
        return None
    return f"{_letters(age(key), draw(index(key), 41))}99{code}"


def card(key: Key) -> Card | None:
    """Return the card, or `None` where there is none."""
    number = health_card(key)
    if number is None:
        return None
    chance = draw(index(key), 42)
    code = card_code(key)
    year = AS_OF.year - 1 if code in {"003", "010"} else AS_OF.year
    place = chance % 40
    new = f"{number[:2]}{number[2] if code == '004' else '5'}{number[3:]}" if code in _RENEWED else None
    since = date(max(key.year, year - chance % 7), 1, 1)
    return Card(
        number,
        max(since, birth(key).day),
        date(year, 12, 31),
        date(since.year + 5, 1, 1),
        f"99{place:03d}",
        f"Trạm Y tế phường Thử Nghiệm {place}",
        ("", "K1", "K2", "K3")[(chance >> 16) % 4],
        new,
    )


@lru_cache(maxsize=8192)
def find(identifier: str) -> tuple[Key | None, str]:
    """Whom a personal number, a code or a card names, and the `maKetQua` if it names nobody."""
    if len(identifier) == 12:  # noqa: PLR2004 — a personal number
        key = key_of(identifier)
        return (key, "") if key is not None and insurance_code(key) is not None else (None, UNKNOWN)
    key = key_of_code(identifier[-10:])
    if key is None or len(identifier) not in {10, 15}:
        return None, UNKNOWN
    number = health_card(key)
    if len(identifier) == 10 or identifier == number:  # noqa: PLR2004 — a bare code
        return key, ""
    if number is None or identifier[:2] != number[:2]:
        return None, WRONG_CODE
    return None, WRONG_PROVINCE if identifier[3:5] != number[3:5] else WRONG_BENEFIT


def social_status(key: Key) -> str | None:
    """`trangThai` of the person's social insurance: 1 active, 2 suspended, 3 stopped; `None`: not known there."""
    if insurance_code(key) is None or restricted(key):
        return None
    if death(key) is not None:
        return "3"
    return "2" if draw(index(key), 43) % 10 == 0 else "1"


def treatments(key: Key) -> list[dict[str, str]]:
    """List the treatment history in the insurer's words: none to three stays, newest last."""
    chance = draw(index(key), 44)
    stays = []
    for number in range(chance % 4 if key.year < AS_OF.year - 3 else 0):
        part = draw(chance, number)
        on = f"{1 + part % 28:02d}/{1 + (part >> 8) % 12:02d}/{AS_OF.year - 3 + number}"
        stays.append(
            {
                "maHoSo": f"{part % 10**9:09d}",
                "maCSKCB": f"99{(part >> 16) % 40:03d}",
                "ngayVao": on,
                "ngayRa": on,
                "tenBenh": ("Viêm họng cấp", "Tăng huyết áp", "Gãy xương cẳng tay")[(part >> 24) % 3],
                "tinhTrang": "1",
                "kqDieuTri": "1",
            }
        )
    return stays


def address_text(key: Key) -> str:
    """`diaChi`: the address in one line."""
    return permanent_address(key).text()


def household_code(key: Key) -> str:
    """`maHoGiaDinh`: ten digits, shared by the household."""
    return f"{draw(index(household_head(key)), 45) % 10**10:010d}"
