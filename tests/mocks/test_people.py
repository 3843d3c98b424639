"""Facts about people make sense."""

import time
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from mocks.families import children, parents, spouse
from mocks.numbers import AS_OF, SERIALS, Key
from mocks.people import (
    Birth,
    birth,
    birth_place,
    current_address,
    death,
    ethnicity,
    head_now,
    home_town,
    household_number,
    marital_status,
    permanent_address,
    relation_to_head,
    restricted,
)
from mocks.population import citizen
from schemas.dates import parse_partial

KEYS = st.builds(Key, st.integers(0, 1), st.integers(1900, AS_OF.year), st.integers(0, SERIALS - 1))


@given(KEYS)
def test_births_are_in_the_numbers_year_and_not_to_come(key):
    """The birth date lies in the year of the number and before the day the population stands still."""
    born = birth(key)
    assert born.day.year == key.year
    assert born.day <= AS_OF
    assert str(parse_partial(born.iso())) == born.iso()


@given(KEYS)
def test_deaths_come_after_births(key):
    """Nobody dies before being born or after the population stands still, and nobody is older than 100."""
    end = death(key)
    if end is None:
        assert AS_OF.year - key.year <= 101
    else:
        assert birth(key).day < end.on <= AS_OF
        assert end.cause


def test_a_birth_is_written_as_precisely_as_it_is_known():
    """A year alone stays a year in every format."""
    day = date(1960, 3, 9)
    assert [Birth(day, known).iso() for known in (10, 7, 4)] == ["1960-03-09", "1960-03", "1960"]
    assert [Birth(day, known).compact() for known in (10, 7, 4)] == ["19600309", "196003", "1960"]
    assert [Birth(day, known).local("/") for known in (10, 7, 4)] == ["09/03/1960", "03/1960", "1960"]


def test_some_dates_are_partial():
    """Of those born before 2000 about four in a hundred have a year only and one a year and a month."""
    known = [birth(Key(0, 1960, serial)).known for serial in range(5000)]
    assert 0.03 < known.count(4) / 5000 < 0.05
    assert 0.005 < known.count(7) / 5000 < 0.015
    assert {birth(Key(0, 2010, serial)).known for serial in range(500)} == {10}


@given(KEYS)
def test_addresses_are_in_the_province_that_does_not_exist(key):
    """Every address is in province 99, with a ward of five digits and a text."""
    for place in (permanent_address(key), home_town(key), birth_place(key), current_address(key)):
        if place is not None:
            assert (place.province, place.country) == ("99", "VN")
            assert place.ward.startswith("990")
            assert place.detail in place.text()


@given(KEYS)
def test_families_share_home_and_book(key):
    """Husband, wife and unmarried children have one address and one household number."""
    other = spouse(key)
    if other is not None:
        assert permanent_address(other) == permanent_address(key)
        assert household_number(other) == household_number(key)
    couple = parents(key)
    if couple is not None and marital_status(key) == "single":
        assert permanent_address(couple[1]) == permanent_address(key)


@given(KEYS)
def test_marital_status_fits_the_family(key):
    """Only those with a living spouse are married; divorced and single people have none."""
    status, other = marital_status(key), spouse(key)
    if status in {"single", "divorced"}:
        assert other is None
        assert children(key) == ()
    else:
        assert other is not None
        assert (death(other) is None) == (status == "married")


@given(KEYS)
def test_the_head_of_a_household_is_alive_or_oneself(key):
    """The head is never somebody else who is dead, and the relation is worded."""
    head = head_now(key)
    assert head == key or death(head) is None
    assert relation_to_head(key, head) in {"Chủ hộ", "Vợ", "Chồng", "Con"}
    assert len(ethnicity(key)) == 2


def test_few_people_are_restricted():
    """About one in two hundred is restricted, and never a parent or a spouse."""
    people = [Key(1, 1980, serial) for serial in range(360, 20_360)]
    secret = [key for key in people if restricted(key)]
    assert 0.003 < len(secret) / len(people) < 0.007
    assert all(spouse(key) is None and not children(key) for key in secret)


def test_five_thousand_records_cost_less_than_four_seconds_of_cpu():
    """Whole records are computed fast enough to need no storage (0.6 s measured), names and kin included."""
    began = time.process_time()
    for serial in range(5_000):
        citizen(Key(serial % 2, 1930 + serial % 95, 1000 + serial * 7))
    assert time.process_time() - began < 4
