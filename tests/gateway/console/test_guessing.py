"""How long a log-in waits."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.console.guessing import FREE_FOR_ACCOUNT, LONGEST, account_key, address_key, wait


def test_the_first_failures_cost_nothing_then_waiting_doubles():
    """Two free, then 2, 4, 8 seconds, at most 15 minutes."""
    waits = [wait(failed, FREE_FOR_ACCOUNT).total_seconds() for failed in range(1, 7)]
    assert waits == [0, 0, 2, 4, 8, 16]
    assert wait(1000, FREE_FOR_ACCOUNT) == LONGEST


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_waiting_never_shrinks_with_failures(failed, free):
    """More failures never mean a shorter wait, and never a negative one."""
    assert timedelta() <= wait(failed, free) <= wait(failed + 1, free) <= LONGEST


def test_keys_tell_accounts_and_addresses_apart():
    """An account is counted by address: failures from elsewhere are another's."""
    keys = {account_key("a", "1"), account_key("a", "2"), account_key("b", "1"), address_key("1"), address_key("a")}
    assert len(keys) == 5
