"""Pseudonyms: one person, one name a year; keys of counters by day."""

import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.contract import Nonce, Reservation
from gateway.evidence.pseudonyms import OFFICER, Pseudonyms, day_bytes, nonce_key, quota_key

KEYS = {2025: b"a" * 32, 2026: b"b" * 32}
LATE = datetime(2026, 11, 21, 16, 59, 59, tzinfo=UTC).timestamp()


@given(st.binary(min_size=1, max_size=100), st.text(max_size=40))
def test_a_pseudonym_is_hmac_sha_256(key: bytes, identifier: str):
    """HMAC-SHA-256(key, id_type ‖ 0 ‖ id), as any library computes it."""
    text = f"old_id_card\0{identifier}".encode("utf-8", "surrogatepass")
    if "\ud800" <= max(identifier, default="") <= "\udfff":
        return
    assert Pseudonyms({2026: key}).of(2026, "old_id_card", identifier) == hmac.digest(key, text, "sha256")


def test_a_twelve_digit_tax_code_is_the_person():
    """A person is found under the personal number, however the tax registry was asked."""
    names = Pseudonyms(KEYS)
    assert names.of(2026, "tax_code", "099191000001") == names.of(2026, "personal_id", "099191000001")
    assert names.of(2026, "tax_code", "9999999002") != names.of(2026, "personal_id", "9999999002")


def test_officers_and_citizens_do_not_meet():
    """The same number as officer and as citizen gives unlike pseudonyms."""
    names = Pseudonyms(KEYS)
    assert names.of(2026, OFFICER, "099085000009") != names.of(2026, "personal_id", "099085000009")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "::ffff:192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8::7", "2001:0db8:0:0:ffff::1", True),
        ("2001:db8::7", "2001:db8:0:1::7", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_an_address_is_a_host_or_an_ipv6_subnet(one, other, same):
    """However it is written; a host may change the lower half of its IPv6 address at will."""
    names = Pseudonyms(KEYS)
    assert (names.of_address(2026, one) == names.of_address(2026, other)) is same
    assert names.of_address(2026, one) != names.of_address(2025, one)


def test_what_is_no_address_has_no_pseudonym():
    """A connection without an address (a Unix socket), or a word, is nobody's."""
    names = Pseudonyms(KEYS)
    assert [names.of_address(2026, text) for text in ("", "*", "proxy", "192.0.2.7/24")] == [b""] * 4


def test_years_have_names_of_their_own_and_a_search_covers_them_all():
    """Pseudonyms change with the year's key; a search looks for all of them, the newest first."""
    names = Pseudonyms(KEYS)
    both = names.everywhere("personal_id", "099191000001")
    assert both == [names.of(year, "personal_id", "099191000001") for year in (2026, 2025)]
    assert both[0] != both[1]


def test_a_year_without_a_key_uses_the_newest_before_it():
    """A new year whose key is late does not stop the log; the oldest key serves what is older."""
    names = Pseudonyms(KEYS)
    assert [names.year(year) for year in (2024, 2025, 2026, 2030)] == [2025, 2025, 2026, 2026]


def test_no_keys_are_refused():
    """Without a key nobody could ever be found."""
    with pytest.raises(ValueError, match="no pseudonym key"):
        Pseudonyms({})


def test_days_are_days_of_viet_nam():
    """Counters turn over at midnight in Asia/Ho_Chi_Minh, and their keys sort by day."""
    assert day_bytes(LATE) < day_bytes(LATE + 1)
    assert day_bytes(LATE - 86_399) == day_bytes(LATE)


def test_counters_of_different_things_have_different_keys():
    """Client, person, row and day each make a key of their own."""
    names, base = Pseudonyms(KEYS), Reservation("c", "q", 5, ("personal_id", "1"))
    others = [
        Reservation("d", "q", 5, ("personal_id", "1")),
        Reservation("c", "r", 5, ("personal_id", "2")),
    ]
    for other in others:
        assert names.guess_key(other, 2026, LATE) != names.guess_key(base, 2026, LATE)
        assert quota_key(other, LATE) != quota_key(base, LATE)
    assert quota_key(base, LATE) != quota_key(base, LATE + 1)
    assert nonce_key(Nonce("a", "b" * 16, 1)) != nonce_key(Nonce("ab", "b" * 15, 1))
