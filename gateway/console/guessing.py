"""How long a log-in has to wait after failures (THREATS F39). Pure.

The rule: waiting grows with failures of an account from an address, and of an address whatever the account; an account
as such is never slowed, so that nobody can lock another out. What is left to a guesser with many addresses is a
12-character password and a code that changes every 30 seconds.
"""

from datetime import timedelta
from hashlib import sha256

FREE_FOR_ACCOUNT, FREE_FOR_ADDRESS = 3, 12
LONGEST = timedelta(minutes=15)


def account_key(login: str, address: str) -> bytes:
    """Return under what failures of an account from an address are counted."""
    return sha256(f"account\0{login}\0{address}".encode()).digest()


def address_key(address: str) -> bytes:
    """Return under what failures from an address are counted."""
    return sha256(f"address\0{address}".encode()).digest()


def wait(failed: int, free: int) -> timedelta:
    """Return how long to wait after so many failures in a row, of which `free` cost nothing: 2, 4, 8 … seconds."""
    if failed < free:
        return timedelta()
    return min(timedelta(seconds=2 ** min(failed - free + 1, 30)), LONGEST)
