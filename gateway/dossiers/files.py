"""Files of dossier events: NDJSON, one event a line, or CSV with the header below (PROTOCOL section 5).

The rule: a file is only translated here; what an event may hold is judged by the gateway alone. A CSV row is an event;
rows that follow each other with the same `event_id` add parties and components to it. An empty cell is unstated.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from schemas.strict_json import JsonRefused, loads

_PLAIN = ("event_id", "dossier", "procedure", "agency", "status", "occurred_at", "received_at", "due_at", "channel")
_OBJECTS: Mapping[str, tuple[str, ...]] = {
    "party": ("id_type", "id", "role"),
    "component": ("code", "name", "obtained", "lookup_id", "digitised", "reused", "required"),
    "result": ("name", "electronic"),
    "officer": ("id", "name", "unit"),
}
_FLAGS = frozenset(
    {"fee_due", "component_digitised", "component_reused", "component_required", "result_electronic"},
)
_WORDS = {"true": True, "false": False, "1": True, "0": False}
HEADER = (
    *_PLAIN,
    "fee_due",
    *(f"{word}_{member}" for word, members in _OBJECTS.items() for member in members),
    "note",
)
"""The columns of a CSV file; any of them may be left out, in any order."""


class EventFileError(Exception):
    """A file as a whole cannot be read as events; the text says what to mend."""


@dataclass(frozen=True, slots=True)
class FileEvent:
    """One event of a file. `event` is None where the line cannot be read, and `fault` says why."""

    line: int
    event: dict[str, Any] | None
    fault: str = ""


def read_events(path: Path) -> Iterator[FileEvent]:
    """Yield a file's events in order, lazily: `.csv` as CSV, everything else as NDJSON.

    Raises `EventFileError` or `OSError`.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _csv(file) if path.suffix.lower() == ".csv" else _ndjson(file)
    except UnicodeDecodeError:
        raise EventFileError(f"{path} is not UTF-8") from None


def _ndjson(file: TextIO) -> Iterator[FileEvent]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            event = loads(line.encode())
        except JsonRefused as error:
            yield FileEvent(number, None, error.detail)
            continue
        if isinstance(event, dict):
            yield FileEvent(number, event)
        else:
            yield FileEvent(number, None, "the line is not an object")


def _csv(file: TextIO) -> Iterator[FileEvent]:
    rows = csv.DictReader(file, strict=True)
    try:
        unknown = [str(name) for name in rows.fieldnames or () if name not in HEADER]
        if not rows.fieldnames or unknown:
            raise EventFileError(f"the header has unknown columns {unknown}; known are: {', '.join(HEADER)}")
        yield from _joined(rows)
    except csv.Error as error:
        raise EventFileError(f"line {rows.line_num} is not CSV: {error}") from None


def _joined(rows: "csv.DictReader[str]") -> Iterator[FileEvent]:
    held: FileEvent | None = None
    for row in rows:
        found = _row(rows.line_num, row)
        if held is not None and held.event and found.event and held.event["event_id"] == found.event.get("event_id"):
            held = FileEvent(held.line, _added(held.event, found.event))
            continue
        if held is not None:
            yield held
        held = found
    if held is not None:
        yield held


def _row(number: int, row: Mapping[str | Any, Any]) -> FileEvent:
    if None in row or None in row.values():
        return FileEvent(number, None, "the row has not as many cells as the header")
    event: dict[str, Any] = {}
    for name, text in row.items():
        if text == "":
            continue
        value: Any = text
        if name in _FLAGS:
            value = _WORDS.get(text.strip().lower(), text)
        word, _, member = name.partition("_")
        if word in _OBJECTS and member in _OBJECTS[word]:
            event.setdefault(word, {})[member] = value
        else:
            event[name] = value
    for one, many in (("party", "parties"), ("component", "components")):
        if one in event:
            event[many] = [event.pop(one)]
    if "event_id" not in event:
        return FileEvent(number, None, "the row has no event_id")
    return FileEvent(number, event)


def _added(event: dict[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event with the parties and components of a further row."""
    joined = {**event, **{name: value for name, value in more.items() if name not in {"parties", "components"}}}
    for name in ("parties", "components"):
        if name in more:
            known = event.get(name, [])
            joined[name] = known + [item for item in more[name] if item not in known]
    return joined


def as_line(event: Mapping[str, Any]) -> bytes:
    """Return an event as compact JSON."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
