"""Checking a stored signature again, component by component (RFC 9421 section 2.5), for an auditor.

Pure. The rule: it reports and never decides; values are shown of an allow-list of components alone, since a header may
say anything, and a digest of so small a body could be guessed (DESIGN section 3, *Non-repudiation*).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from signing.errors import SignatureError
from signing.keys import VerificationKey

MAX_AGE_S, MAX_AHEAD_S = 300, 60
_SHOWN = frozenset({"@method", "@authority", "@scheme", "@path", "content-type", "content-length"})
_PARAMS = "@signature-params"
_KEPT_PARAMETERS = ("created", "expires", "alg", "keyid", "tag")


@dataclass(frozen=True, slots=True)
class ComponentLine:
    """One covered component; `value` is None where it is kept back."""

    component: str
    value: str | None


@dataclass(frozen=True, slots=True)
class SignatureCheck:
    """What a stored signature proves today."""

    lines: tuple[ComponentLine, ...]
    parameters: tuple[tuple[str, str], ...]
    algorithm: str
    signature_holds: bool
    """Whether the signature verifies over the stored base with the key that was registered then."""
    key_in_force: bool
    """Whether that key was valid when the request was received."""
    in_window: bool
    """Whether the request was signed within the window of its receipt."""


def check_again(sealed: Mapping[str, Any], key: VerificationKey | None, received: datetime) -> SignatureCheck | None:
    """Check the opened proof of an entry (`signature_base`, `signature`, `algorithm`); None where it holds none."""
    text, signature = sealed.get("signature_base"), sealed.get("signature")
    if not isinstance(text, str) or not isinstance(signature, str):
        return None
    *components, last = [_split(line) for line in text.split("\n")]
    parameters = _parameters(last[1]) if last[0] == _PARAMS else ()
    created = dict(parameters).get("created", "")
    return SignatureCheck(
        tuple(ComponentLine(name, _visible(name, value)) for name, value in components),
        parameters,
        str(sealed.get("algorithm", "")),
        _holds(key, signature, text),
        key is not None and key.valid_at(received),
        created.isdecimal() and -MAX_AHEAD_S <= received.timestamp() - int(created) <= MAX_AGE_S + 1,
    )


def answer_holds(leaf: Mapping[str, Any], sealed: Mapping[str, Any], commitment: bytes) -> bool:
    """Whether an answer's digest and salt, opened, make the commitment that stands in the log in clear."""
    try:
        digest, salt = bytes.fromhex(sealed["body_digest"]), bytes.fromhex(sealed["salt"])
    except (KeyError, ValueError, TypeError):
        return False
    return leaf.get("kind") == "answered" and sha256(salt + digest).digest() == commitment


def _holds(key: VerificationKey | None, signature: str, base: str) -> bool:
    try:
        if key is None:
            return False
        key.verify(bytes.fromhex(signature), base.encode("latin-1"))
    except (SignatureError, ValueError):
        return False
    return True


def _split(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.strip('"') if name.count('"') == 2 else name, value  # noqa: PLR2004 — a plain identifier in quotes


def _visible(name: str, value: str) -> str | None:
    if name == "@target-uri":
        return value.partition("?")[0]
    return value if name in _SHOWN else None


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    """Return the signature's parameters but the nonce, as written; the list before them holds the components."""
    told = [part.partition("=") for part in text.rpartition(")")[2].split(";") if part]
    return tuple((name, value.strip('"')) for name, _, value in told if name in _KEPT_PARAMETERS)
