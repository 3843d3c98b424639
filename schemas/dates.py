"""Partial dates, the registries' ways of writing them, and their comparison (DOMAIN section 3).

The rule: a date is never more precise than what was said, and the format of a text is chosen by the
caller, never guessed. Registries write local time without an offset: Asia/Ho_Chi_Minh, +07:00 all year.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Literal

LOCAL = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
"""Local time of every registry; Vietnam has had no daylight saving since 1975."""

DateVerdict = Literal["match", "partial", "mismatch"]
Precision = Literal["year", "month", "day"]

_FIRST_YEAR, _LAST_YEAR, _LAST_MONTH = 1000, 9999, 12
_FEBRUARY = 2
_DAYS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_REMEMBERED = 8192
_TWO_DIGITS = [f"{number:02d}" for number in range(32)]
"""Days kept in memory once read: people share their birthdays."""
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")

_FORMATS: dict[str, re.Pattern[str]] = {
    "yyyy": re.compile(r"(?P<y>[0-9]{4})"),
    "yyyyMM": re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})"),
    "yyyyMMdd": re.compile(r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})"),
    "MMyyyy": re.compile(r"(?P<m>[0-9]{2})(?P<y>[0-9]{4})"),
    "ddMMyyyy": re.compile(r"(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>[0-9]{4})"),
    "MM/yyyy": re.compile(r"(?P<m>[0-9]{2})/(?P<y>[0-9]{4})"),
    "dd/MM/yyyy": re.compile(r"(?P<d>[0-9]{2})/(?P<m>[0-9]{2})/(?P<y>[0-9]{4})"),
    "MM.yyyy": re.compile(r"(?P<m>[0-9]{2})\.(?P<y>[0-9]{4})"),
    "dd.MM.yyyy": re.compile(r"(?P<d>[0-9]{2})\.(?P<m>[0-9]{2})\.(?P<y>[0-9]{4})"),
    "yyyy-MM": re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})"),
    "yyyy-MM-dd": re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"),
}
_TIMES: dict[str, re.Pattern[str]] = {
    "yyyyMMddHHmmss": re.compile(
        r"(?P<y>[0-9]{4})(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?P<H>[0-9]{2})(?P<M>[0-9]{2})(?P<S>[0-9]{2})"
    ),
    "iso-local": re.compile(
        r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
        r"T(?P<H>[0-9]{2}):(?P<M>[0-9]{2}):(?P<S>[0-9]{2})(?:\.(?P<f>[0-9]{1,6}))?"
    ),
}
DATE_FORMATS: frozenset[str] = frozenset(_FORMATS) | frozenset(_TIMES)
"""Every format `parse_registry_date` knows; `iso-local` is `yyyy-MM-ddTHH:mm:ss` without an offset."""
TIME_FORMATS: frozenset[str] = frozenset(_TIMES)
"""Every format `parse_registry_time` knows."""


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A year, a year and month, or a day. `ValueError` where no such date exists (years 1000 to 9999)."""

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if not _FIRST_YEAR <= self.year <= _LAST_YEAR:
            raise ValueError("the year is out of range")
        if self.month is None:
            if self.day is not None:
                raise ValueError("a day needs a month")
            return
        if not 1 <= self.month <= _LAST_MONTH:
            raise ValueError("there is no such month")
        if self.day is not None and not 1 <= self.day <= _days_in(self.year, self.month):
            raise ValueError("there is no such day")

    @property
    def precision(self) -> Precision:
        """The smallest part that was said."""
        if self.day is not None:
            return "day"
        return "year" if self.month is None else "month"

    def __str__(self) -> str:
        if self.month is None:
            return str(self.year)
        if self.day is None:
            return f"{self.year}-{_TWO_DIGITS[self.month]}"
        return f"{self.year}-{_TWO_DIGITS[self.month]}-{_TWO_DIGITS[self.day]}"


@lru_cache(maxsize=_REMEMBERED)
def parse_partial(text: str) -> PartialDate:
    """Read `YYYY`, `YYYY-MM` or `YYYY-MM-DD` (PROTOCOL section 3); `ValueError` on anything else."""
    found = _PARTIAL.fullmatch(text)
    if found is None:
        raise ValueError("a date is YYYY, YYYY-MM or YYYY-MM-DD")
    year, month, day = found.groups()
    return PartialDate(int(year), int(month) if month else None, int(day) if day else None)


@lru_cache(maxsize=_REMEMBERED)
def parse_registry_date(text: str, *formats: str) -> PartialDate:
    """Read a registry's date in one of the `formats` the caller allows; a time gives its local day.

    `ValueError` where none fits, or where two of them fit and say different days: nothing is guessed.
    """
    readings = {reading for name in formats if (reading := _reading(text, name)) is not None}
    if len(readings) != 1:
        raise ValueError("the date is ambiguous" if readings else "the date has none of the expected formats")
    return readings.pop()


def parse_registry_time(text: str, *formats: str) -> datetime:
    """Read a registry's local time in one of the `formats` (`TIME_FORMATS`) as an aware time, +07:00.

    `ValueError` where none fits.
    """
    for name in formats:
        found = _TIMES[name].fullmatch(text)
        if found is not None:
            part = found.groupdict()
            micro = int((part.get("f") or "0").ljust(6, "0"))
            year, month, day, hour, minute, second = (int(part[key]) for key in ("y", "m", "d", "H", "M", "S"))
            return datetime(year, month, day, hour, minute, second, micro, tzinfo=LOCAL)
    raise ValueError("the time has none of the expected formats")


@lru_cache(maxsize=_REMEMBERED)
def format_registry_date(value: PartialDate, style: str) -> str:
    """Write a date in a registry's format; `ValueError` where the format wants more than was said.

    A format that wants less drops what it does not hold (`yyyy` of a full date is its year).
    """
    if ("MM" in style and value.month is None) or ("dd" in style and value.day is None) or style not in _FORMATS:
        raise ValueError("the date cannot be written in this format")
    text = style.replace("yyyy", f"{value.year:04d}")
    return text.replace("MM", f"{value.month or 0:02d}").replace("dd", f"{value.day or 0:02d}")


def common_precision(a: PartialDate, b: PartialDate) -> Precision:
    """Say on which precision two dates can be compared: the coarser of the two."""
    if a.month is None or b.month is None:
        return "year"
    return "month" if a.day is None or b.day is None else "day"


def compare_dates(a: PartialDate, b: PartialDate) -> DateVerdict:
    """Compare on the common precision (`common_precision` says which).

    `match` where both say the same, `partial` where they agree as far as the coarser goes (01/01 of a
    year against that year alone included: often a filled-in value), else `mismatch`.
    """
    if a == b:
        return "match"
    if a.year != b.year:
        return "mismatch"
    if a.month is None or b.month is None:
        return "partial"
    if a.month != b.month:
        return "mismatch"
    return "partial" if a.day is None or b.day is None else "mismatch"


def local_day(moment: datetime) -> date:
    """Find the day of Asia/Ho_Chi_Minh in which an aware time lies; `ValueError` for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without an offset has no day")
    return moment.astimezone(LOCAL).date()


def _reading(text: str, name: str) -> PartialDate | None:
    pattern = _FORMATS.get(name)
    if pattern is None:
        return _day_of_time(text, name)
    found = pattern.fullmatch(text)
    if found is None:
        return None
    part = found.groupdict()
    try:
        return PartialDate(int(part["y"]), _number(part.get("m")), _number(part.get("d")))
    except ValueError:
        return None


def _day_of_time(text: str, name: str) -> PartialDate | None:
    if name not in _TIMES:
        raise ValueError("no such date format")
    try:
        moment = parse_registry_time(text, name)
        return PartialDate(moment.year, moment.month, moment.day)
    except ValueError:
        return None


def _days_in(year: int, month: int) -> int:
    leap = month == _FEBRUARY and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _DAYS[month] + leap


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
