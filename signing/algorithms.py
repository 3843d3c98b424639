"""The four algorithms of RFC 9421 section 3.3 that PROTOCOL section 1 allows, over keys of the cryptography library.

The rule kept here: a key that is weak, malformed or does not fit its algorithm is refused before it is ever used.
Ed25519 itself is libsodium's: half the time of OpenSSL's, the same verdicts (docs/decisions/008-ed25519.md).
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError

from signing.edwards import is_sound
from signing.errors import KeyFormatError, SignatureError

PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey
PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

MIN_RSA_BITS = 2048
_MAX_RSA_BITS = 8192
_HALF = 32
"""Octets of r, and of s, in a P-256 signature."""
_FIXED_LENGTH = 64
_ECDSA = ec.ECDSA(hashes.SHA256())
_PSS = padding.PSS(padding.MGF1(hashes.SHA512()), salt_length=64)
_V1_5 = padding.PKCS1v15()


class Algorithm(StrEnum):
    """The allow-list, by the names of the IANA registry "HTTP Signature Algorithms"."""

    ED25519 = "ed25519"
    ECDSA_P256_SHA256 = "ecdsa-p256-sha256"
    RSA_PSS_SHA512 = "rsa-pss-sha512"
    RSA_V1_5_SHA256 = "rsa-v1_5-sha256"


def _check_rsa(key: rsa.RSAPublicKey) -> None:
    if not MIN_RSA_BITS <= key.key_size <= _MAX_RSA_BITS:
        raise KeyFormatError(f"an RSA key must have {MIN_RSA_BITS} to {_MAX_RSA_BITS} bits")


def check_fit(public: object, algorithm: Algorithm) -> None:
    """Refuse a public key that is weak or not of the algorithm's kind."""
    if algorithm is Algorithm.ED25519 and isinstance(public, ed25519.Ed25519PublicKey):
        if not is_sound(public.public_bytes_raw()):
            raise KeyFormatError("the Ed25519 key is malformed or of small order")
    elif algorithm is Algorithm.ECDSA_P256_SHA256 and isinstance(public, ec.EllipticCurvePublicKey):
        if not isinstance(public.curve, ec.SECP256R1):
            raise KeyFormatError("the elliptic curve is not P-256")
    elif algorithm.startswith("rsa-") and isinstance(public, rsa.RSAPublicKey):
        _check_rsa(public)
    else:
        raise KeyFormatError(f"the key does not fit the algorithm {algorithm}")


def algorithm_for(public: object, wanted: Algorithm | str | None) -> Algorithm:
    """Return the algorithm named, or the key's natural one (RSA: rsa-pss-sha512)."""
    if wanted is not None:
        try:
            return Algorithm(wanted)
        except ValueError as error:
            raise KeyFormatError("the algorithm is not one of the four that are allowed") from error
    if isinstance(public, ed25519.Ed25519PublicKey):
        return Algorithm.ED25519
    return Algorithm.RSA_PSS_SHA512 if isinstance(public, rsa.RSAPublicKey) else Algorithm.ECDSA_P256_SHA256


_REFUSED_BY_LIBRARY = (ValueError, TypeError, UnsupportedAlgorithm)


Check = Callable[[bytes, bytes], None]
"""Holds a signature against data. Raises `InvalidSignature` or what the libraries refuse with."""
Make = Callable[[bytes], bytes]
"""Makes the signature over data; ECDSA as r‖s, 64 octets."""


def checker(public: PublicKey, algorithm: Algorithm) -> Check:
    """Return the one place where a signature meets this key."""
    if isinstance(public, ed25519.Ed25519PublicKey):
        return _ed25519_checker(public)
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _ecdsa_checker(public)
    if algorithm is Algorithm.RSA_PSS_SHA512:
        return lambda signature, data: public.verify(signature, data, _PSS, hashes.SHA512())
    return lambda signature, data: public.verify(signature, data, _V1_5, hashes.SHA256())


def _ed25519_checker(public: ed25519.Ed25519PublicKey) -> Check:
    octets = public.public_bytes_raw()

    def check(signature: bytes, data: bytes) -> None:
        if len(signature) != _FIXED_LENGTH:  # the library takes both as one text: they must not run into each other
            raise InvalidSignature
        crypto_sign_open(signature + data, octets)

    return check


def _ecdsa_checker(public: ec.EllipticCurvePublicKey) -> Check:
    def check(signature: bytes, data: bytes) -> None:
        if len(signature) != _FIXED_LENGTH:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:_HALF], "big"), int.from_bytes(signature[_HALF:], "big")
        public.verify(encode_dss_signature(r, s), data, _ECDSA)

    return check


def verify(check: Check, signature: bytes, data: bytes) -> None:
    """Verify `signature` over `data`; ECDSA as r‖s, 64 octets. Raises `SignatureError` (`invalid`)."""
    try:
        check(signature, data)
    except (InvalidSignature, CryptoError, *_REFUSED_BY_LIBRARY) as error:
        raise SignatureError("invalid", "the signature does not verify") from error


def maker(private: PrivateKey, algorithm: Algorithm) -> Make:
    """Return what signs with this key."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        _, secret = crypto_sign_seed_keypair(private.private_bytes_raw())
        return lambda data: crypto_sign(data, secret)[:_FIXED_LENGTH]
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return lambda data: _ecdsa_signature(private, data)
    if algorithm is Algorithm.RSA_PSS_SHA512:
        return lambda data: private.sign(data, _PSS, hashes.SHA512())
    return lambda data: private.sign(data, _V1_5, hashes.SHA256())


def _ecdsa_signature(private: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    r, s = decode_dss_signature(private.sign(data, _ECDSA))
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


def generate_private(algorithm: Algorithm) -> PrivateKey:
    """Return a fresh key from the operating system's randomness (RSA: 2048 bits)."""
    if algorithm is Algorithm.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if algorithm is Algorithm.ECDSA_P256_SHA256:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=MIN_RSA_BITS)


def public_from_pem(pem: bytes | str) -> Any:
    """Return a public key from PEM (SubjectPublicKeyInfo or PKCS#1), of any kind. Raises `KeyFormatError`."""
    try:
        return serialization.load_pem_public_key(_octets(pem))
    except _REFUSED_BY_LIBRARY as error:
        raise KeyFormatError("this is no PEM public key") from error


def private_from_pem(pem: bytes | str) -> PrivateKey:
    """Return a private key from unencrypted PEM. Raises `KeyFormatError`."""
    try:
        private = serialization.load_pem_private_key(_octets(pem), password=None)
    except _REFUSED_BY_LIBRARY as error:
        raise KeyFormatError("this is no unencrypted PEM private key") from error
    if not isinstance(private, PrivateKey):
        raise KeyFormatError("the key is not Ed25519, P-256 or RSA")
    return private


def _octets(pem: bytes | str) -> bytes:
    return pem.encode() if isinstance(pem, str) else pem
