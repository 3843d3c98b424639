"""Identifiers of people, agencies, procedures and dossiers in canonical form (DOMAIN section 2).

The rule: an identifier is what its explicit type says or it is refused; nothing is trimmed, guessed
or repaired, and only ASCII digits count. Refusals are `ValueError`s that never echo the input.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from stdnum.exceptions import ValidationError
from stdnum.vn import mst

from schemas.dates import PartialDate

ID_TYPES: tuple[str, ...] = ("personal_id", "old_id_card", "insurance_code", "health_card", "tax_code")
"""Every `id_type` of the API."""

DOSSIER_LIMIT = 64
"""Characters a dossier code may have."""

_TWELVE = re.compile(r"[0-9]{12}")
_TEN = re.compile(r"[0-9]{10}")
_NINE = re.compile(r"[0-9]{9}")
_CARD = re.compile(r"[A-Za-z]{2}[1-5][0-9]{12}")
_TAX = re.compile(r"[0-9]{10}(?:-[0-9]{3})?")

_NEW_AGENCY = r"[A-Z][0-9]{2}(?:\.[0-9]{1,4}){0,4}"
_OLD_AGENCY = r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}"
_AGENCY = re.compile(rf"{_NEW_AGENCY}|{_OLD_AGENCY}")
_PATTERN = re.compile(rf"{_NEW_AGENCY}\*?")
_PROCEDURE = re.compile(rf"([0-9]\.[0-9]{{6}})(?:\.(?:{_NEW_AGENCY}|{_OLD_AGENCY}))?")
_DOSSIER = re.compile(rf"({_NEW_AGENCY}|{_OLD_AGENCY})-(?:[0-9]{{6}}|[0-9]{{8}})-[0-9]{{4,7}}")


@dataclass(frozen=True, slots=True)
class PersonalNumberFacts:
    """What a personal number says of its holder: a signal for review, never proof.

    `place` is the code of the place of birth registration at the time; codes are dated, so it must
    not be read through the current table of provinces.
    """

    place: str
    sex: Literal["male", "female"]
    birth_year: int


def canonical(id_type: str, text: str) -> str:
    """Write in the one canonical way an identifier of type `id_type`.

    Health cards are upper case; tax codes keep their dash and check digit (10, 10-3) or are a personal
    number (12). `ValueError` on an unknown type and on anything that is not exactly of the type.
    """
    check = _CANONICAL.get(id_type)
    if check is None:
        raise ValueError("the id_type is not known")
    return check(text)


def person_key(id_type: str, identifier: str) -> tuple[str, str]:
    """Say under which (id_type, canonical id) a person is counted and searched.

    Since 1 July 2025 a person's tax code is the 12-digit personal number, so it counts as one.
    """
    if id_type == "tax_code" and _TWELVE.fullmatch(identifier):
        return "personal_id", identifier
    return id_type, identifier


def personal_number_facts(number: str) -> PersonalNumberFacts:
    """Place, sex and birth year from a personal number; `ValueError` if it is not one."""
    number = canonical("personal_id", number)
    century, sex = divmod(int(number[3]), 2)
    return PersonalNumberFacts(number[:3], "female" if sex else "male", 1900 + 100 * century + int(number[4:6]))


def number_signals(number: str, *, birth_date: PartialDate | None = None, sex: str | None = None) -> tuple[str, ...]:
    """Which of `birth_year` and `sex` a personal number contradicts: reasons to look twice, no proof."""
    facts = personal_number_facts(number)
    signals = []
    if birth_date is not None and birth_date.year != facts.birth_year:
        signals.append("birth_year")
    if sex in ("male", "female") and sex != facts.sex:
        signals.append("sex")
    return tuple(signals)


def canonical_agency(code: str) -> str:
    """Write an agency code from big to small (`H56.14`), also from the older order (`000.00.14.H56`).

    `ValueError` on anything else.
    """
    if not _AGENCY.fullmatch(code):
        raise ValueError("an agency code looks like H56.14 or 000.00.14.H56")
    if code[0].isalpha():
        return code
    parts = code.split(".")[::-1]
    while not parts[-1].strip("0"):
        parts.pop()
    return ".".join(parts)


def agency_pattern(text: str) -> str:
    """Check a pattern for `agency_matches`: an agency code, with `*` at its end for all below it too."""
    if not _PATTERN.fullmatch(text):
        raise ValueError("an agency pattern is an agency code, or one followed by *")
    return text


@lru_cache(maxsize=4096)  # agreements and officers' units are few
def agency_matches(pattern: str, agency: str) -> bool:
    """Whether an agency lies in a pattern: `H99*` holds `H99` and `H99.01`, not `H990`; `H99` itself only.

    `ValueError` where either is malformed, so an empty pattern never matches.
    """
    base = agency_pattern(pattern).rstrip("*")
    code = canonical_agency(agency)
    return code == base or (pattern.endswith("*") and code.startswith(base + "."))


@lru_cache(maxsize=4096)  # procedures are few
def procedure_national(code: str) -> str:
    """Find the national code of a procedure: `1.001193` of `1.001193.000.00.00.H56`; `ValueError` otherwise."""
    found = _PROCEDURE.fullmatch(code)
    if found is None:
        raise ValueError("a procedure code looks like 1.001193")
    return found[1]


def checked_dossier(code: str) -> str:
    """Return a dossier code as it came: 1 to 64 printable characters, never rewritten; `ValueError` otherwise."""
    if not 0 < len(code) <= DOSSIER_LIMIT or not code.isprintable() or code.isspace():
        raise ValueError("a dossier code has 1 to 64 printable characters")
    return code


def dossier_agency(code: str) -> str | None:
    """Find the agency (big to small) that a dossier code names, or None where the code is opaque.

    `ValueError` where it is no dossier code at all.
    """
    found = _DOSSIER.fullmatch(checked_dossier(code))
    return canonical_agency(found[1]) if found else None


def _exactly(pattern: re.Pattern[str], sentence: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(sentence)
        return text

    return check


def _health_card(text: str) -> str:
    if not _CARD.fullmatch(text):
        raise ValueError("a health card has 2 letters, a benefit digit 1 to 5 and 12 digits")
    return text.upper()


def _tax_code(text: str) -> str:
    if _TWELVE.fullmatch(text):
        return text
    if not _TAX.fullmatch(text):
        raise ValueError("a tax code has 10 digits, 10 and 3 with a dash, or the 12 of a personal number")
    try:
        mst.validate(text)
    except ValidationError:
        raise ValueError("the tax code's check digit or branch number is wrong") from None
    return text


_CANONICAL: dict[str, Callable[[str], str]] = {
    "personal_id": _exactly(_TWELVE, "a personal number has 12 digits"),
    "old_id_card": _exactly(_NINE, "an old identity card has 9 digits"),
    "insurance_code": _exactly(_TEN, "a social-insurance code has 10 digits"),
    "health_card": _health_card,
    "tax_code": _tax_code,
}
