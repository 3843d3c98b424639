"""Small conversions every adapter shares: a registry's text in, a canonical value or `RegistryInvalid` out.

The rule (DESIGN section 5): a reply must be about the person asked for, and what cannot be read is the registry's
fault, never a missing value. An empty text is no value.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from adapters.contract import RegistryFault, RegistryInvalid
from schemas.dates import PartialDate, compare_dates, format_registry_date, parse_registry_date, parse_registry_time
from schemas.grants import Subject
from schemas.names import compare_names

COUNTRY = "VN"


def required(value: str | None) -> str:
    """Return a value the registry cannot be asked without; the service's `subject_requires` promised it."""
    if not value:
        raise RegistryFault("unsendable")
    return value


def coded(table: Mapping[str, str], code: str | None) -> str | None:
    """Translate a code by an adapter's own table; an unknown one is drift."""
    if not code:
        return None
    word = table.get(code)
    if word is None:
        raise RegistryInvalid("unknown-code")
    return word


def partial_date(text: str | None, *formats: str) -> PartialDate | None:
    """Read a date in one of the formats."""
    if not text:
        return None
    try:
        return parse_registry_date(text, *formats)
    except ValueError:
        raise RegistryInvalid("bad-date") from None


@lru_cache(maxsize=4096)
def date_text(text: str | None, *formats: str) -> str | None:
    """Read a date in one of the formats as the partial-date string of PROTOCOL section 3.

    Remembered, because the days on which cards begin and end are few.
    """
    return str(partial_date(text, *formats)) if text else None


def written_date(value: PartialDate | None, full: str, year: str) -> str | None:
    """Write a date in the registry's format for whole dates, or its year alone where the day is not known."""
    return None if value is None else format_registry_date(value, full if value.day else year)


@lru_cache(maxsize=256)
def moment(text: str | None, *formats: str) -> datetime | None:
    """Read a registry's local time as an aware one (+07:00). Remembered: a registry's clock says one second to many."""
    if not text:
        return None
    try:
        return parse_registry_time(text, *formats)
    except ValueError:
        raise RegistryInvalid("bad-date") from None


def address_of_text(detail: str | None) -> dict[str, Any] | None:
    """Return an address of which only one line of text is known."""
    if not detail:
        return None
    return {"province": None, "district": None, "ward": None, "detail": detail, "country": COUNTRY}


def relative(full_name: str | None, personal_id: str | None) -> dict[str, Any] | None:
    """Return a relative, or None where the registry names nobody."""
    if not full_name and not personal_id:
        return None
    return {"full_name": full_name or None, "personal_id": personal_id or None}


def check_identifier(asked: str, answered: str | None) -> None:
    """Refuse an answer that carries another identifier than the one asked for, or none."""
    if asked != answered:
        raise RegistryInvalid("wrong-person")


def check_person(subject: Subject, full_name: str | None, birth_date: PartialDate | None) -> None:
    """Refuse an answer whose name or birth date contradicts the subject's, or that lacks what was asked with."""
    if subject.full_name is not None:
        _check_name(subject.full_name, full_name)
    if subject.birth_date is None:
        return
    if birth_date is None or compare_dates(subject.birth_date, birth_date) == "mismatch":
        raise RegistryInvalid("wrong-person")


def _check_name(asked: str, answered: str | None) -> None:
    if not answered:
        raise RegistryInvalid("wrong-person")
    if asked.upper() == answered.upper():
        return
    try:
        verdict = compare_names(asked, answered)
    except ValueError:
        raise RegistryInvalid("bad-name") from None
    if verdict == "mismatch":
        raise RegistryInvalid("wrong-person")
