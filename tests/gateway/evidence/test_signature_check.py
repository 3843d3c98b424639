"""A stored signature, checked again component by component."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from gateway.evidence.signature_check import answer_holds, check_again
from signing.keys import SigningKey

AT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CREATED = int(AT.timestamp())
BASE = (
    '"@method": POST\n'
    '"@target-uri": https://gateway.example/v1/lookups/population/person?q=099191000001\n'
    '"content-digest": sha-256=:abc=:\n'
    '"content-type": application/json\n'
    '"x-anything": 099191000001\n'
    f'"@signature-params": ("@method" "@target-uri" "content-digest" "content-type" "x-anything");created={CREATED};'
    'nonce="0123456789abcdef";keyid="H99.igate-1";alg="ed25519"'
)


@pytest.fixture(scope="module")
def key():
    """Make a caller's key."""
    return SigningKey.generate("ed25519", "H99.igate-1")


@pytest.fixture(scope="module")
def sealed(key):
    """Return what an entry seals of a request."""
    return {"signature_base": BASE, "signature": key.sign(BASE.encode()).hex(), "algorithm": "ed25519"}


def test_a_signature_is_shown_component_by_component(key, sealed):
    """Method, target without query and type are shown; digests and unknown headers are kept back, as is the nonce."""
    found = check_again(sealed, key.public_key(), AT)
    assert [(line.component, line.value) for line in found.lines] == [
        ("@method", "POST"),
        ("@target-uri", "https://gateway.example/v1/lookups/population/person"),
        ("content-digest", None),
        ("content-type", "application/json"),
        ("x-anything", None),
    ]
    assert found.parameters == (("created", str(CREATED)), ("keyid", "H99.igate-1"), ("alg", "ed25519"))
    assert (found.signature_holds, found.key_in_force, found.in_window) == (True, True, True)
    assert "099191000001" not in repr(found)


def test_what_was_altered_does_not_hold(key, sealed):
    """Another base, another signature, another key or none: the signature is not valid."""
    other = SigningKey.generate("ed25519", "H99.igate-1").public_key()
    altered = {**sealed, "signature_base": BASE.replace("POST", "PUT")}
    for proof, known in (
        (altered, key.public_key()),
        ({**sealed, "signature": "00"}, key.public_key()),
        (sealed, other),
    ):
        assert not check_again(proof, known, AT).signature_holds
    without = check_again(sealed, None, AT)
    assert (without.signature_holds, without.key_in_force) == (False, False)
    assert not check_again({**sealed, "signature": "no hex"}, key.public_key(), AT).signature_holds


def test_time_is_held_against_the_receipt(key, sealed):
    """A signature long before or after its receipt lies outside the window."""
    for late in (timedelta(minutes=6), timedelta(minutes=-2)):
        assert not check_again(sealed, key.public_key(), AT + late).in_window


def test_an_entry_without_a_proof_shows_none(key):
    """What seals no signature has nothing to check."""
    assert check_again({"officer": {"id": "x"}}, key.public_key(), AT) is None


def test_an_answer_is_held_against_its_commitment():
    """Digest and salt make the commitment that stands in clear, or do not."""
    digest, salt = sha256(b"{}").digest(), b"s" * 16
    opened, leaf = {"body_digest": digest.hex(), "salt": salt.hex()}, {"kind": "answered"}
    assert answer_holds(leaf, opened, sha256(salt + digest).digest())
    assert not answer_holds(leaf, opened, b"c" * 32)
    assert not answer_holds(leaf, {}, sha256(salt + digest).digest())
    assert not answer_holds({"kind": "asked"}, opened, sha256(salt + digest).digest())
