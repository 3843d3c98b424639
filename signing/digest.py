"""RFC 9530 Content-Digest: the digest of the bytes of one message's content.

The rule kept here (PROTOCOL section 1): the field stands there once; every recognised member must match the bytes
received, and at least one must be recognised. `sha-256` and `sha-512` are recognised, the deprecated ones are not.
"""

import hashlib
import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Sequence
from hmac import compare_digest
from typing import Literal

from signing.errors import SignatureError
from signing.fields import Item, parse_dictionary

DigestAlgorithm = Literal["sha-256", "sha-512"]
_RECOGNISED = {"sha-256": hashlib.sha256(), "sha-512": hashlib.sha512()}
"""Hashes of nothing, to be copied: OpenSSL takes six times as long to make one anew."""
_USUAL = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
"""The one-member form nearly all senders use, read without the general parser (to the same result)."""


def digest_of(octets: bytes, algorithm: str = "sha-256") -> bytes:
    """Return the digest of octets. Raises `KeyError` for an algorithm that is not recognised."""
    digest = _RECOGNISED[algorithm].copy()
    digest.update(octets)
    return digest.digest()


def content_digest(body: bytes, algorithm: DigestAlgorithm = "sha-256") -> str:
    """Return the field's value for these bytes, section 2. Raises `SignatureError` for an unknown algorithm."""
    if algorithm not in _RECOGNISED:
        raise SignatureError("malformed", "the digest algorithm is not one of sha-256, sha-512", "content-digest")
    return f"{algorithm}=:{b64encode(digest_of(body, algorithm)).decode()}:"


def parse_content_digest(values: Sequence[str]) -> dict[str, bytes]:
    """Return the recognised digests of the field lines `values`, by algorithm; perhaps none.

    Raises `SignatureError` (`malformed`) unless there is one line that is a dictionary without duplicated keys whose
    recognised members are byte sequences.
    """
    if len(values) != 1:
        raise SignatureError("malformed", "Content-Digest must stand there exactly once", "content-digest")
    usual = _USUAL.fullmatch(values[0])
    if usual is not None:
        return {"sha-256": a2b_base64(usual[1])}
    digests: dict[str, bytes] = {}
    for algorithm, member in parse_dictionary(values[0].strip(" \t"), unique=True).items():
        if algorithm in _RECOGNISED:
            value = member.value.value if isinstance(member.value, Item) else None
            if not isinstance(value, bytes):
                raise SignatureError("malformed", "a Content-Digest member is no byte sequence", "content-digest")
            digests[algorithm] = value
    return digests


def check_digests(digests: dict[str, bytes], body: bytes) -> None:
    """Hold recognised digests against the bytes. Raises `SignatureError` (`digest`)."""
    if not digests:
        raise SignatureError("digest", "Content-Digest names neither sha-256 nor sha-512", "content-digest")
    for algorithm, expected in digests.items():
        if not compare_digest(digest_of(body, algorithm), expected):
            raise SignatureError("digest", "the content does not have the digest that was signed", "content-digest")


def verify_content_digest(values: Sequence[str], body: bytes) -> None:
    """Verify the field lines `values` of a message against its content `body`.

    Raises `SignatureError`: `malformed` where the field is duplicated or unparsable, `digest` where it does not match.
    """
    check_digests(parse_content_digest(values), body)
