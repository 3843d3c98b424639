"""What the tax registry knows: five fixed sample taxpayers and the people whose code is their personal number.

Since 1 July 2025 a person's tax code is the personal number (DOMAIN 2). Minors and one adult in ten
are not registered. The five ten-digit codes carry right check digits and belong to nobody real.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from mocks.names import full_name
from mocks.numbers import Key, draw, index, key_of, personal_id
from mocks.people import ADULT, COUNTRY, PROVINCE, Address, age, death, permanent_address, restricted
from mocks.special import SPECIAL_SERIALS

ORGANISATION, INDIVIDUAL, HOUSEHOLD_BUSINESS = "01", "02", "03"
_STATES = ("00",) * 45 + ("03", "05", "05", "06", "06")
_ITEMS = ("Thuế sử dụng đất phi nông nghiệp", "Lệ phí trước bạ", "Thuế thu nhập cá nhân", "Tiền chậm nộp")
_CODES_SINCE = date(2025, 7, 1)


class Taxpayer(NamedTuple):
    """A taxpayer: `kind` 01 organisation, 02 individual, 03 household business; `owner` a personal number."""

    code: str
    owner: str | None
    name: str
    kind: str
    state: str
    address: Address
    office: str
    issued: date


class Obligation(NamedTuple):
    """A sum owed, in đồng, for a dossier."""

    dossier: str
    code: str
    decision: str
    decided: date
    item: str
    amount: int


def _fixed(code: str, name: str, kind: str, state: str, *, owner: str | None = None, ward: str = "99001") -> Taxpayer:
    address = Address(PROVINCE, None, ward, "Số 1 đường Thử Nghiệm", COUNTRY)
    return Taxpayer(code, owner, name, kind, state, address, "Thuế cơ sở 1 tỉnh 99", date(2015, 3, 2))


FIXED: Mapping[str, Taxpayer] = MappingProxyType(
    {
        row.code: row
        for row in (
            _fixed("9999999002", "CÔNG TY TNHH THỬ NGHIỆM MỘT", ORGANISATION, "00"),
            _fixed("9999999027", "HỢP TÁC XÃ MẪU HAI", ORGANISATION, "06", ward="99002"),
            _fixed("9999999034", "HỘ KINH DOANH THỬ NGHIỆM BA", HOUSEHOLD_BUSINESS, "00", owner="099191000001"),
            _fixed("9999999041", "HỘ KINH DOANH MẪU BỐN", HOUSEHOLD_BUSINESS, "05", owner="099088000111"),
            _fixed("9999999059", "CÔNG TY CỔ PHẦN GIẢ ĐỊNH NĂM", ORGANISATION, "01", ward="99003"),
        )
    }
)
"""The five sample taxpayers by tax code."""

_FIXED_DEBTS = frozenset({"9999999027", "9999999041"})


def _registered(key: Key) -> bool:
    if restricted(key) or age(key) < ADULT:
        return False
    return key.serial in SPECIAL_SERIALS or key.serial == 1 or draw(index(key), 60) % 10 != 0


def tax_code(key: Key) -> str | None:
    """Return the person's tax code, or `None` where the person is not registered."""
    return personal_id(key) if _registered(key) else None


def _individual(key: Key) -> Taxpayer:
    chance = draw(index(key), 61)
    number = personal_id(key)
    state = "01" if death(key) is not None else _STATES[(chance >> 8) % len(_STATES)]
    office = f"Thuế cơ sở {1 + (chance >> 16) % 9} tỉnh {PROVINCE}"
    issued = _CODES_SINCE + timedelta(days=(chance >> 24) % 365)
    return Taxpayer(number, number, full_name(key), INDIVIDUAL, state, permanent_address(key), office, issued)


def taxpayer(identifier: str) -> Taxpayer | None:
    """Find the taxpayer of a tax code or a personal number, or `None`."""
    fixed = FIXED.get(identifier)
    if fixed is not None:
        return fixed
    key = key_of(identifier)
    return _individual(key) if key is not None and _registered(key) else None


def obligations(payer: Taxpayer) -> list[Obligation]:
    """List what the taxpayer owes: for seven people in ten nothing."""
    if payer.kind == INDIVIDUAL:
        chance = draw(int(payer.code), 62)
        count = (chance >> 8) % 3 + 1 if chance % 10 >= 7 else 0  # noqa: PLR2004 — three in ten
    else:
        chance = draw(int(payer.code), 63)
        count = 2 if payer.code in _FIXED_DEBTS else 0
    return [_obligation(payer.code, draw(chance, number), number) for number in range(count)]


def _obligation(code: str, chance: int, number: int) -> Obligation:
    decided = date(2026, 1, 5) + timedelta(days=chance % 280)
    dossier = f"H99.{1 + (chance >> 9) % 20:02d}-{decided:%y%m%d}-{1 + (chance >> 16) % 9999:04d}"
    decision = f"{1 + (chance >> 32) % 9999}/QĐ-T99"
    return Obligation(
        dossier,
        code,
        decision,
        decided,
        _ITEMS[(chance >> 24) % len(_ITEMS)],
        1000 * (1 + (chance >> 40) % 90_000 + number),
    )
