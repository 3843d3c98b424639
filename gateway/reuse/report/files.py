"""Reports as files: CSV, JSON and Parquet. The rule: only what was made publishable comes here.

CSV cells that a spreadsheet would take for a formula begin with an apostrophe (they start with = + - @ or a control
character). A file appears whole or not at all.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from gateway.reuse.report.figures import Figure
from gateway.reuse.report.gathering import Report

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS = {
    "period_from": "DATE",
    "period_to": "DATE",
    "group_by": "VARCHAR",
    **{name.name: "VARCHAR" for name in fields(Figure)},
    "numerator": "BIGINT",
    "denominator": "BIGINT",
    "rate": "DOUBLE",
    "seconds": "BIGINT",
    "suppressed": "BOOLEAN",
}
COLUMNS = tuple(_COLUMNS)
"""The columns of CSV and Parquet."""


class ReportError(Exception):
    """A report cannot be written; the text says what to do."""


def table(report: Report, figures: Sequence[Figure]) -> list[tuple[Any, ...]]:
    """Return the figures as rows of `COLUMNS`."""
    head = (report.first, report.past, report.group_by)
    return [(*head, *(getattr(figure, name) for name in COLUMNS[len(head) :])) for figure in figures]


def as_csv(report: Report, figures: Sequence[Figure]) -> bytes:
    """Return UTF-8 with a byte-order mark (spreadsheets need it for Vietnamese), RFC 4180."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in table(report, figures):
        writer.writerow(["" if value is None else neutral(value) for value in row])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def neutral(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def as_json(report: Report, figures: Sequence[Figure]) -> bytes:
    """Return the figures as indented JSON."""
    head = {"from": report.first, "to": report.past, "group_by": report.group_by, "made_at": report.made_at}
    value = {**head, "figures": [asdict(figure) for figure in figures]}
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def as_parquet(report: Report, figures: Sequence[Figure]) -> bytes:
    """Return Parquet. Raises `ReportError` where duckdb is not installed."""
    try:
        duckdb: Any = import_module("duckdb")
    except ImportError:
        raise ReportError("Parquet needs duckdb, which is not installed: pip install 'lienthong[parquet]'") from None
    with TemporaryDirectory(prefix="lienthong-") as folder, duckdb.connect() as connection:
        path = Path(folder) / "report.parquet"
        columns = ", ".join(f'"{name}" {kind}' for name, kind in _COLUMNS.items())
        connection.execute(f"CREATE TABLE figure ({columns})")
        rows = table(report, figures)
        if rows:
            marks = ", ".join("?" * len(COLUMNS))
            connection.executemany(f"INSERT INTO figure VALUES ({marks})", rows)  # noqa: S608 — marks alone
        connection.execute(f"COPY figure TO '{str(path).replace(chr(39), chr(39) * 2)}' (FORMAT parquet)")
        return path.read_bytes()


FORMATS: dict[str, Callable[[Report, Sequence[Figure]], bytes]] = {
    "csv": as_csv,
    "json": as_json,
    "parquet": as_parquet,
}
"""Formats of flat figures, by name."""


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it appears whole. Raises `OSError`."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_bytes(content)
    beside.replace(path)
