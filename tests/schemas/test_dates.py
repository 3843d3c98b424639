"""Partial dates, registries' formats and comparison (DOMAIN section 3)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.dates import (
    DATE_FORMATS,
    LOCAL,
    PartialDate,
    common_precision,
    compare_dates,
    format_registry_date,
    local_day,
    parse_partial,
    parse_registry_date,
    parse_registry_time,
)

DAYS = st.dates(date(1000, 1, 1)).map(lambda day: PartialDate(day.year, day.month, day.day))
PARTIAL = st.one_of(
    DAYS,
    DAYS.map(lambda day: PartialDate(day.year, day.month)),
    DAYS.map(lambda day: PartialDate(day.year)),
)


@given(PARTIAL)
def test_a_partial_date_survives_writing_and_reading(value):
    """What `str` writes, `parse_partial` reads back, precision included."""
    assert parse_partial(str(value)) == value


@given(st.text(max_size=12))
def test_any_text_is_a_date_or_refused(text):
    """Reading arbitrary text gives a date that writes itself the same, or `ValueError`, never another error."""
    try:
        value = parse_partial(text)
    except ValueError:
        return
    assert str(value) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "91",
        "1991-5-2",
        "1991-05-02 ",
        "1991-05-02\n",
        "1991/05/02",
        "1991-02-29",
        "1991-13",
        "1991-00",
        "1991-01-00",
        "0000",
        "0999-01-01",
        "１９９１",
        "١٩٩١",
        "1991-",
        "19910502",
        "1991-05-02T00:00:00",
    ],
)
def test_what_is_no_partial_date_is_refused(text):
    """Only YYYY, YYYY-MM and YYYY-MM-DD of existing days in ASCII digits are dates."""
    with pytest.raises(ValueError, match=r"date|year|month|day"):
        parse_partial(text)


def test_a_day_needs_a_month():
    """A partial date is a prefix: a day without its month cannot be said."""
    with pytest.raises(ValueError, match="needs a month"):
        PartialDate(1991, None, 2)


@pytest.mark.parametrize(
    ("text", "style", "said"),
    [
        ("19910502", "yyyyMMdd", "1991-05-02"),
        ("1991", "yyyy", "1991"),
        ("199105", "yyyyMM", "1991-05"),
        ("02/05/1991", "dd/MM/yyyy", "1991-05-02"),
        ("05/1991", "MM/yyyy", "1991-05"),
        ("02.05.1991", "dd.MM.yyyy", "1991-05-02"),
        ("05.1991", "MM.yyyy", "1991-05"),
        ("02051991", "ddMMyyyy", "1991-05-02"),
        ("051991", "MMyyyy", "1991-05"),
        ("19910502233015", "yyyyMMddHHmmss", "1991-05-02"),
        ("1991-05-02", "yyyy-MM-dd", "1991-05-02"),
        ("1991-05", "yyyy-MM", "1991-05"),
        ("1991-05-02T23:30:15", "iso-local", "1991-05-02"),
    ],
)
def test_each_registry_format_is_read_as_it_is(text, style, said):
    """Every format of DOMAIN section 3 gives the date at the precision it states."""
    assert str(parse_registry_date(text, style)) == said


@pytest.mark.parametrize(
    ("text", "styles"),
    [
        ("31/02/1991", ("dd/MM/yyyy",)),
        ("2/5/1991", ("dd/MM/yyyy",)),
        ("02-05-1991", ("dd/MM/yyyy", "yyyyMMdd")),
        ("", ("yyyy",)),
        ("1991\n", ("yyyy",)),
        ("19910502250000", ("yyyyMMddHHmmss",)),
        ("00000000", ("yyyyMMdd",)),
        ("maybe", tuple(DATE_FORMATS)),
        ("1991", ()),
    ],
)
def test_a_text_of_no_allowed_format_is_refused(text, styles):
    """A registry's date outside the formats its adapter lists is refused, not repaired."""
    with pytest.raises(ValueError, match="expected formats"):
        parse_registry_date(text, *styles)


def test_an_ambiguous_text_is_refused():
    """Where two allowed formats read different days from one text, neither is taken."""
    with pytest.raises(ValueError, match="ambiguous"):
        parse_registry_date("10121011", "ddMMyyyy", "yyyyMMdd")
    assert str(parse_registry_date("10121011", "ddMMyyyy")) == "1011-12-10"


def test_an_unknown_format_is_refused():
    """A format that does not exist is an error of its own."""
    with pytest.raises(ValueError, match="no such date format"):
        parse_registry_date("1991", "yy")


@given(DAYS, st.sampled_from(["yyyyMMdd", "dd/MM/yyyy", "dd.MM.yyyy", "ddMMyyyy", "yyyy-MM-dd"]))
def test_full_dates_survive_every_full_format(value, style):
    """Writing and reading a full date in a registry's format gives the same date."""
    assert parse_registry_date(format_registry_date(value, style), style) == value


def test_a_format_never_invents_what_was_not_said():
    """A year-only date has no yyyyMMdd; a full date's yyyy is its year."""
    with pytest.raises(ValueError, match="cannot be written"):
        format_registry_date(PartialDate(1991), "yyyyMMdd")
    with pytest.raises(ValueError, match="cannot be written"):
        format_registry_date(PartialDate(1991, 5), "dd/MM/yyyy")
    with pytest.raises(ValueError, match="cannot be written"):
        format_registry_date(PartialDate(1991), "yy")
    assert format_registry_date(PartialDate(1991, 5, 2), "yyyy") == "1991"
    assert format_registry_date(PartialDate(1991, 5, 2), "MM/yyyy") == "05/1991"


def test_a_registry_time_is_local():
    """A time without an offset is Asia/Ho_Chi_Minh, +07:00."""
    moment = parse_registry_time("2026-11-21T08:30:00.25", "iso-local")
    assert moment == datetime(2026, 11, 21, 1, 30, 0, 250_000, tzinfo=UTC)
    assert moment.isoformat() == "2026-11-21T08:30:00.250000+07:00"
    assert parse_registry_time("20261121083000", "iso-local", "yyyyMMddHHmmss").utcoffset() == timedelta(hours=7)


@pytest.mark.parametrize("text", ["2026-11-21T08:30:00Z", "2026-11-21T08:30:00+07:00", "2026-02-30T00:00:00", "x"])
def test_a_registry_time_with_an_offset_or_impossible_is_refused(text):
    """A local time that is none is refused, never shifted."""
    with pytest.raises(ValueError, match=r"."):
        parse_registry_time(text, "iso-local")


@pytest.mark.parametrize(
    ("a", "b", "verdict", "precision"),
    [
        ("1991-05-02", "1991-05-02", "match", "day"),
        ("1991-05-02", "1991-05-03", "mismatch", "day"),
        ("1991-05-02", "1991-06-02", "mismatch", "day"),
        ("1991-05-02", "1992-05-02", "mismatch", "day"),
        ("1991", "1991", "match", "year"),
        ("1991-05", "1991-05", "match", "month"),
        ("1991", "1991-05-02", "partial", "year"),
        ("1991", "1992-05-02", "mismatch", "year"),
        ("1991-05", "1991-05-02", "partial", "month"),
        ("1991-06", "1991-05-02", "mismatch", "month"),
        ("1991", "1991-05", "partial", "year"),
        ("1991-01-01", "1991", "partial", "year"),
        ("1991-01-01", "1991-05-02", "mismatch", "day"),
    ],
)
def test_dates_are_compared_on_their_common_precision(a, b, verdict, precision):
    """The verdict and its precision are the same whichever side is which."""
    one, other = parse_partial(a), parse_partial(b)
    assert compare_dates(one, other) == compare_dates(other, one) == verdict
    assert common_precision(one, other) == common_precision(other, one) == precision


@given(PARTIAL, PARTIAL)
@settings(max_examples=50)
def test_only_equal_dates_match(a, b):
    """`match` means equal in value and precision."""
    assert (compare_dates(a, b) == "match") == (a == b)


def test_a_day_is_a_day_of_vietnam():
    """17:00 UTC is already the next day in Asia/Ho_Chi_Minh; a time without an offset has no day."""
    assert local_day(datetime(2026, 11, 21, 16, 59, tzinfo=UTC)) == date(2026, 11, 21)
    assert local_day(datetime(2026, 11, 21, 17, 0, tzinfo=UTC)) == date(2026, 11, 22)
    assert local_day(datetime(2026, 11, 21, tzinfo=LOCAL)) == date(2026, 11, 21)
    with pytest.raises(ValueError, match="without an offset"):
        local_day(datetime(2026, 11, 21))  # noqa: DTZ001 — the naive time under test
