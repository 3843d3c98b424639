"""What a registry knows of a synthetic person, all computed from the number: birth, death, home, status.

Dates are held as precisely as registries hold them: of those born before 2000 some have only a year,
or a year and a month. Ages make sense: minors are unmarried, parents lived to see their children born.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from mocks.families import FEMALE, household_head, marriage, spouse
from mocks.names import lineage
from mocks.numbers import AS_OF, Key, draw, index
from mocks.special import BIRTH_DATES, RESTRICTED_SERIALS, SPECIAL_SERIALS, WARDS

PROVINCE = "99"
COUNTRY = "VN"
ADULT = 18

_FULL, _MONTH, _YEAR = 10, 7, 4
_IMPRECISE_UNTIL = 1999
_CAUSES = ("Tuổi già", "Bệnh tim mạch", "Tai biến mạch máu não", "Ung thư", "Tai nạn")
_STREETS = ("đường Thử Nghiệm", "phố Giả Định", "thôn Mẫu", "ấp Ví Dụ", "tổ dân phố Minh Họa")


class Birth(NamedTuple):
    """A birth date as held: `day` in full and how many characters of its ISO form the registry knows."""

    day: date
    known: int

    def iso(self) -> str:
        """`YYYY-MM-DD`, `YYYY-MM` or `YYYY`."""
        return self.day.isoformat()[: self.known]

    def compact(self) -> str:
        """`yyyyMMdd`, `yyyyMM` or `yyyy`."""
        return self.iso().replace("-", "")

    def local(self, separator: str) -> str:
        """Day first: `dd/MM/yyyy`, `MM/yyyy` or `yyyy`, with the given separator."""
        return separator.join(reversed(self.iso().split("-")))


class Death(NamedTuple):
    """A death as registered."""

    on: date
    cause: str


class Address(NamedTuple):
    """An address in the province that does not exist; `district` only where the record is an old one."""

    province: str
    district: str | None
    ward: str
    detail: str
    country: str

    def text(self) -> str:
        """One line, as registries that hold no codes write it."""
        return f"{self.detail}, phường {self.ward}, tỉnh {self.province}"


@lru_cache(maxsize=8192)
def birth(key: Key) -> Birth:
    """Return the birth date, in the number's year, not after `AS_OF`."""
    fixed = BIRTH_DATES.get(key)
    if fixed is not None:
        return Birth(fixed, _FULL)
    chance = draw(index(key), 20)
    days = (AS_OF - date(AS_OF.year, 1, 1)).days if key.year == AS_OF.year else 365
    day = date(key.year, 1, 1) + timedelta(days=chance % days)
    if key.year > _IMPRECISE_UNTIL:
        return Birth(day, _FULL)
    shade = (chance >> 32) % 100
    return Birth(day, _YEAR if shade < 4 else _MONTH if shade < 5 else _FULL)  # noqa: PLR2004 — 4 and 1 in a hundred


def age(key: Key) -> int:
    """Full years from the birth until `AS_OF` (for the dead: that they would have)."""
    born = birth(key).day
    return AS_OF.year - born.year - ((AS_OF.month, AS_OF.day) < (born.month, born.day))


@lru_cache(maxsize=8192)
def death(key: Key) -> Death | None:
    """Return the death, if it happened until `AS_OF`. Those who marry live at least 48 years."""
    chance = draw(index(key), 21)
    span = 48 + max(chance % 53, (chance >> 8) % 53)
    if key.serial % 10 == 0 and (chance >> 16) % 16 == 0:
        span = 1 + (chance >> 24) % 47
    on = date(key.year + span, 1, 1) + timedelta(days=(chance >> 32) % 365)
    return Death(on, _CAUSES[(chance >> 44) % len(_CAUSES)]) if on <= AS_OF else None


def restricted(key: Key) -> bool:
    """Whether every registry stays silent about the person; drawn ones never married, so families stay whole."""
    if key.serial in SPECIAL_SERIALS:
        return key.serial in RESTRICTED_SERIALS
    return key.serial % 10 == 0 and draw(index(key), 22) % 20 == 0


def marital_status(key: Key) -> str:
    """`single`, `married`, `widowed` or `divorced`."""
    wedding = marriage(key)
    if wedding is None:
        return "single"
    if wedding.divorced:
        return "divorced"
    other = wedding.wife if key == wedding.husband else wedding.husband
    return "widowed" if death(other) is not None else "married"


def ethnicity(key: Key) -> str:
    """Return the code of the ethnicity, the father's: `01` Kinh for about 85 in 100."""
    chance = draw(lineage(key), 23)
    return "01" if chance % 100 < 85 else f"{2 + (chance >> 8) % 53:02d}"  # noqa: PLR2004 — 85 in a hundred


def _address(chance: int, ward: str | None = None) -> Address:
    detail = f"Số {1 + (chance >> 8) % 299} {_STREETS[(chance >> 20) % len(_STREETS)]} {1 + (chance >> 30) % 40}"
    return Address(PROVINCE, None, ward or f"{PROVINCE}{1 + chance % 20:03d}", detail, COUNTRY)


def permanent_address(key: Key) -> Address:
    """Where the household is registered; a family shares it."""
    head = household_head(key)
    return _address(draw(index(head), 24), WARDS.get(head))


def current_address(key: Key) -> Address | None:
    """Where the person stays, if it is stated: one in four, and half of those not at home."""
    chance = draw(index(key), 25)
    if chance % 4:
        return None
    return permanent_address(key) if chance & 4 else _address(chance >> 3)


def home_town(key: Key) -> Address:
    """Where the father's line comes from; recorded with a district, as before 2025."""
    return _address(draw(lineage(key), 26))._replace(district="990")


def birth_place(key: Key) -> Address:
    """Where the birth was registered."""
    return _address(draw(index(key), 27))


def household_number(key: Key) -> str:
    """Return the number of the household's book: ten digits after the province."""
    return f"{PROVINCE}{index(household_head(key)):010d}"


def head_now(key: Key) -> Key:
    """Find the head of the household today: a dead head's widow, or else oneself."""
    head = household_head(key)
    if death(head) is None:
        return head
    widow = spouse(head)
    return widow if widow is not None and death(widow) is None else key


def relation_to_head(key: Key, head: Key) -> str:
    """Say what the person is to the head of the household, in the registry's words."""
    if key == head:
        return "Chủ hộ"
    if key == spouse(head):
        return "Vợ" if key.sex == FEMALE else "Chồng"
    return "Con"
