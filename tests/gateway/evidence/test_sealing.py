"""Sealed fields open for the reveal key alone, in their own entry alone."""

from base64 import b64encode

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.evidence.sealing import MinuteSealer, UnsealError, associated_data, seal, sealed_key_id, unseal

REVEAL = X25519PrivateKey.generate()
PLAIN = b'{"officer":{"name":"Tr\xe1\xba\xa7n V\xc4\x83n C\xc3\xa1n"}}'


def sealed_leaf(kind: str = "asked") -> tuple[bytes, bytes]:
    """Seal PLAIN in an entry; return the leaf and the wrapped key."""
    key = MinuteSealer(REVEAL.public_key()).data_key(0.0)
    box = seal(key, PLAIN, associated_data("o/2026/0", "id-1", "asked"))
    return orjson.dumps({"id": "id-1", "kind": kind, "sealed": box}), key.wrapped


def test_what_was_sealed_opens():
    """The holder of the reveal key reads exactly what was sealed."""
    leaf, wrapped = sealed_leaf()
    assert unseal(leaf, "o/2026/0", wrapped, REVEAL) == orjson.loads(PLAIN)
    assert b"officer" not in leaf


def test_a_seal_stays_in_its_entry():
    """In another log, another kind of entry or under another id a seal does not open."""
    leaf, wrapped = sealed_leaf()
    for moved, origin in (
        (leaf, "o/2026/1"),
        (sealed_leaf("answered")[0], "o/2026/0"),
        (leaf.replace(b"id-1", b"id-2"), "o/2026/0"),
    ):
        with pytest.raises(UnsealError):
            unseal(moved, origin, wrapped, REVEAL)


def test_another_key_opens_nothing():
    """A wrong reveal key, another minute's key and a destroyed one are one and the same error."""
    leaf, wrapped = sealed_leaf()
    for reveal, key in ((X25519PrivateKey.generate(), wrapped), (REVEAL, sealed_leaf()[1]), (REVEAL, b"")):
        with pytest.raises(UnsealError):
            unseal(leaf, "o/2026/0", key, reveal)


def test_an_entry_without_sealed_fields_says_so():
    """Nothing sealed, nothing to open."""
    with pytest.raises(UnsealError, match="nothing is sealed"):
        unseal(b'{"id":"x","kind":"asked"}', "o", b"", REVEAL)
    assert sealed_key_id(b'{"id":"x"}') is None


def test_data_keys_live_a_minute():
    """One key serves a minute, whichever way the clock goes, and is never shown."""
    sealer = MinuteSealer(REVEAL.public_key())
    key = sealer.data_key(1000.0)
    assert sealer.data_key(1059.9) is key
    fresh = sealer.data_key(1060.0)
    assert fresh.key_id != key.key_id
    assert sealer.data_key(900.0) is not fresh
    assert b64encode(key.wrapped).decode() not in repr(key)


def test_no_nonce_comes_twice():
    """A thousand seals under one key have a thousand nonces."""
    key = MinuteSealer(REVEAL.public_key()).data_key(0.0)
    assert len({seal(key, PLAIN, b"")["n"] for _ in range(1000)}) == 1000
