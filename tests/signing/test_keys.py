"""Keys: reading, refusing, validity, JSON Web Keys, and signing in all four algorithms."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.errors import KeyFormatError, SignatureError
from signing.keys import Algorithm, SigningKey, VerificationKey, jwks, parse_jwks

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


def test_a_jwk_set_gives_the_keys_back(signing_keys):
    """kid, alg and key survive; no private member is published."""
    public = [key.public_key() for key in signing_keys.values()]
    document = jwks(public)
    assert not {"d", "p", "q", "k"} & {member for entry in document["keys"] for member in entry}
    again = parse_jwks(document)
    for key in signing_keys.values():
        assert again[key.keyid].algorithm == key.algorithm
        again[key.keyid].verify(key.sign(b"x"), b"x")


def test_foreign_keys_of_a_jwk_set_are_passed_over(key):
    """Keys of other kinds and uses are no reason to refuse the set (RFC 7517 section 5)."""
    document = jwks([key.public_key()])
    document["keys"] += [{"kty": "oct", "kid": "x", "k": "AA"}, {**document["keys"][0], "kid": "enc", "use": "enc"}]
    assert list(parse_jwks(document)) == [key.keyid]


@pytest.mark.parametrize(
    "change",
    [
        {"x": "AA"},
        {"x": 5},
        {"x": "=="},
        {"x": "?" * 43},
        {"crv": "X25519"},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": ["EdDSA"]},
        {"alg": "ES256"},
        {"kid": None},
        {"d": "AA"},
    ],
    ids=str,
)
def test_broken_jwks_are_refused(change, key):
    """Wrong members, foreign algorithms and private keys: KeyFormatError."""
    (entry,) = jwks([key.public_key()])["keys"]
    with pytest.raises(KeyFormatError):
        parse_jwks({"keys": [{**entry, **change}]})


@pytest.mark.parametrize("change", [{"y": "AA"}, {"x": "A" * 43}, {"crv": "P-384"}], ids=str)
def test_broken_elliptic_jwks_are_refused(change, signing_keys):
    """Coordinates of the wrong length or off the curve: KeyFormatError."""
    (entry,) = jwks([signing_keys["ecdsa-p256-sha256"].public_key()])["keys"]
    with pytest.raises(KeyFormatError):
        parse_jwks({"keys": [{**entry, **change}]})


def test_one_name_stands_for_one_key(key):
    """Two keys with one kid are refused."""
    document = jwks([key.public_key(), key.public_key()])
    with pytest.raises(KeyFormatError):
        parse_jwks(document)


def test_a_registered_name_and_algorithm_win_over_the_jwks(signing_keys):
    """from_jwk takes the name it is given; an alg that differs from the registered one is refused."""
    (entry,) = jwks([signing_keys["rsa-v1_5-sha256"].public_key()])["keys"]
    assert VerificationKey.from_jwk(entry, "mine").keyid == "mine"
    with pytest.raises(KeyFormatError):
        VerificationKey.from_jwk(entry, "mine", "rsa-pss-sha512")
    del entry["alg"]
    assert VerificationKey.from_jwk(entry, "mine", "rsa-v1_5-sha256").algorithm is Algorithm.RSA_V1_5_SHA256


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["keys", "kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


@given(_JSON, st.sampled_from(["OKP", "EC", "RSA"]), st.sampled_from(["Ed25519", "P-256", None]))
@settings(max_examples=100, deadline=None)
def test_jwk_sets_raise_nothing_but_key_format_error(value, kind, curve):
    """Whatever JSON stands there, keys or a KeyFormatError come out."""
    entry = {"kty": kind, "crv": curve, "kid": "k", **(value if isinstance(value, dict) else {"x": value, "n": value})}
    for document in (value, {"keys": value}, {"keys": [entry]}):
        with suppress(KeyFormatError):
            assert all(isinstance(key, VerificationKey) for key in parse_jwks(document).values())
