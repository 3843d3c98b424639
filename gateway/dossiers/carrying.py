"""An event on its way to the portal: encrypted at rest, readable by the gateway alone.

Sealed members of the log and of stored events can be opened only with the reveal key, which no gateway has. What
still has to be delivered must be read once more, so it travels under AES-256-GCM with a key derived from the purpose
key of the year. The rule: a box belongs to one client's one event, and is deleted when it was delivered.
"""

import os
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.evidence.pseudonyms import Pseudonyms
from schemas.dossiers import DossierEvent, restored_event

_NONCE_BYTES, _YEAR_BYTES = 12, 2
_BREAK = b"\n"  # canonical JSON holds none
_PURPOSE = "lienthong carrying key v1"


class CarriedError(Exception):
    """A box does not open: another key, another event, or it was altered."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a box holds: the event and, where it came in the portal's own dialect, the message it was read from."""

    event: DossierEvent
    original: bytes | None


class Carrier:
    """Packs and unpacks events with the keys of all live years."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._cipher = lru_cache(maxsize=8)(self._derived)

    def pack(self, client: str, event_id: str, canonical: bytes, year: int, original: bytes | None = None) -> bytes:
        """Return the box of an event, under the key that serves `year`.

        `canonical` is what `canonical_event` wrote of it; `original` is JSON on one line.
        """
        year, nonce = self._pseudonyms.year(year), os.urandom(_NONCE_BYTES)
        plain = canonical if original is None else canonical + _BREAK + original
        box = self._cipher(year).encrypt(nonce, plain, _bound_to(client, event_id))
        return year.to_bytes(_YEAR_BYTES, "big") + nonce + box

    def unpack(self, client: str, event_id: str, box: bytes) -> DossierEvent:
        """Return the event of a box. Raises `CarriedError`."""
        return self.open(client, event_id, box).event

    def open(self, client: str, event_id: str, box: bytes) -> Parcel:
        """Return what a box holds. Raises `CarriedError`."""
        year, nonce = int.from_bytes(box[:_YEAR_BYTES], "big"), box[_YEAR_BYTES : _YEAR_BYTES + _NONCE_BYTES]
        try:
            plain = self._cipher(year).decrypt(nonce, box[_YEAR_BYTES + _NONCE_BYTES :], _bound_to(client, event_id))
        except (InvalidTag, KeyError, ValueError):
            raise CarriedError("a carried event does not open") from None
        members, _, original = plain.partition(_BREAK)
        return Parcel(restored_event(members), original or None)

    def _derived(self, year: int) -> AESGCM:
        return AESGCM(self._pseudonyms.of(year, _PURPOSE, ""))


def _bound_to(client: str, event_id: str) -> bytes:
    return f"{client}\0{event_id}".encode()
