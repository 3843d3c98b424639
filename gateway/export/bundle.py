"""An evidence file: entries, proofs, checkpoints and keys of one case in a ZIP, under one signed manifest.

Pure. The rule: every file but the manifest and its signature stands in the manifest with its SHA-256, and the manifest
is signed as a C2SP signed note with the log key; the note's second line is no number, so it can never be taken for a
checkpoint. Leaves are the log's exact bytes: sealed parts stay sealed.
"""

import io
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson

from signing.checkpoint import Note, format_note, sign_note
from signing.keys import SigningKey

FORMAT = "lienthong-evidence/1"
MANIFEST, SIGNATURE, VKEY, CASE, README = "manifest.json", "manifest.note", "keys/log.vkey", "case.json", "README.txt"
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_INDENT_2
_EPOCH = (1980, 1, 1, 0, 0, 0)
_TEXT = """\
Bằng chứng của một vụ việc, xuất từ nhật ký của cổng Liên Thông.
Evidence of one case, taken from the log of a Liên Thông gateway.

Kiểm tra / check:  lienthong audit verify FILE.zip --vkey LOG.vkey
LOG.vkey là khóa công khai của nhật ký, lấy từ nguồn khác với tệp này (/.well-known/lienthong-log.vkey).
LOG.vkey is the log's public key, taken from elsewhere than this file (/.well-known/lienthong-log.vkey).

manifest.json   every file with its SHA-256, and where each entry stands in which log
manifest.note   C2SP signed note over the SHA-256 of manifest.json
entries/        exact bytes of the log's entries (RFC 9162 leaves); sealed parts stay sealed
proofs/         RFC 9162 inclusion paths
checkpoints/    C2SP tlog-checkpoints
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """One entry on its way out. `checkpoint` and `proof` are None while no checkpoint covers it."""

    log: str
    index: int
    leaf: bytes
    checkpoint: str | None
    proof: tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A file but for its signature."""

    manifest: bytes
    files: Mapping[str, bytes]

    @property
    def digest(self) -> bytes:
        """What is signed: SHA-256 of the manifest."""
        return sha256(self.manifest).digest()

    def zipped(self, note: str) -> bytes:
        """Return the ZIP's bytes, the same for the same contents."""
        return _zip([(MANIFEST, self.manifest), (SIGNATURE, note.encode()), *sorted(self.files.items())])


def prepare(
    case: Mapping[str, Any], entries: Sequence[Exported], *, origin: str, vkey: str, made_at: datetime
) -> Unsigned:
    """Return everything but the signature. `case["case"]` is its number; `origin` names the log key."""
    notes = sorted({entry.checkpoint for entry in entries if entry.checkpoint is not None})
    names = {note: f"checkpoints/{number:04d}.note" for number, note in enumerate(notes)}
    files: dict[str, bytes] = {README: _TEXT.encode(), VKEY: f"{vkey}\n".encode(), CASE: _json(case)}
    files |= {name: note.encode() for note, name in names.items()}
    listed = [_entry(number, entry, names, files) for number, entry in enumerate(entries)]
    manifest = _json(
        {
            "format": FORMAT,
            "case": case["case"],
            "origin": origin,
            "made_at": made_at.astimezone(UTC),
            "entries": listed,
            "files": [
                {"name": name, "size": len(data), "sha256": sha256(data).hexdigest()}
                for name, data in sorted(files.items())
            ],
        }
    )
    return Unsigned(manifest, files)


def pack(
    case: Mapping[str, Any], entries: Sequence[Exported], *, key: SigningKey, vkey: str, made_at: datetime
) -> bytes:
    """Return the ZIP's bytes, signed with the log key at hand; its keyid names the signature."""
    made = prepare(case, entries, origin=key.keyid, vkey=vkey, made_at=made_at)
    return made.zipped(signed_note(key.keyid, made.digest, key))


def signed_note(origin: str, digest: bytes, key: SigningKey) -> str:
    """Return the C2SP signed note over a manifest's SHA-256."""
    text = text_of(origin, digest)
    return format_note(Note(text, (sign_note(text, key, origin),)))


def text_of(origin: str, digest: bytes) -> str:
    """Return the text that is signed: origin, format, SHA-256 of the manifest in base64."""
    return f"{origin}\n{FORMAT}\n{b64encode(digest).decode()}\n"


def signed_text(origin: str, manifest: bytes) -> str:
    """Return the text that is signed of a manifest."""
    return text_of(origin, sha256(manifest).digest())


def _entry(number: int, entry: Exported, names: Mapping[str, str], files: dict[str, bytes]) -> dict[str, Any]:
    """Put an entry's files among the others and return its line of the manifest."""
    leaf = f"entries/{number:04d}.leaf"
    files[leaf] = entry.leaf
    line: dict[str, Any] = {"log": entry.log, "index": entry.index, "leaf": leaf, "proof": None, "checkpoint": None}
    if entry.checkpoint is not None and entry.proof is not None:
        proof = f"proofs/{number:04d}.json"
        files[proof] = _json({"hashes": [b64encode(value).decode() for value in entry.proof]})
        line |= {"proof": proof, "checkpoint": names[entry.checkpoint]}
    return line


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=_OPTIONS) + b"\n"


def _zip(files: Iterable[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
