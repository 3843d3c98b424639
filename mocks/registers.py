"""The civil-status registers: who has a birth, a marriage, a death on record, and under which numbers.

Births are on record for those born since 1925, but for three in a hundred whose book is lost.
"""

from datetime import date, timedelta
from typing import NamedTuple

from mocks.families import Marriage, marriage
from mocks.numbers import AS_OF, Key, draw, index
from mocks.people import PROVINCE, Death, birth, death, restricted

_FIRST_BOOK = 1925


class Registration(NamedTuple):
    """Where an act stands in the books: number, book, page, day and place."""

    number: str
    book: str
    page: str
    on: date
    place: str


def _registration(module: str, place: int, event: date) -> Registration:
    chance = draw(place, sum(module.encode()))
    on = min(event + timedelta(days=1 + chance % 40), AS_OF)
    ward = f"{PROVINCE}{1 + (chance >> 8) % 20:03d}"
    return Registration(
        str(1 + (chance >> 16) % 900),
        f"{module}-{on.year}-{1 + (chance >> 28) % 4:02d}",
        str(1 + (chance >> 32) % 200),
        on,
        f"Ủy ban nhân dân phường {ward}, tỉnh {PROVINCE}",
    )


def birth_record(key: Key) -> Registration | None:
    """Where the birth is registered, or `None`."""
    if restricted(key) or key.year < _FIRST_BOOK or draw(index(key), 50) % 100 < 3:  # noqa: PLR2004 — three in a hundred
        return None
    return _registration("KS", index(key), birth(key).day)


def marriage_record(key: Key) -> tuple[Marriage, bool, Registration] | None:
    """Find the marriage, whether it has ended, and where it is registered; the same for both."""
    wedding = None if restricted(key) else marriage(key)
    if wedding is None:
        return None
    ended = wedding.divorced or death(wedding.husband) is not None or death(wedding.wife) is not None
    at = _registration("KH", index(wedding.husband), wedding.on)
    return wedding, ended, at._replace(on=wedding.on)


def death_record(key: Key) -> tuple[Death, Registration] | None:
    """Find the death and where it is registered, or `None` for the living."""
    end = None if restricted(key) else death(key)
    return (end, _registration("KT", index(key), end.on)) if end is not None else None
