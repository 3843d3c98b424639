"""The civil-status registers fit the people."""

from hypothesis import given
from hypothesis import strategies as st

from mocks.families import marriage, spouse
from mocks.numbers import AS_OF, SERIALS, Key
from mocks.people import birth, death, restricted
from mocks.registers import birth_record, death_record, marriage_record

KEYS = st.builds(Key, st.integers(0, 1), st.integers(1900, AS_OF.year), st.integers(0, SERIALS - 1))


@given(KEYS)
def test_acts_are_registered_after_the_fact(key):
    """A registration is not before the event nor after the population stands still."""
    born, dead = birth_record(key), death_record(key)
    assert born is None or birth(key).day <= born.on <= AS_OF
    assert dead is None or dead[0].on <= dead[1].on <= AS_OF


@given(KEYS)
def test_the_living_and_unmarried_have_no_record(key):
    """A death record exists for the dead alone, a marriage record for whoever ever married."""
    silent = restricted(key)
    assert (death_record(key) is not None) == (death(key) is not None and not silent)
    assert (marriage_record(key) is not None) == (marriage(key) is not None and not silent)


@given(KEYS)
def test_both_spouses_have_one_marriage_record(key):
    """Husband and wife are told the same number, book and state."""
    other = spouse(key)
    if other is not None and not restricted(key) and not restricted(other):
        assert marriage_record(key) == marriage_record(other)


def test_lost_books_are_few():
    """Of those born since 1925 three in a hundred have no birth record; older people have none."""
    records = [birth_record(Key(0, 1980, serial)) for serial in range(5000)]
    assert 0.02 < records.count(None) / len(records) < 0.05
    assert birth_record(Key(0, 1924, 5)) is None
