"""This installation's own keys: the one that signs answers, the log's, and what it publishes of them."""

import json
from dataclasses import dataclass
from pathlib import Path

from gateway.evidence.keys import EvidenceKeys
from gateway.settings import Settings
from signing.errors import KeyFormatError
from signing.keys import SigningKey, VerificationKey, parse_jwks


@dataclass(frozen=True, slots=True)
class Installation:
    """Keys read once at the start; private halves never leave this value."""

    public_url: str
    origin: str
    http_key: SigningKey
    answer_keys: tuple[VerificationKey, ...]
    """The present answer key and the former ones, for the JWKS."""
    evidence: EvidenceKeys

    @classmethod
    def load(cls, settings: Settings) -> "Installation":
        """Read the key files. Raises `KeyFormatError` or `EvidenceKeyError`, each naming the setting."""
        try:
            key = SigningKey.from_pem(settings.http_key.read_bytes(), settings.http_keyid)
        except (OSError, KeyFormatError) as error:
            raise KeyFormatError(f"LIENTHONG_HTTP_KEY: {error}") from None
        old = _old_keys(settings.http_old_keys)
        return cls(
            settings.public_url,
            settings.origin,
            key,
            (key.public_key(), *(known for known in old if known.keyid != key.keyid)),
            EvidenceKeys.load(settings),
        )

    @property
    def log_vkey(self) -> str:
        """The C2SP verifier key of every log's checkpoints."""
        return self.evidence.verifier.encode()


def _old_keys(path: Path | None) -> tuple[VerificationKey, ...]:
    if path is None:
        return ()
    try:
        return tuple(parse_jwks(json.loads(path.read_bytes())).values())
    except (OSError, ValueError, KeyFormatError) as error:
        raise KeyFormatError(f"LIENTHONG_HTTP_OLD_KEYS: {error}") from None
