"""JSON Web Keys: round trips, foreign keys, broken ones."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.errors import KeyFormatError
from signing.keys import Algorithm, VerificationKey, jwks, parse_jwks

ALGORITHMS = list(Algorithm)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


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
