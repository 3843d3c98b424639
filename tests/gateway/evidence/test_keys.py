"""The log's keys come from private files, or the start ends with one clear line."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.evidence.keys import EvidenceKeyError, EvidenceKeys, WriterKeys, load_pseudonym_keys
from gateway.settings import Settings
from signing.algorithms import Algorithm
from signing.keys import SigningKey


def write(path: Path, data: bytes | str, mode: int = 0o600) -> Path:
    """Write a key file."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    path.chmod(mode)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Make settings whose key files are all right."""
    log_key = SigningKey.generate(Algorithm.ED25519, "x")
    reveal = X25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "pseudonyms").mkdir()
    write(tmp_path / "pseudonyms" / "2026.key", b"k" * 32)
    write(tmp_path / "http.pem", "unused here")
    return Settings(
        database_url="postgresql://x",
        public_urls="https://x.example",
        origin="log.x.example",
        http_key=tmp_path / "http.pem",
        http_keyid="k",
        log_key=write(tmp_path / "log.pem", log_key.to_pem()),
        reveal_public_key=write(tmp_path / "reveal.pem", reveal),
        pseudonym_keys=tmp_path / "pseudonyms",
        secrets_dir=tmp_path,
        checkpoint_pin=tmp_path / "pins",
    )


def test_keys_are_read_and_never_shown(settings: Settings):
    """The log's verifier key bears the origin's name; no secret is in the representation."""
    keys = EvidenceKeys.load(settings)
    assert keys.verifier.encode().startswith("log.x.example+")
    assert "kkkk" not in repr(keys)


@pytest.mark.parametrize(
    ("name", "content", "mode", "word"),
    [
        ("log.pem", "no key", 0o600, "LOG_KEY"),
        ("log.pem", SigningKey.generate(Algorithm.ECDSA_P256_SHA256, "x").to_pem(), 0o600, "LOG_KEY"),
        ("reveal.pem", "no key", 0o600, "REVEAL_PUBLIC_KEY"),
        ("pseudonyms/2026.key", b"short", 0o600, "PSEUDONYM_KEYS"),
        ("pseudonyms/2027.key", b"k" * 32, 0o600, "of its own"),
        ("pseudonyms/2026.key", b"k" * 32, 0o644, "0644"),
    ],
)
def test_a_wrong_key_is_named(settings: Settings, tmp_path: Path, name, content, mode, word):
    """A key that is missing, of another kind, too short, doubled or readable by others stops the start."""
    write(tmp_path / name, content, mode)
    with pytest.raises(EvidenceKeyError, match=word):
        EvidenceKeys.load(settings)


def test_who_cannot_sign_reads_the_public_half_alone(settings: Settings, tmp_path: Path):
    """A process that reads and appends gets the same verifier from a file of one line, and never the private key."""
    whole = EvidenceKeys.load(settings)
    shown = WriterKeys.load(settings, write(tmp_path / "log.vkey", f"{whole.verifier.encode()}\n"), "VKEY")
    assert (shown.verifier, shown.pseudonyms) == (whole.verifier, whole.pseudonyms)
    assert not hasattr(shown, "log_key")


@pytest.mark.parametrize("content", ["", "nonsense", "other+12345678+AAAA", "two\nlines"])
def test_a_wrong_verifier_key_is_named(settings: Settings, tmp_path: Path, content):
    """A key of another origin, none or several stop the start with a line that names the setting."""
    with pytest.raises(EvidenceKeyError, match="VKEY"):
        WriterKeys.load(settings, write(tmp_path / "log.vkey", content), "VKEY")


def test_no_pseudonym_key_is_an_error(tmp_path: Path):
    """An empty or missing directory of keys is refused: an empty list would hide everybody."""
    with pytest.raises(EvidenceKeyError, match=r"no YYYY\.key"):
        load_pseudonym_keys(tmp_path)
    with pytest.raises(EvidenceKeyError, match="No such file"):
        load_pseudonym_keys(tmp_path / "absent")
