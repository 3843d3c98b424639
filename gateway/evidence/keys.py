"""The log's keys, read from the files that the settings name (DESIGN section 3, *Privacy*).

The rule: keys for the log, for sealing and for pseudonyms are separate; private ones are files that only
their owner can read. The reveal key's private half is never here: a gateway cannot read what it sealed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from gateway.settings import Settings, require_private_file

PSEUDONYM_KEY_BYTES = 32
_YEAR_FILE = re.compile(r"^(\d{4})\.key$")


class EvidenceKeyError(Exception):
    """A key of the log is missing or wrong; the text names the setting."""


@dataclass(frozen=True, slots=True)
class EvidenceKeys:
    """What the log signs, seals and pseudonymises with."""

    log_key: Ed25519PrivateKey
    reveal: X25519PublicKey
    pseudonyms: Mapping[int, bytes]
    """Purpose keys by year."""

    @classmethod
    def load(cls, settings: Settings) -> "EvidenceKeys":
        """Read the files. Raises `EvidenceKeyError` with one line that names the setting."""
        try:
            log_key = load_pem_private_key(_read(settings.log_key, "LIENTHONG_LOG_KEY", private=True), password=None)
            reveal = load_pem_public_key(_read(settings.reveal_public_key, "LIENTHONG_REVEAL_PUBLIC_KEY"))
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise EvidenceKeyError("LIENTHONG_LOG_KEY or LIENTHONG_REVEAL_PUBLIC_KEY is not a PEM key") from None
        if not isinstance(log_key, Ed25519PrivateKey):
            raise EvidenceKeyError("LIENTHONG_LOG_KEY must be an Ed25519 private key")
        if not isinstance(reveal, X25519PublicKey):
            raise EvidenceKeyError("LIENTHONG_REVEAL_PUBLIC_KEY must be an X25519 public key")
        return cls(log_key, reveal, load_pseudonym_keys(settings.pseudonym_keys))


def load_pseudonym_keys(directory: Path) -> dict[int, bytes]:
    """Read `YYYY.key` files of 32 bytes. Raises `EvidenceKeyError`; an empty directory is an error too."""
    name = "LIENTHONG_PSEUDONYM_KEYS"
    try:
        paths = sorted(directory.iterdir())
    except OSError as error:
        raise EvidenceKeyError(f"{name}: {error.strerror}") from None
    keys = {}
    for path in paths:
        match = _YEAR_FILE.match(path.name)
        if match:
            keys[int(match[1])] = _read(path, f"{name}: {path.name}", private=True)
    if not keys:
        raise EvidenceKeyError(f"{name} holds no YYYY.key — create one with `lienthong keys new`")
    if any(len(key) != PSEUDONYM_KEY_BYTES for key in keys.values()) or len(set(keys.values())) < len(keys):
        raise EvidenceKeyError(f"{name}: each YYYY.key is {PSEUDONYM_KEY_BYTES} random bytes of its own")
    return keys


def _read(path: Path, name: str, *, private: bool = False) -> bytes:
    try:
        if private:
            require_private_file(path, name)
        return path.read_bytes()
    except ValueError as error:
        raise EvidenceKeyError(str(error)) from None
    except OSError as error:
        raise EvidenceKeyError(f"{name}: {error.strerror}") from None
