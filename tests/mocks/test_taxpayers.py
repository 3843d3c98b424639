"""What the tax registry knows is consistent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.vn import mst

from mocks.numbers import AS_OF, SERIALS, Key, personal_id
from mocks.people import age, death
from mocks.taxpayers import FIXED, obligations, tax_code, taxpayer

KEYS = st.builds(Key, st.integers(0, 1), st.integers(1900, AS_OF.year), st.integers(0, SERIALS - 1))


def test_the_fixed_codes_carry_right_check_digits():
    """The five bodies are the ones set aside for samples, and pass the official check."""
    assert set(FIXED) == {"9999999002", "9999999027", "9999999034", "9999999041", "9999999059"}
    assert all(mst.is_valid(code) for code in FIXED)


@given(KEYS)
def test_a_persons_code_is_the_personal_number(key):
    """Registered adults are found by their number; minors are not registered."""
    code = tax_code(key)
    found = taxpayer(personal_id(key))
    if code is None:
        assert found is None
        return
    assert found is not None
    assert code == found.code == found.owner == personal_id(key)
    assert age(key) >= 18
    assert death(key) is None or found.state == "01"


def test_one_adult_in_ten_is_not_registered():
    """The share of registered adults is about nine in ten."""
    known = [tax_code(Key(0, 1980, serial)) is not None for serial in range(1000, 6000)]
    assert 0.86 < sum(known) / len(known) < 0.93


def test_debts_have_whole_amounts():
    """Seven in ten owe nothing; what is owed is a positive amount under a code of the debtor."""
    payers = [payer for serial in range(3000) if (payer := taxpayer(f"099085{serial:06d}")) is not None]
    owed = [obligations(payer) for payer in payers]
    assert 0.65 < owed.count([]) / len(owed) < 0.75
    for payer, debts in zip(payers, owed, strict=True):
        assert all(debt.amount > 0 and debt.code == payer.code and debt.decided <= AS_OF for debt in debts)
    assert obligations(FIXED["9999999002"]) == []
    assert len(obligations(FIXED["9999999027"])) == 2


@pytest.mark.parametrize("identifier", ["9999999999", "0991910000", "099191900001", "9999999002-001", "", "x"])
def test_others_are_unknown(identifier):
    """Any other code belongs to nobody."""
    assert taxpayer(identifier) is None
