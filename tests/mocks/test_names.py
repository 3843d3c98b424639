"""Names are names of the country."""

import unicodedata
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mocks.families import parents
from mocks.names import family_name, full_name
from mocks.numbers import AS_OF, SERIALS, Key
from schemas.names import checked_name

KEYS = st.builds(Key, st.integers(0, 1), st.integers(1900, AS_OF.year), st.integers(0, SERIALS - 1))


@given(KEYS)
def test_names_are_accepted_as_names(key):
    """A whole name is upper case, NFC, three or four words, and what the API accepts."""
    name = full_name(key)
    assert name == name.upper() == unicodedata.normalize("NFC", name) == checked_name(name)
    assert 3 <= len(name.split()) <= 4


@given(KEYS)
def test_children_bear_their_fathers_name(key):
    """The family name goes from father to child."""
    couple = parents(key)
    assert full_name(key).startswith(family_name(key) + " ")
    if couple is not None:
        assert family_name(key) == family_name(couple[0])


def test_the_commonest_name_is_as_common_as_it_is():
    """About 38 in 100 are called Nguyễn, and many given names are in use."""
    people = [Key(serial % 2, 1900 + serial % 120, serial * 37) for serial in range(8000)]
    families = Counter(family_name(key) for key in people)
    assert 0.34 < families["NGUYỄN"] / len(people) < 0.42
    assert len(families) > 25
    assert len({full_name(key) for key in people}) > 4000


def test_the_example_person_is_named():
    """The person of the protocol's example bears the name it states."""
    assert full_name(Key(1, 1991, 1)) == "NGUYỄN THỊ THỬ"
