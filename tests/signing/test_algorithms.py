"""The four algorithms: what verifies, and what looks like it."""

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from hashlib import sha512

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from signing.edwards import P, decompress
from signing.errors import SignatureError
from signing.keys import Algorithm, VerificationKey

ALGORITHMS = list(Algorithm)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_verifies_with_its_key_alone(algorithm, signing_keys):
    """Sign and verify in every algorithm; other data and changed signatures fail as invalid."""
    key = signing_keys[algorithm]
    signature = key.sign(b"data")
    public = VerificationKey.from_pem(key.public_key().to_pem(), "k", algorithm)
    public.verify(signature, b"data")
    for bad, data in (
        (signature, b"other"),
        (bytes(len(signature)), b"data"),
        (signature[:-1], b"data"),
        (signature + b"\0", b"data"),
        (b"", b"data"),
        (signature[:9] + bytes([signature[9] ^ 1]) + signature[10:], b"data"),
    ):
        with pytest.raises(SignatureError) as caught:
            public.verify(bad, data)
        assert caught.value.code == "invalid"


def test_ecdsa_is_64_octets_and_der_is_refused(signing_keys):
    """A P-256 signature is r‖s; the DER form of the same signature does not verify."""
    key = signing_keys["ecdsa-p256-sha256"]
    signature = key.sign(b"data")
    assert len(signature) == 64
    der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    assert decode_dss_signature(der)
    with pytest.raises(SignatureError):
        key.public_key().verify(der, b"data")


def test_an_ed25519_signature_with_a_large_s_is_refused(key):
    """S + L instead of S, the malleable twin of RFC 8032 section 8.4, does not verify."""
    order = 2**252 + 27742317777372353535851937790883648493
    signature = key.sign(b"data")
    twin = signature[:32] + (int.from_bytes(signature[32:], "little") + order).to_bytes(32, "little")
    with pytest.raises(SignatureError):
        key.public_key().verify(twin, b"data")


def test_ed25519_verdicts_are_those_of_another_library(key):
    """What we sign OpenSSL verifies, octet by octet the same; and what OpenSSL refuses we refuse."""
    other = key.private
    for data in (b"", b"data", bytes(5000)):
        assert key.sign(data) == other.sign(data)
        key.public_key().verify(other.sign(data), data)


def test_an_ed25519_signature_beside_the_prime_order_group_is_refused(key):
    """R plus a point of order eight passes only where the cofactor is multiplied out: both libraries refuse it."""
    octets = key.private.private_bytes_raw()
    digest = sha512(octets).digest()
    secret = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    public = key.private.public_key()
    for torsion, passes in (((0, 1), True), (_order_eight(), False)):
        r = _encode(_add(_times(4242, _BASE), torsion))
        hashed = int.from_bytes(sha512(r + public.public_bytes_raw() + b"data").digest(), "little")
        signature = r + ((4242 + hashed * secret) % _ORDER).to_bytes(32, "little")
        refused = nullcontext() if passes else pytest.raises(SignatureError)
        with refused:
            key.public_key().verify(signature, b"data")
        with nullcontext() if passes else pytest.raises(InvalidSignature):
            public.verify(signature, b"data")


_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, P) % P
_BASE = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def _add(one, other):
    """Add two points (RFC 8032 section 5.1.4, affine)."""
    (x1, y1), (x2, y2) = one, other
    k = _D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def _times(number, point):
    """Multiply a point."""
    total = (0, 1)
    for bit in f"{number:b}":
        total = _add(total, total)
        if bit == "1":
            total = _add(total, point)
    return total


def _order_eight():
    """Return a point of order eight: a point's part outside the group of prime order."""
    for y in range(2, 100):
        point = decompress(y.to_bytes(32, "little"))
        torsion = _times(_ORDER, point) if point else (0, 1)
        if _times(4, torsion) != (0, 1):
            return torsion
    raise AssertionError


def _encode(point):
    """Encode a point (RFC 8032 section 5.1.2)."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")
