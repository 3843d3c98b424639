"""The journal of every call a registry received: what it was asked, about whom, and how it answered (PROTOCOL 9).

Logins are not calls. The last 100,000 lines are kept; the count is of all. With a file, each line is
also appended there before the answer goes out, so that it outlives a kill of this process.
"""

import os
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import orjson

from schemas.dates import LOCAL

KEPT = 100_000


class Entry(NamedTuple):
    """One call. `outcome` is `found`, `no_match`, `fault`, `refused`, or the misbehaviour it met."""

    operation: str
    subject: str
    request_id: str | None
    outcome: str


class Journal:
    """Bounded in memory, exact in count."""

    def __init__(self, file: Path | None = None) -> None:
        self._lines: deque[tuple[float, str, str, str | None, str]] = deque(maxlen=KEPT)
        self._count = 0
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if file is not None else None

    def add(self, time: float, entry: Entry) -> None:
        """Write one call down; `time` is Unix time of its arrival in seconds."""
        self._lines.append((time, *entry))  # a plain tuple of texts is nothing a collector must look at
        self._count += 1
        if self._descriptor is not None:
            os.write(self._descriptor, _line(time, entry))

    @property
    def calls(self) -> int:
        """How many calls there ever were."""
        return self._count

    def lines(self) -> bytes:
        """Everything kept, oldest first, one JSON object a line."""
        return b"".join(_line(line[0], Entry(*line[1:])) for line in self._lines)

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _line(time: float, entry: Entry) -> bytes:
    when = datetime.fromtimestamp(time, LOCAL).isoformat(timespec="milliseconds")
    return orjson.dumps({"time": when, **entry._asdict()}, option=orjson.OPT_APPEND_NEWLINE)
