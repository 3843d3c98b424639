"""Checking an evidence file offline: no database, no settings, no network (PROTOCOL section 6).

Pure. The rule: the file is read only as far as its signed manifest describes it; what the manifest does not name, what
is missing, doubled, too large or altered makes the whole file false. Verifying raises.
"""

import io
import zipfile
import zlib
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from gateway.export.bundle import FORMAT, MANIFEST, SIGNATURE, VKEY, signed_text
from signing.checkpoint import VerifierKey, parse_note, parse_vkey, verify_checkpoint, verify_note
from signing.errors import KeyFormatError, SignatureError
from signing.merkle import leaf_hash, verify_inclusion

MOST_FILES, MOST_BYTES = 100_000, 512 * 1024 * 1024


class NotEvidence(Exception):  # noqa: N818 — the verdict's own name
    """The file does not hold what it claims; the text names the first thing that is wrong."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An evidence file that holds: every file is as signed, every proof leads to a signed checkpoint."""

    case: int
    origin: str
    made_at: str
    entries: tuple[tuple[str, int], ...]
    """(log, index) of every entry, in order."""
    unproved: tuple[tuple[str, int], ...]
    """Those that no checkpoint covered when the file was made: signed by the log key alone."""
    trusted: bool
    """Whether the key was given from outside; otherwise it is the one that the file itself holds."""


def check(data: bytes, log_keys: Sequence[VerifierKey] = ()) -> Checked:
    """Check a file's bytes against the log's keys, by default the one inside it. Raises `NotEvidence`."""
    files = _read(data)
    manifest, origin = _manifest(files)
    key = _signer(files, origin, log_keys)
    _files_are_as_listed(files, manifest)
    places = tuple(_entry(files, line, key) for line in _lines(manifest, "entries"))
    if len({place for place, _ in places}) < len(places):
        raise NotEvidence("an entry is listed twice")
    try:
        case, made_at = int(manifest["case"]), str(manifest["made_at"])
    except (KeyError, TypeError, ValueError):
        raise NotEvidence("the manifest names no case or no time") from None
    entries = tuple(place for place, _ in places)
    return Checked(case, origin, made_at, entries, tuple(at for at, proved in places if not proved), bool(log_keys))


def _read(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = archive.infolist()
            names = {info.filename for info in found}
            if len(found) > MOST_FILES or sum(info.file_size for info in found) > MOST_BYTES:
                raise NotEvidence("the file is larger than any case")
            if len(names) < len(found):
                raise NotEvidence("a file is in it twice")
            return {info.filename: _member(archive, info) for info in found}
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError, ValueError, OSError):
        # zipfile says NotImplementedError to a compression that it does not know, RuntimeError to an encrypted member
        raise NotEvidence("this is no ZIP that can be read, or it was damaged") from None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """Read a file, never beyond the size that its directory entry states."""
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise NotEvidence("a file is longer or shorter than the ZIP says")
    return data


def _manifest(files: Mapping[str, bytes]) -> tuple[dict[str, Any], str]:
    try:
        manifest = orjson.loads(files[MANIFEST])
    except (KeyError, orjson.JSONDecodeError):
        raise NotEvidence("it has no manifest") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise NotEvidence("it is not an evidence file of a version we know")
    origin = manifest.get("origin")
    if not isinstance(origin, str) or not origin:
        raise NotEvidence("the manifest names no origin")
    return manifest, origin


def _signer(files: Mapping[str, bytes], origin: str, log_keys: Sequence[VerifierKey]) -> VerifierKey:
    """Return the key that signed the manifest."""
    try:
        own = parse_vkey(files[VKEY].decode())
        note = parse_note(files[SIGNATURE])
    except (KeyError, UnicodeDecodeError, KeyFormatError, SignatureError):
        raise NotEvidence("its key or its signature cannot be read") from None
    if note.text != signed_text(origin, files[MANIFEST]):
        raise NotEvidence("the manifest was altered after it was signed")
    for key in log_keys or (own,):
        try:
            verify_note(note, key)
        except SignatureError:
            continue
        if key.name == origin:
            return key
    raise NotEvidence("the manifest is not signed by a key of the log that is trusted")


def _lines(manifest: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    lines = manifest.get(name)
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise NotEvidence("the manifest is not as it should be")
    return lines


def _files_are_as_listed(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    listed = {line.get("name"): line.get("sha256") for line in _lines(manifest, "files")}
    for extra in files.keys() - listed.keys() - {MANIFEST, SIGNATURE}:
        raise NotEvidence(f"a file is not in the manifest: {_shown(extra)}")
    for name, digest in listed.items():
        if not isinstance(name, str) or name not in files:
            raise NotEvidence(f"a file of the manifest is missing: {_shown(name)}")
        if sha256(files[name]).hexdigest() != digest:
            raise NotEvidence(f"a file was altered: {_shown(name)}")


def _shown(name: object) -> str:
    return ascii(name)[:80]


def _entry(files: Mapping[str, bytes], line: Mapping[str, Any], key: VerifierKey) -> tuple[tuple[str, int], bool]:
    """Check one entry; return its place and whether a checkpoint proves it."""
    log, index = line.get("log"), line.get("index")
    if not isinstance(log, str) or not isinstance(index, int) or isinstance(index, bool):
        raise NotEvidence("an entry has no place in a log")
    place = f"entry {index} of {_shown(log)}"
    try:
        leaf = files[line["leaf"]]
        if line["proof"] is None and line["checkpoint"] is None:
            return (log, index), False
        hashes = [b64decode(text, validate=True) for text in orjson.loads(files[line["proof"]])["hashes"]]
        note = files[line["checkpoint"]]
    except (KeyError, TypeError, ValueError):
        raise NotEvidence(f"{place}: its leaf, proof or checkpoint is missing or cannot be read") from None
    try:
        checkpoint = verify_checkpoint(note, key, log)
        verify_inclusion(leaf_hash(leaf), index, checkpoint.size, hashes, checkpoint.root)
    except SignatureError as error:
        raise NotEvidence(f"{place}: {error.detail}") from None
    return (log, index), True
