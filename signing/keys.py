"""Keys with a name: who signs, and from when until when that counts.

The rule kept here: the algorithm belongs to the key, never to a message; verifying raises.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import serialization

from signing import algorithms, jwk
from signing.algorithms import Algorithm, PrivateKey, PublicKey
from signing.errors import KeyFormatError

__all__ = ["Algorithm", "SigningKey", "VerificationKey", "jwks", "parse_jwks"]


@dataclass(frozen=True)
class VerificationKey:
    """A registered public key, times aware: `not_before` and `not_after` are still inside, `revoked_at` is not.

    Raises `KeyFormatError` when the key is weak, malformed or does not fit its algorithm.
    """

    keyid: str
    algorithm: Algorithm
    public: PublicKey = field(compare=False)
    not_before: datetime | None = None
    not_after: datetime | None = None
    revoked_at: datetime | None = None
    _first: float = field(init=False, repr=False, compare=False)
    _last: float = field(init=False, repr=False, compare=False)
    _revoked: float = field(init=False, repr=False, compare=False)
    _check: algorithms.Check = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        algorithms.check_fit(self.public, self.algorithm)
        times = (self.not_before, self.not_after, self.revoked_at)
        if any(time is not None and time.tzinfo is None for time in times):
            raise KeyFormatError("a key's times need an offset")
        first, last, revoked = (time.timestamp() if time else None for time in times)
        object.__setattr__(self, "_first", -math.inf if first is None else first)
        object.__setattr__(self, "_last", math.inf if last is None else last)
        object.__setattr__(self, "_revoked", math.inf if revoked is None else revoked)
        object.__setattr__(self, "_check", algorithms.checker(self.public, self.algorithm))

    @classmethod
    def from_pem(
        cls, pem: bytes | str, keyid: str, algorithm: Algorithm | str | None = None, **validity: datetime | None
    ) -> "VerificationKey":
        """Read a PEM public key (SubjectPublicKeyInfo or PKCS#1). `validity`: `not_before`, `not_after`, `revoked_at`.

        Raises `KeyFormatError`.
        """
        public = algorithms.public_from_pem(pem)
        return cls(keyid, algorithms.algorithm_for(public, algorithm), public, **validity)

    @classmethod
    def from_jwk(
        cls,
        document: Mapping[str, Any],
        keyid: str | None = None,
        algorithm: Algorithm | str | None = None,
        **validity: datetime | None,
    ) -> "VerificationKey":
        """Read a public JWK, RFC 7517; its name is `keyid` or its `kid`. `validity` as for `from_pem`.

        Raises `KeyFormatError`.
        """
        name = keyid if keyid is not None else document.get("kid")
        if not isinstance(name, str):
            raise KeyFormatError("the JWK has no kid")
        public, chosen = jwk.public_from_jwk(document, algorithm)
        return cls(name, chosen, public, **validity)

    def valid_at(self, now: datetime) -> bool:
        """Whether the key may be used at `now` (aware)."""
        return self.valid_at_unix(now.timestamp())

    def valid_at_unix(self, now: float) -> bool:
        """As `valid_at`, for Unix seconds."""
        return self._first <= now <= self._last and now < self._revoked

    def verify(self, signature: bytes, data: bytes) -> None:
        """Verify `signature` over `data`; ECDSA as r‖s, 64 octets. Raises `SignatureError` (`invalid`)."""
        algorithms.verify(self._check, signature, data)

    def to_pem(self) -> str:
        """Return the public key as PEM SubjectPublicKeyInfo."""
        encoding, shape = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self.public.public_bytes(encoding, shape).decode()


@dataclass(frozen=True)
class SigningKey:
    """A private key with the name it signs under. Raises `KeyFormatError` as `VerificationKey` does."""

    keyid: str
    algorithm: Algorithm
    private: PrivateKey = field(repr=False, compare=False)
    _make: algorithms.Make = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        algorithms.check_fit(self.private.public_key(), self.algorithm)
        object.__setattr__(self, "_make", algorithms.maker(self.private, self.algorithm))

    @classmethod
    def from_pem(cls, pem: bytes | str, keyid: str, algorithm: Algorithm | str | None = None) -> "SigningKey":
        """Read an unencrypted PEM private key. Raises `KeyFormatError`."""
        private = algorithms.private_from_pem(pem)
        return cls(keyid, algorithms.algorithm_for(private.public_key(), algorithm), private)

    @classmethod
    def generate(cls, algorithm: Algorithm | str, keyid: str) -> "SigningKey":
        """Return a fresh key from the operating system's randomness (RSA: 2048 bits). Raises `KeyFormatError`."""
        chosen = algorithms.algorithm_for(None, algorithm)
        return cls(keyid, chosen, algorithms.generate_private(chosen))

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`; ECDSA as r‖s, 64 octets."""
        return self._make(data)

    def public_key(self) -> VerificationKey:
        """Return the public half, under the same name and without limits of time."""
        return VerificationKey(self.keyid, self.algorithm, self.private.public_key())

    def to_pem(self) -> str:
        """Return the private key as unencrypted PKCS#8 PEM."""
        encoding, shape = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        return self.private.private_bytes(encoding, shape, serialization.NoEncryption()).decode()


def jwks(keys: Iterable[VerificationKey]) -> dict[str, list[dict[str, str]]]:
    """Return a JWK set, RFC 7517 section 5, with `kid`, `alg` and `use` in every key."""
    return {"keys": [{**jwk.public_to_jwk(key.public, key.algorithm), "kid": key.keyid} for key in keys]}


def parse_jwks(document: Any) -> dict[str, VerificationKey]:
    """Return the keys of a JWK set by `kid`.

    Keys of other kinds and uses are passed over (RFC 7517 section 5); broken ones are refused.
    Raises `KeyFormatError`, also where two keys share one `kid`.
    """
    members = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(members, list) or not all(isinstance(member, Mapping) for member in members):
        raise KeyFormatError("this is no JWK set")
    usable = [m for m in members if m.get("kty") in list(jwk.KINDS) and m.get("use", "sig") == "sig"]
    keys = [VerificationKey.from_jwk(member) for member in usable]
    by_id = {key.keyid: key for key in keys}
    if len(by_id) != len(keys):
        raise KeyFormatError("two keys have the same id")
    return by_id
