"""Families that fit together: parents, spouses and children, computed both ways without storage.

Serials come in blocks of ten; the last digit of a married person's serial is the couple's slot and
says how many children there are (`CHILDREN`). Two affine permutations of blocks, each with its
inverse, lead from a husband to his wife and from a child to its father. They stay within a group of
18 blocks, so that whole families lie inside the insured serials or outside. The constants keep
siblings and first cousins from marrying each other.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from mocks.numbers import AS_OF, FIRST_YEAR, Key, draw

MALE, FEMALE = 0, 1

_GROUP = 18
_PARENT_STEP, _PARENT_SHIFT, _PARENT_INVERSE = 5, 11, 11  # 5 x 11 = 1 modulo 18
_WIFE_SHIFT = 7
_ORDER = (0, 3, 7, 11)

CHILDREN: tuple[tuple[tuple[int, int], ...], ...] = (
    (),
    ((MALE, 0), (FEMALE, 0)),
    ((FEMALE, 1),),
    ((MALE, 1), (FEMALE, 2), (MALE, 2)),
    ((FEMALE, 3), (MALE, 3)),
    (),
    ((MALE, 4),),
    ((FEMALE, 4), (MALE, 5), (FEMALE, 5)),
    ((MALE, 6), (FEMALE, 6), (MALE, 7), (FEMALE, 7)),
    ((FEMALE, 8), (MALE, 8), (FEMALE, 9), (MALE, 9)),
)
"""By the couple's slot, its children in order of birth: sex and slot of each. Slot 0 never marries."""

_PARENT_SLOT = {child: (slot, order) for slot, born in enumerate(CHILDREN) for order, child in enumerate(born)}
_CHILDLESS_SLOT = 5


class Marriage(NamedTuple):
    """A marriage as registered: `on` is its day; `divorced` couples have no children."""

    husband: Key
    wife: Key
    on: date
    divorced: bool


def _moved(block: int, step: int, shift: int) -> int:
    group, place = divmod(block, _GROUP)
    return group * _GROUP + (place * step + shift) % _GROUP


class _Traits(NamedTuple):
    """What the couples of one block of husbands have in common, in years."""

    first_gap: int
    """How much older than the first child the husband is: 24–30."""
    wife_younger: int
    """How much younger the wife is: −1 to 4."""


@lru_cache(maxsize=4096)
def _traits(block: int) -> _Traits:
    chance = draw(block, 2)
    return _Traits(24 + chance % 7, (chance >> 16) % 6 - 1)


def _husband_of(wife: Key) -> Key:
    block, slot = divmod(wife.serial, 10)
    block = _moved(block, 1, -_WIFE_SHIFT)
    return Key(MALE, wife.year - _traits(block).wife_younger, block * 10 + slot)


def _wife_of(husband: Key) -> Key:
    block, slot = divmod(husband.serial, 10)
    return Key(FEMALE, husband.year + _traits(block).wife_younger, _moved(block, 1, _WIFE_SHIFT) * 10 + slot)


def _couple(key: Key) -> tuple[Key, Key] | None:
    if key.serial % 10 == 0:
        return None
    husband, wife = (key, _wife_of(key)) if key.sex == MALE else (_husband_of(key), key)
    in_range = husband.year >= FIRST_YEAR and FIRST_YEAR <= wife.year <= AS_OF.year
    return (husband, wife) if in_range else None


@lru_cache(maxsize=8192)
def marriage(key: Key) -> Marriage | None:
    """Find the person's marriage, if there ever was one until `AS_OF`."""
    couple = _couple(key)
    if couple is None:
        return None
    husband, wife = couple
    block, slot = divmod(husband.serial, 10)
    year = husband.year + _traits(block).first_gap - 1
    if year > AS_OF.year:
        return None
    chance = draw(husband.year * 1_000_003 + husband.serial, 4)
    on = date(year, 1, 3) + timedelta(days=chance % 360)
    if on > AS_OF:
        return None
    return Marriage(husband, wife, on, divorced=slot == _CHILDLESS_SLOT and chance >> 32 & 3 == 0)


def spouse(key: Key) -> Key | None:
    """Find the person this one is, or was until a death, married to; nobody after a divorce."""
    wedding = marriage(key)
    if wedding is None or wedding.divorced:
        return None
    return wedding.wife if key.sex == MALE else wedding.husband


def children(key: Key) -> tuple[Key, ...]:
    """List the children, eldest first: father's and mother's lists are the same."""
    wedding = marriage(key)
    if wedding is None:
        return ()
    block, slot = divmod(wedding.husband.serial, 10)
    first = wedding.husband.year + _traits(block).first_gap
    child_block = _moved(block, _PARENT_INVERSE, -_PARENT_SHIFT * _PARENT_INVERSE)
    born = ((sex, first + _ORDER[order], child) for order, (sex, child) in enumerate(CHILDREN[slot]))
    return tuple(Key(sex, year, child_block * 10 + child) for sex, year, child in born if year <= AS_OF.year)


@lru_cache(maxsize=8192)
def parents(key: Key) -> tuple[Key, Key] | None:
    """Find father and mother, 19–43 years older by year; `None` where either would be born before 1900."""
    block, child = divmod(key.serial, 10)
    slot, order = _PARENT_SLOT[key.sex, child]
    block = _moved(block, _PARENT_STEP, _PARENT_SHIFT)
    father = Key(MALE, key.year - _traits(block).first_gap - _ORDER[order], block * 10 + slot)
    return _couple(father) if father.year >= FIRST_YEAR else None


@lru_cache(maxsize=8192)
def household_head(key: Key) -> Key:
    """Say whose household this is: of a couple the husband, of an unmarried child its father, else oneself."""
    wedding = marriage(key)
    if wedding is not None:
        return wedding.husband if not wedding.divorced else key
    couple = parents(key)
    return household_head(couple[0]) if couple is not None else key
