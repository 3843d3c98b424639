"""Pseudonyms under which people are found in the log, and the keys of their counters (DESIGN section 3).

HMAC-SHA-256(purpose key of the year, id_type ‖ 0 ‖ canonical id). The rule: one person has one pseudonym a
year, whichever identifier named the same number: a 12-digit tax code is a personal number. Officers have a
name space of their own, so that nobody can tell from the log that an officer was also looked up.
"""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv6Address

from gateway.addresses import address_of
from gateway.evidence.contract import Nonce, Reservation
from schemas.identifiers import person_key
from signing.digest import digest_of

OFFICER = "officer"
_SUBNET_BITS, _MARK_DIGITS = 64, 8
_DAY_S, _LOCAL_S, _KEY_BYTES, _BLOCK = 86_400, 7 * 3600, 16, 64
_REMEMBERED = 1024
"""Codes kept in memory: an answer names the people of its question again, an officer asks more than once."""


class _Hmac:
    """HMAC-SHA-256 (RFC 2104) with the key's two blocks hashed once: a third of `hmac.digest`'s time."""

    def __init__(self, key: bytes) -> None:
        block = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner, self._outer = sha256(bytes(b ^ 0x36 for b in block)), sha256(bytes(b ^ 0x5C for b in block))

    def digest(self, text: bytes) -> bytes:
        """Return the 32-byte code of a text."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.digest()


class Pseudonyms:
    """The purpose keys of all live years."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        if not keys:
            raise ValueError("no pseudonym key: nobody could ever be found in the log")
        self._keys = {year: _Hmac(key) for year, key in keys.items()}
        self._years = sorted(self._keys)
        self._digest = lru_cache(maxsize=_REMEMBERED)(self._digested)
        self._of = lru_cache(maxsize=_REMEMBERED)(self._derived)

    def year(self, year: int) -> int:
        """Return the year whose key serves `year`: its own, else the newest before it, else the oldest."""
        if year in self._keys:
            return year
        return max((known for known in self._years if known < year), default=self._years[0])

    def of(self, year: int, id_type: str, identifier: str) -> bytes:
        """Return the 32-byte pseudonym of a person or, with `OFFICER`, of an officer. `year` as from `year()`."""
        return self._of(year, id_type, identifier)

    def of_address(self, year: int, address: str) -> bytes:
        """Return the 32-byte pseudonym of a network address, no byte where it is none. `year` as from `year()`.

        Of IPv6 the subnet alone counts (RFC 4291 section 2.5.4): a host changes the rest at will (RFC 8981).
        """
        network = _network(address)
        return self._digest(year, f"address\0{network}") if network else b""

    def digest(self, year: int, purpose: str, text: bytes) -> bytes:
        """Return the 32-byte keyed hash of a text, which is not remembered. `year` as from `year()`."""
        return self._keys[year].digest(purpose.encode() + b"\0" + text)

    def everywhere(self, id_type: str, identifier: str) -> list[bytes]:
        """Return the pseudonyms of all live years, newest first: what a search has to look for."""
        return [self.of(year, id_type, identifier) for year in reversed(self._years)]

    def guess_key(self, reservation: Reservation, year: int, unix_s: float) -> bytes:
        """Return the key of the guess counter of (client, person) on the local day of `unix_s`."""
        id_type, identifier = person_key(*reservation.subject)
        text = f"guess\0{reservation.client}\0{id_type}\0{identifier}"
        return day_bytes(unix_s) + self._digest(year, text)[:_KEY_BYTES]

    def _derived(self, year: int, id_type: str, identifier: str) -> bytes:
        id_type, identifier = person_key(id_type, identifier)
        return self._digested(year, f"{id_type}\0{identifier}")

    def _digested(self, year: int, text: str) -> bytes:
        return self._keys[year].digest(text.encode())


@lru_cache(maxsize=_REMEMBERED)
def _network(address: str) -> str | None:
    parsed = address_of(address)
    if isinstance(parsed, IPv6Address):
        parsed = IPv6Address(int(parsed) >> _SUBNET_BITS << _SUBNET_BITS)
    return str(parsed) if parsed else None


def address_mark(pseudonym: bytes) -> str:
    """Return the word by which people tell network addresses apart: the first eight hexadecimal digits."""
    return pseudonym.hex()[:_MARK_DIGITS]


def day_bytes(unix_s: float) -> bytes:
    """Return the day of Asia/Ho_Chi_Minh (no daylight saving since 1975) as four sortable bytes."""
    return int((unix_s + _LOCAL_S) // _DAY_S).to_bytes(4, "big")


def quota_key(reservation: Reservation, unix_s: float) -> bytes:
    """Return the key of a grant row's quota on the local day of `unix_s`."""
    return day_bytes(unix_s) + _quota_digest(reservation.client, reservation.quota_key)


@lru_cache(maxsize=256)
def _quota_digest(client: str, quota_key: str) -> bytes:
    return sha256(f"quota\0{client}\0{quota_key}".encode()).digest()[:_KEY_BYTES]


def nonce_key(nonce: Nonce) -> bytes:
    """Return under what a client's nonce is remembered."""
    return digest_of(f"{nonce.client}\0{nonce.value}".encode())[:_KEY_BYTES]
