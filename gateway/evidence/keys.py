"""The log's keys, read from the files that the settings name (DESIGN section 3, *Privacy*).

The rule: keys for the log, for sealing and for pseudonyms are separate; private ones are files that only
their owner can read. The reveal key's private half is never here: a gateway cannot read what it sealed. Who only reads
and appends (`LogKeys`) needs the log key's public half alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gateway.settings import LogSettings, Settings, require_private_file
from signing.algorithms import Algorithm
from signing.checkpoint import VerifierKey, parse_vkey, verifier_key
from signing.errors import KeyFormatError
from signing.keys import SigningKey

PSEUDONYM_KEY_BYTES = 32
_YEAR_FILE = re.compile(r"^(\d{4})\.key$")


class EvidenceKeyError(Exception):
    """A key of the log is missing or wrong; the text names the setting."""


class LogKeys(Protocol):
    """What reading, sealing and appending need: nothing that signs."""

    @property
    def verifier(self) -> VerifierKey:
        """The C2SP verifier key of every log of the installation."""
        ...

    @property
    def reveal(self) -> X25519PublicKey:
        """What sealed parts are encrypted to."""
        ...

    @property
    def pseudonyms(self) -> Mapping[int, bytes]:
        """Purpose keys by year."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class WriterKeys:
    """The keys of a process that appends and reads, and cannot sign a checkpoint; implements `LogKeys`."""

    verifier: VerifierKey
    reveal: X25519PublicKey
    pseudonyms: Mapping[int, bytes]

    @classmethod
    def load(cls, settings: LogSettings, vkey: Path, name: str) -> "WriterKeys":
        """Read the files; `name` is the setting of `vkey`. Raises `EvidenceKeyError`."""
        lines = _read(vkey, name).decode(errors="replace").split()
        try:
            verifier = parse_vkey(lines[0]) if len(lines) == 1 else None
        except KeyFormatError:
            verifier = None
        if verifier is None or verifier.name != settings.origin:
            raise EvidenceKeyError(f"{name} must hold the one verifier key of {settings.origin}")
        return cls(verifier, _reveal(settings), load_pseudonym_keys(settings.pseudonym_keys))


@dataclass(frozen=True, slots=True, repr=False)
class EvidenceKeys:
    """What the log signs, seals and pseudonymises with; implements `LogKeys`."""

    log_key: SigningKey
    """Ed25519; its keyid is the installation's origin, under which every log's checkpoints are signed."""
    reveal: X25519PublicKey
    pseudonyms: Mapping[int, bytes]
    """Purpose keys by year."""

    @property
    def verifier(self) -> VerifierKey:
        """The C2SP verifier key of every log of the installation."""
        return verifier_key(self.log_key, self.log_key.keyid)

    @classmethod
    def load(cls, settings: Settings) -> "EvidenceKeys":
        """Read the files. Raises `EvidenceKeyError` with one line that names the setting."""
        try:
            pem = _read(settings.log_key, "LIENTHONG_LOG_KEY", private=True)
            log_key = SigningKey.from_pem(pem, settings.origin, Algorithm.ED25519)
        except KeyFormatError as error:
            raise EvidenceKeyError(f"LIENTHONG_LOG_KEY must be an Ed25519 private key in PEM: {error}") from None
        return cls(log_key, _reveal(settings), load_pseudonym_keys(settings.pseudonym_keys))


def _reveal(settings: LogSettings) -> X25519PublicKey:
    try:
        reveal = load_pem_public_key(_read(settings.reveal_public_key, "LIENTHONG_REVEAL_PUBLIC_KEY"))
    except (ValueError, UnsupportedAlgorithm):
        raise EvidenceKeyError("LIENTHONG_REVEAL_PUBLIC_KEY is not a PEM public key") from None
    if not isinstance(reveal, X25519PublicKey):
        raise EvidenceKeyError("LIENTHONG_REVEAL_PUBLIC_KEY must be an X25519 public key")
    return reveal


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
