"""C2SP signed-note and tlog-checkpoint: what a log says about itself, signed with Ed25519.

A note is a text and signature lines; lines of other keys (witnesses) are kept as they are. The rule kept here: a
checkpoint is read only from a note that the expected key has signed.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ed25519

from signing.algorithms import Algorithm
from signing.errors import KeyFormatError, SignatureError
from signing.keys import SigningKey, VerificationKey

_ED25519 = b"\x01"
_ID_LENGTH = 4
_ROOT_LENGTH = 32
_KEY_LENGTH = 33
_MAX_SIZE = 2**63 - 1
_MAX_NOTE = 1_000_000
_MAX_SIGNATURES = 100
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE_LINE = re.compile(r"— ([^ ]+) ([A-Za-z0-9+/]+={0,2})")
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


def _malformed(what: str) -> SignatureError:
    return SignatureError("malformed", what)


def _base64(text: str) -> bytes:
    try:
        octets = b64decode(text, validate=True)
    except ValueError as error:
        raise _malformed("a line is not base64") from error
    if b64encode(octets).decode() != text:
        raise _malformed("a line is not canonical base64")
    return octets


class NoteSignature(NamedTuple):
    """A signature line: the key's name, its four-octet id and the signature."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """Return the line with its newline."""
        return f"— {self.name} {b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A signed text; `text` ends with a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A note's Ed25519 public key and name, as in a vkey."""

    name: str
    key: VerificationKey

    def key_id(self) -> bytes:
        """Return the first four octets of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed()).digest()[:_ID_LENGTH]

    def _typed(self) -> bytes:
        public = self.key.public
        if not isinstance(public, ed25519.Ed25519PublicKey):
            raise KeyFormatError("a note is signed with Ed25519 only")
        return _ED25519 + public.public_bytes_raw()

    def encode(self) -> str:
        """Return the vkey: `name+id+base64(0x01 ‖ public key)`."""
        return f"{self.name}+{self.key_id().hex()}+{b64encode(self._typed()).decode()}"


def verifier_key(key: SigningKey | VerificationKey, name: str) -> VerifierKey:
    """Return the verifier key that signs notes under `name`. Raises `KeyFormatError`."""
    if key.algorithm is not Algorithm.ED25519:
        raise KeyFormatError("a note is signed with Ed25519 only")
    if not _NAME.fullmatch(name):
        raise KeyFormatError("a note key's name is empty or holds a space or a plus")
    return VerifierKey(name, key.public_key() if isinstance(key, SigningKey) else key)


def parse_vkey(text: str) -> VerifierKey:
    """Read a vkey. Raises `KeyFormatError`."""
    match = _VKEY.fullmatch(text.strip())
    if match is None:
        raise KeyFormatError("this is no vkey")
    try:
        octets = _base64(match[3])
        if len(octets) != _KEY_LENGTH or octets[:1] != _ED25519:
            raise KeyFormatError("the vkey is not of an Ed25519 key")
        public = ed25519.Ed25519PublicKey.from_public_bytes(octets[1:])
    except (SignatureError, ValueError) as error:
        raise KeyFormatError("the vkey's key cannot be read") from error
    found = verifier_key(VerificationKey(match[1], Algorithm.ED25519, public), match[1])
    if found.key_id().hex() != match[2]:
        raise KeyFormatError("the vkey's id does not belong to its key")
    return found


def format_note(note: Note) -> str:
    """Return the note: text, blank line, signature lines."""
    return note.text + "\n" + "".join(signature.line() for signature in note.signatures)


def _signature(line: str) -> NoteSignature:
    match = _SIGNATURE_LINE.fullmatch(line)
    octets = _base64(match[2]) if match else b""
    if match is None or not _NAME.fullmatch(match[1]) or len(octets) <= _ID_LENGTH:
        raise _malformed("a line of the note is no signature line")
    return NoteSignature(match[1], octets[:_ID_LENGTH], octets[_ID_LENGTH:])


def parse_note(data: bytes | str) -> Note:
    """Read a note; nothing is verified yet. Raises `SignatureError` (`malformed`)."""
    if len(data) > _MAX_NOTE:
        raise _malformed("the note is too long")
    try:
        text = data.decode() if isinstance(data, bytes) else data.encode().decode()
    except UnicodeError as error:
        raise _malformed("the note is not UTF-8") from error
    body, gap, lines = text.rpartition("\n\n")
    if _CONTROL.search(text) or not gap or not body or not lines.endswith("\n"):
        raise _malformed("the note is not a text, a blank line and signature lines")
    signatures = tuple(map(_signature, lines[:-1].split("\n")))
    if len(signatures) > _MAX_SIGNATURES:
        raise _malformed("the note has too many signatures")
    return Note(body + "\n", signatures)


def sign_note(text: str, key: SigningKey, name: str) -> NoteSignature:
    """Sign a text that ends with a newline. Raises `KeyFormatError` for a key that is not Ed25519."""
    verifier = verifier_key(key, name)
    return NoteSignature(name, verifier.key_id(), key.sign(text.encode()))


def verify_note(note: Note, verifier: VerifierKey) -> str:
    """Return the text once the key's signature over it verifies; lines of unknown keys are passed over.

    Raises `SignatureError`: `missing` without a line of that key, `invalid` when it does not verify.
    """
    wanted = (verifier.name, verifier.key_id())
    mine = [signature for signature in note.signatures if signature[:2] == wanted]
    if not mine:
        raise SignatureError("missing", "the note is not signed by the expected key")
    for signature in mine:
        verifier.key.verify(signature.signature, note.text.encode())
    return note.text


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's origin, size and root, with extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if not 0 <= self.size <= _MAX_SIZE or len(self.root) != _ROOT_LENGTH:
            raise _malformed("the checkpoint's size or root is impossible")
        if any(not line or "\n" in line or _CONTROL.search(line) for line in lines):
            raise _malformed("a line of the checkpoint is empty or broken")

    def text(self) -> str:
        """Return the text that is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a verified note as a checkpoint. Raises `SignatureError` (`malformed`)."""
    match text.removesuffix("\n").split("\n"):
        case [origin, size, root, *extensions] if _SIZE.fullmatch(size):
            return Checkpoint(origin, int(size), _base64(root), tuple(extensions))
    raise _malformed("the note is no checkpoint")


def sign_checkpoint(
    checkpoint: Checkpoint, key: SigningKey, name: str | None = None, others: Sequence[NoteSignature] = ()
) -> str:
    """Return the signed checkpoint; the key's name is the origin by default. `others` are further signature lines.

    Raises `KeyFormatError` for a key that is not Ed25519.
    """
    text = checkpoint.text()
    mine = sign_note(text, key, checkpoint.origin if name is None else name)
    return format_note(Note(text, (mine, *others)))


def verify_checkpoint(data: bytes | str, verifier: VerifierKey, origin: str | None = None) -> Checkpoint:
    """Return the checkpoint that the key has signed, for `origin` or, by default, of the key's own name.

    Raises `SignatureError`: `malformed`, `missing`, or `invalid` for a false signature or another log's checkpoint.
    """
    checkpoint = parse_checkpoint(verify_note(parse_note(data), verifier))
    if checkpoint.origin != (verifier.name if origin is None else origin):
        raise SignatureError("invalid", "the checkpoint is of another log")
    return checkpoint
