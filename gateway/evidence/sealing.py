"""Sealed fields: what only the holder of the reveal key can read (DESIGN section 3, *Privacy*).

AES-256-GCM, one seal per entry; the data key is fresh for every worker and minute and stored wrapped by HPKE
(RFC 9180, base mode: X25519, HKDF-SHA256, AES-256-GCM) to the reveal key. The rule: a seal is bound to its
format version, log, entry id and kind, so it cannot be moved to another entry; deleting a wrapped key
makes its minute unreadable for good, while the log still verifies.
"""

import os
from base64 import b64decode, b64encode
from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

VERSION = 1
KEY_LIFE_S = 60.0
_SUITE = (KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"lienthong sealing key v1\0"
_KEY_ID_BYTES, _NONCE_BYTES = 16, 12


class UnsealError(Exception):
    """A sealed part cannot be opened: wrong key, destroyed key, or it was tampered with."""


@dataclass(frozen=True, slots=True, repr=False)
class DataKey:
    """A data key in use. Only `key_id` and `wrapped` leave the process."""

    key_id: bytes
    wrapped: bytes
    text: str
    """The id as leaves name it."""
    cipher: AESGCM
    born_s: float


class Sealer(Protocol):
    """What seals entries; an HSM can stand here."""

    def data_key(self, unix_s: float) -> DataKey:
        """Return the data key for an entry of that time."""
        ...


class MinuteSealer:
    """Seals in this process with a data key that it changes every minute."""

    def __init__(self, reveal: X25519PublicKey) -> None:
        self._reveal = reveal
        self._current: DataKey | None = None

    def data_key(self, unix_s: float) -> DataKey:
        """Return the minute's data key, made on first use."""
        if self._current is None or abs(unix_s - self._current.born_s) >= KEY_LIFE_S:
            self._current = _fresh_key(self._reveal, unix_s)
        return self._current


def _fresh_key(reveal: X25519PublicKey, unix_s: float) -> DataKey:
    key_id, key = os.urandom(_KEY_ID_BYTES), os.urandom(32)
    wrapped = Suite(*_SUITE).encrypt(key, reveal, info=_INFO + key_id)
    return DataKey(key_id, wrapped, b64encode(key_id).decode(), AESGCM(key), unix_s)


def associated_data(origin: str, entry_id: str, kind: str) -> bytes:
    """Return what a seal is bound to."""
    return f"lienthong/{VERSION}\0{origin}\0{entry_id}\0{kind}".encode()


def seal(key: DataKey, plain: bytes, associated: bytes) -> dict[str, str]:
    """Return the leaf's `sealed` member: key id, nonce, ciphertext with its tag."""
    nonce = os.urandom(_NONCE_BYTES)
    box = key.cipher.encrypt(nonce, plain, associated)
    return {"k": key.text, "n": b2a_base64(nonce, newline=False).decode(), "c": b2a_base64(box, newline=False).decode()}


def sealed_key_id(leaf: bytes) -> bytes | None:
    """Return the id of the data key that a leaf was sealed with; None where nothing is sealed."""
    sealed = orjson.loads(leaf).get("sealed")
    return b64decode(sealed["k"]) if sealed else None


def unseal(leaf: bytes, origin: str, wrapped: bytes, reveal: X25519PrivateKey) -> Mapping[str, Any]:
    """Open a leaf's sealed part with the stored wrapped key. Raises `UnsealError`."""
    entry = orjson.loads(leaf)
    sealed = entry.get("sealed")
    if not sealed:
        raise UnsealError("nothing is sealed in this entry")
    try:
        key = Suite(*_SUITE).decrypt(wrapped, reveal, info=_INFO + b64decode(sealed["k"]))
        associated = associated_data(origin, entry["id"], entry["kind"])
        plain = AESGCM(key).decrypt(b64decode(sealed["n"]), b64decode(sealed["c"]), associated)
    except (InvalidTag, ValueError):
        raise UnsealError("the sealed part does not open: another key, or it was altered") from None
    opened: Mapping[str, Any] = orjson.loads(plain)
    return opened
