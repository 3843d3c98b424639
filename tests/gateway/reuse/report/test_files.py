"""Reports as files."""

import csv
import io
from importlib import import_module

import duckdb
import orjson
import pytest

from gateway.reuse.report import files
from gateway.reuse.report.figures import figures, publishable
from gateway.reuse.report.files import COLUMNS, FORMATS, ReportError, neutral, write_whole


@pytest.fixture
def told(report):
    """Return the publishable figures."""
    return publishable(figures(report.rows))


def test_csv_has_a_row_a_figure_and_no_formulas(report, told):
    """UTF-8 with a mark for spreadsheets; a group that begins like a formula is text."""
    text = FORMATS["csv"](report, told).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(told)
    assert tuple(rows[0]) == COLUMNS
    assert {row["group"] for row in rows} == {"H98", "'=H99<b>"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"])
def test_formula_cells_are_neutralised(cell):
    """Whatever a spreadsheet would run begins with an apostrophe; numbers and plain words stay."""
    assert neutral(cell) == "'" + cell
    assert neutral(-1) == -1
    assert neutral("H99") == "H99"


def test_json_and_parquet_hold_the_same_figures(report, told, tmp_path):
    """Withheld numbers are null in both; types are real ones."""
    value = orjson.loads(FORMATS["json"](report, told))
    assert (value["from"], value["to"], value["group_by"]) == ("2026-05-01", "2026-06-01", "province")
    path = tmp_path / "report.parquet"
    write_whole(path, FORMATS["parquet"](report, told))
    with duckdb.connect() as connection:
        rows = connection.execute(f"SELECT numerator, suppressed FROM '{path}'").fetchall()
    assert rows == [(item["numerator"], item["suppressed"]) for item in value["figures"]]
    assert (None, True) in rows


def test_an_empty_report_is_a_file_too(report):
    """No rows, but columns."""
    assert FORMATS["csv"](report, []).decode("utf-8-sig").strip() == ",".join(COLUMNS)
    assert FORMATS["parquet"](report, []).startswith(b"PAR1")


def test_without_duckdb_the_sentence_says_what_to_install(report, told, monkeypatch):
    """Parquet is an extra."""

    def absent(name):
        if name == "duckdb":
            raise ImportError(name)
        return import_module(name)

    monkeypatch.setattr(files, "import_module", absent)
    with pytest.raises(ReportError, match=r"lienthong\[parquet\]"):
        FORMATS["parquet"](report, told)


def test_a_file_appears_whole(tmp_path):
    """Nothing is left beside it, and an older one is replaced."""
    path = tmp_path / "report.csv"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert [item.read_bytes() for item in tmp_path.iterdir()] == [b"new"]
