"""The four algorithms: what verifies, and what looks like it."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

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
