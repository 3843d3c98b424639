"""Files that auditors take away."""

import csv
import io

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.exporting import csv_bytes, ndjson_bytes, neutral


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0", "＝1"])
def test_a_formula_becomes_text(text):
    """What a spreadsheet would compute gets an apostrophe in front."""
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize(("value", "cell"), [(None, ""), (-1.5, "-1.5"), ("H99.01", "H99.01"), ("", "")])
def test_other_values_stay(value, cell):
    """Numbers are numbers, plain texts stay as they are."""
    assert neutral(value) == cell


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")), min_size=1, max_size=4))
def test_csv_is_read_back_as_written(cells):
    """Quotes, commas and line ends survive; no cell begins a formula."""
    columns = [f"c{place}" for place in range(len(cells))]
    text = csv_bytes(columns, [dict(zip(columns, cells, strict=True))]).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows == [columns, [neutral(cell) for cell in cells]]
    assert not any(cell.lstrip(" ")[:1] in {"=", "+", "-", "@"} for cell in rows[1])


def test_ndjson_is_a_line_a_row():
    """Each line is a JSON object."""
    lines = ndjson_bytes([{"a": "x\ny"}, {"a": None}]).splitlines()
    assert [orjson.loads(line) for line in lines] == [{"a": "x\ny"}, {"a": None}]
