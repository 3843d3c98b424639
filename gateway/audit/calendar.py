"""Working days and hours of public offices in Vietnam, with the Tết calendar (Labour Code 2019, article 112).

Pure. The rule: days are those of Asia/Ho_Chi_Minh. Tết moves with the moon, so its days come from a table; for a year
beyond the table they are unknown and `ValueError` says so, rather than ringing every alarm on a holiday.
"""

from datetime import date, datetime, time, timedelta

from schemas.dates import LOCAL

_TET = {
    2020: (1, 25),
    2021: (2, 12),
    2022: (2, 1),
    2023: (1, 22),
    2024: (2, 10),
    2025: (1, 29),
    2026: (2, 17),
    2027: (2, 6),
    2028: (1, 26),
    2029: (2, 13),
    2030: (2, 2),
    2031: (1, 23),
    2032: (2, 11),
    2033: (1, 31),
    2034: (2, 19),
    2035: (2, 8),
}
"""The first day of the lunar year as Vietnam keeps it (UTC+7)."""
_HUNG_KINGS = {
    2024: (4, 18),
    2025: (4, 7),
    2026: (4, 26),
    2027: (4, 16),
    2028: (4, 4),
    2029: (4, 23),
    2030: (4, 12),
}
_FIXED = frozenset({(1, 1), (4, 30), (5, 1), (9, 1), (9, 2)})
_SATURDAY = 5


def tet(year: int) -> date:
    """Return the first day of Tết of a calendar year. Raises `ValueError` beyond the table (2020 to 2035)."""
    if year not in _TET:
        raise ValueError("the Tết calendar does not reach that year: add it to gateway/audit/calendar.py")
    return date(year, *_TET[year])


def is_holiday(day: date) -> bool:
    """Whether a day is a public holiday: Tết (its eve and four days), the Hùng Kings, and the fixed ones."""
    since = (day - tet(day.year)).days
    return -1 <= since <= 3 or (day.month, day.day) in _FIXED or _HUNG_KINGS.get(day.year) == (day.month, day.day)  # noqa: PLR2004 — five days off


def is_working_day(day: date) -> bool:
    """Whether public offices work on a day."""
    return day.weekday() < _SATURDAY and not is_holiday(day)


def add_working_days(day: date, number: int) -> date:
    """Return the working day that lies `number` working days after `day`."""
    while number > 0:
        day += timedelta(days=1)
        number -= is_working_day(day)
    return day


def local(moment: datetime) -> datetime:
    """Return a moment on the country's clocks."""
    return moment.astimezone(LOCAL)


def is_off_hours(moment: datetime, begins: time, ends: time, slack: timedelta = timedelta(hours=1)) -> bool:
    """Whether a moment lies outside an officer's hours on a working day, by more than `slack`."""
    there = local(moment)
    if not is_working_day(there.date()):
        return True
    start = datetime.combine(there.date(), begins, LOCAL) - slack
    return not start <= there <= datetime.combine(there.date(), ends, LOCAL) + slack
