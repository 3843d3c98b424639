"""Families fit together."""

from hypothesis import given
from hypothesis import strategies as st

from mocks.families import children, household_head, marriage, parents, spouse
from mocks.numbers import AS_OF, INSURED_SERIALS, SERIALS, Key, insurance_code
from mocks.people import age, birth, death

KEYS = st.builds(Key, st.integers(0, 1), st.integers(1900, AS_OF.year), st.integers(0, SERIALS - 1))
INSURED = st.builds(Key, st.integers(0, 1), st.integers(1900, AS_OF.year), st.integers(0, INSURED_SERIALS - 1))


@given(KEYS)
def test_marriage_is_symmetric(key):
    """Husband and wife tell of the same marriage, and each is the other's spouse."""
    wedding = marriage(key)
    if wedding is None:
        assert spouse(key) is None
        return
    assert key in {wedding.husband, wedding.wife}
    assert (wedding.husband.sex, wedding.wife.sex) == (0, 1)
    assert marriage(wedding.husband) == marriage(wedding.wife) == wedding
    other = spouse(key)
    assert other is None if wedding.divorced else other is not None and spouse(other) == key


@given(KEYS)
def test_children_and_parents_agree(key):
    """Who lists a child is one of the child's parents, and both parents list it."""
    couple = parents(key)
    if couple is not None:
        father, mother = couple
        assert key in children(father)
        assert children(father) == children(mother)
    for child in children(key):
        assert key in (parents(child) or ())


@given(KEYS)
def test_parents_are_a_married_couple_of_fitting_age(key):
    """Parents are 18 to 45 years older, of both sexes, married before the birth, and alive at it."""
    couple = parents(key)
    if couple is None:
        return
    father, mother = couple
    wedding = marriage(father)
    assert wedding is not None
    assert (wedding.husband, wedding.wife, wedding.divorced) == (father, mother, False)
    assert wedding.on < birth(key).day
    for parent in couple:
        assert 18 <= key.year - parent.year <= 45
        end = death(parent)
        assert end is None or end.on > birth(key).day


@given(KEYS)
def test_minors_are_unmarried(key):
    """Men marry from 20, women from 18, on a day when both live."""
    wedding = marriage(key)
    if wedding is not None:
        assert wedding.on.year - wedding.husband.year >= 20
        assert wedding.on.year - wedding.wife.year > 18
        assert wedding.on <= AS_OF
        for each in (wedding.husband, wedding.wife):
            end = death(each)
            assert end is None or end.on > wedding.on
    if age(key) < 18:
        assert wedding is None


@given(KEYS)
def test_unmarried_children_share_their_parents_household(key):
    """A child that never married lives where the parents do."""
    couple = parents(key)
    if couple is not None and marriage(key) is None:
        assert household_head(key) == household_head(couple[0]) == household_head(couple[1])


@given(INSURED)
def test_families_of_the_insured_are_insured(key):
    """Spouse, parents and children of an insured person hold insurance codes too."""
    kin = [*(parents(key) or ()), *children(key), spouse(key)]
    assert all(insurance_code(each) is not None for each in kin if each is not None)


def test_nobody_marries_a_sibling_or_a_first_cousin():
    """Over a group of serials and a century no couple shares a parent or a grandparent."""
    for year in range(1950, 2000, 7):
        for serial in range(180):
            wedding = marriage(Key(0, year, serial))
            if wedding is not None:
                assert not _elders(wedding.husband) & _elders(wedding.wife)


def _elders(key):
    near = set(parents(key) or ())
    return near | {elder for each in near for elder in parents(each) or ()}


def test_households_vary():
    """There are the unmarried, the divorced, the childless, and families with one to four children."""
    adults = [Key(0, 1975, serial) for serial in range(2000)]
    weddings = [marriage(key) for key in adults]
    assert any(wedding is None for wedding in weddings)
    assert any(wedding is not None and wedding.divorced for wedding in weddings)
    assert {len(children(key)) for key in adults} == {0, 1, 2, 3, 4}
