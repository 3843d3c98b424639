"""JSON Web Keys: RFC 7517, with RFC 7518 section 6 (EC, RSA) and RFC 8037 (OKP). Public keys only.

The algorithm is read from `alg` (EdDSA or Ed25519, ES256, PS512, RS256), or from the caller; a member that would hold a
private key is a reason to refuse, so that none is ever published by mistake.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from signing.algorithms import Algorithm, PublicKey
from signing.errors import KeyFormatError

_ALG = {
    "EdDSA": Algorithm.ED25519,
    "Ed25519": Algorithm.ED25519,
    "ES256": Algorithm.ECDSA_P256_SHA256,
    "PS512": Algorithm.RSA_PSS_SHA512,
    "RS256": Algorithm.RSA_V1_5_SHA256,
}
_NAME = {
    Algorithm.ED25519: "EdDSA",
    Algorithm.ECDSA_P256_SHA256: "ES256",
    Algorithm.RSA_PSS_SHA512: "PS512",
    Algorithm.RSA_V1_5_SHA256: "RS256",
}
_PRIVATE_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "k")
KINDS = {"OKP": Algorithm.ED25519, "EC": Algorithm.ECDSA_P256_SHA256, "RSA": Algorithm.RSA_PSS_SHA512}
_COORDINATE = 32


def _encode(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _encode_number(number: int) -> str:
    return _encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _decode(jwk: Mapping[str, Any], member: str) -> bytes:
    text = jwk.get(member)
    if not isinstance(text, str) or "=" in text:
        raise KeyFormatError(f"the JWK's member {member} is missing or no base64url text")
    try:
        octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise KeyFormatError(f"the JWK's member {member} is no base64url text") from error
    if _encode(octets) != text:
        raise KeyFormatError(f"the JWK's member {member} is no base64url text")
    return octets


def _public(jwk: Mapping[str, Any]) -> PublicKey:
    kind = jwk.get("kty")
    if kind == "OKP" and jwk.get("crv") == "Ed25519":
        return ed25519.Ed25519PublicKey.from_public_bytes(_decode(jwk, "x"))
    if kind == "EC" and jwk.get("crv") == "P-256":
        x, y = _decode(jwk, "x"), _decode(jwk, "y")
        if len(x) != _COORDINATE or len(y) != _COORDINATE:
            raise KeyFormatError("a coordinate of the JWK has the wrong length")
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    if kind == "RSA":
        numbers = (int.from_bytes(_decode(jwk, member), "big") for member in ("e", "n"))
        return rsa.RSAPublicNumbers(*numbers).public_key()
    raise KeyFormatError("the JWK's kty and crv are not Ed25519, P-256 or RSA")


def _algorithm(jwk: Mapping[str, Any], wanted: Algorithm | str | None) -> Algorithm | str:
    stated = jwk.get("alg")
    if stated is None:
        return wanted if wanted is not None else KINDS[str(jwk.get("kty"))]
    known = _ALG.get(stated) if isinstance(stated, str) else None
    if known is None or wanted not in (None, known):
        raise KeyFormatError("the JWK's alg is not allowed or not the one that was registered")
    return known


def public_from_jwk(jwk: Mapping[str, Any], algorithm: str | None = None) -> tuple[PublicKey, Algorithm]:
    """Return the public key and its algorithm, from `alg` or as wanted. Raises `KeyFormatError`."""
    if any(member in jwk for member in _PRIVATE_MEMBERS):
        raise KeyFormatError("the JWK holds a private key")
    try:
        public = _public(jwk)
    except (ValueError, TypeError) as error:
        raise KeyFormatError("the JWK's numbers are no public key") from error
    try:
        return public, Algorithm(_algorithm(jwk, algorithm))
    except ValueError as error:
        raise KeyFormatError("the algorithm is not one of the four that are allowed") from error


def _members(public: PublicKey) -> dict[str, str]:
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": _encode(public.public_bytes_raw())}
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _encode_number(numbers.n), "e": _encode_number(numbers.e)}
    point = public.public_numbers()
    x, y = (_encode(number.to_bytes(_COORDINATE, "big")) for number in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def public_to_jwk(public: PublicKey, algorithm: Algorithm) -> dict[str, str]:
    """Return a public JWK with `alg` and `use`, without `kid`."""
    return {**_members(public), "alg": _NAME[algorithm], "use": "sig"}
