"""Keys with a name: reading, refusing, validity."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa

from signing.errors import KeyFormatError, SignatureError
from signing.keys import Algorithm, SigningKey, VerificationKey

ALGORITHMS = list(Algorithm)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_private_keys_survive_pem(algorithm, signing_keys):
    """What to_pem writes, from_pem reads; RSA stays with the algorithm it was registered for."""
    key = signing_keys[algorithm]
    again = SigningKey.from_pem(key.to_pem(), key.keyid, algorithm)
    key.public_key().verify(again.sign(b"x"), b"x")
    assert "PRIVATE" not in repr(again)


def test_an_rsa_key_is_pss_unless_registered_otherwise(signing_keys):
    """Without an algorithm an RSA key signs rsa-pss-sha512, and v1.5 signatures do not verify with it."""
    old = signing_keys["rsa-v1_5-sha256"]
    key = SigningKey.from_pem(old.to_pem(), "k")
    assert key.algorithm is Algorithm.RSA_PSS_SHA512
    with pytest.raises(SignatureError):
        key.public_key().verify(old.sign(b"x"), b"x")


def _public_pem(private) -> bytes:
    encoding, shape = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(encoding, shape)


SMALL_ORDER_PEM = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
-----END PUBLIC KEY-----
"""
WEAK = {
    "RSA of 1024 bits": lambda: _public_pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
    "P-384": lambda: _public_pem(ec.generate_private_key(ec.SECP384R1())),
    "secp256k1": lambda: _public_pem(ec.generate_private_key(ec.SECP256K1())),
    "Ed448": lambda: _public_pem(ed448.Ed448PrivateKey.generate()),
    "DSA": lambda: _public_pem(dsa.generate_private_key(2048)),
    "Ed25519 of small order": lambda: SMALL_ORDER_PEM,
    "garbage": lambda: b"-----BEGIN PUBLIC KEY-----\n????\n-----END PUBLIC KEY-----\n",
    "empty": lambda: b"",
    "text that is not ASCII": lambda: "khoá",
}


@pytest.mark.parametrize("make", WEAK.values(), ids=WEAK)
def test_weak_and_foreign_keys_cannot_be_registered(make):
    """Too short, of another curve or kind, of small order, unreadable: KeyFormatError."""
    with pytest.raises(KeyFormatError):
        VerificationKey.from_pem(make(), "k")


@pytest.mark.parametrize("algorithm", ["none", "hmac-sha256", "ecdsa-p256-sha256", "rsa-pss-sha512", "ED25519", ""])
def test_a_key_fits_one_algorithm(algorithm, key):
    """An Ed25519 key is registered for ed25519 and nothing else."""
    with pytest.raises(KeyFormatError):
        VerificationKey.from_pem(key.public_key().to_pem(), "k", algorithm)


def test_unusable_private_keys_are_refused(signing_keys):
    """An encrypted key, a public key and a weak key are no signing keys."""
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked = weak.private_bytes(encoding, shape, serialization.BestAvailableEncryption(b"x"))
    plain = weak.private_bytes(encoding, shape, serialization.NoEncryption())
    for pem in (locked, plain, signing_keys["ed25519"].public_key().to_pem(), b"x"):
        with pytest.raises(KeyFormatError):
            SigningKey.from_pem(pem, "k")


def test_validity_includes_both_ends_and_ends_at_revocation(key):
    """not_before and not_after are inside; from revoked_at on the key is not valid."""
    public = key.public_key()
    window = VerificationKey("k", public.algorithm, public.public, not_before=NOON, not_after=NOON + HOUR)
    second = timedelta(seconds=1)
    assert [window.valid_at(t) for t in (NOON - second, NOON, NOON + HOUR, NOON + HOUR + second)] == [
        False,
        True,
        True,
        False,
    ]
    revoked = VerificationKey("k", public.algorithm, public.public, revoked_at=NOON)
    assert [revoked.valid_at(t) for t in (NOON - second, NOON, NOON + second)] == [True, False, False]
    assert public.valid_at(NOON)


def test_times_need_an_offset(key):
    """A naive time says nothing."""
    with pytest.raises(KeyFormatError):
        VerificationKey.from_pem(key.public_key().to_pem(), "k", not_after=NOON.replace(tzinfo=None))
