"""Pins: the newest checkpoint of each log, kept outside the database (DESIGN section 3).

The rule: a log is never served, and never signed for, below or beside what its pin says; a database that
was set back shows at once. A directory of files by default; another host can stand behind the protocol.
"""

import os
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from signing.checkpoint import Checkpoint, VerifierKey, verify_checkpoint
from signing.errors import SignatureError

_SUFFIX = ".checkpoint"


class LogBehindPin(Exception):  # noqa: N818 — it names the state that an operator has to settle
    """A log has lost entries or differs from its pinned checkpoint: see `lienthong log reopen`."""


class Pin(Protocol):
    """Where the newest checkpoint of each log is kept."""

    def newest(self, origin: str) -> str | None:
        """Return the note pinned for a log."""
        ...

    def put(self, origin: str, note: str) -> None:
        """Durably replace the note of a log. Raises `OSError`."""
        ...

    def origins(self) -> list[str]:
        """Return the logs that have a pin."""
        ...


class FilePin:
    """One file a log in a directory; replaced atomically, synced before it counts."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def newest(self, origin: str) -> str | None:
        """Return the note pinned for a log; None where there is none yet."""
        try:
            return self._path(origin).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def put(self, origin: str, note: str) -> None:
        """Replace the note: temporary file, fsync, rename, fsync of the directory. Raises `OSError`."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(origin)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        with fresh.open("w", encoding="utf-8") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
        handle = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def origins(self) -> list[str]:
        """Return the logs that have a pin, by name."""
        if not self._directory.is_dir():
            return []
        return sorted(unquote(path.name.removesuffix(_SUFFIX)) for path in self._directory.glob(f"*{_SUFFIX}"))

    def _path(self, origin: str) -> Path:
        return self._directory / f"{quote(origin, safe='')}{_SUFFIX}"


def pinned_checkpoint(pins: Pin, origin: str, verifier: VerifierKey) -> Checkpoint | None:
    """Return a log's pinned checkpoint; None where none was pinned.

    Raises `LogBehindPin` for one that does not verify.
    """
    note = pins.newest(origin)
    if note is None:
        return None
    try:
        return verify_checkpoint(note, verifier, origin)
    except SignatureError:
        raise LogBehindPin(f"the pin of log {origin} is not signed by our log key: restore it") from None
