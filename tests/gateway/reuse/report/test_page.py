"""The page a minister is shown: complete by itself, honest about small counts, safe against what it shows."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from gateway.reuse.metrics import Rate, Sums, metrics
from gateway.reuse.report import charts
from gateway.reuse.report.charts import Pair, Step, Tile
from gateway.reuse.report.page import as_page


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links = [], []

    def handle_starttag(self, tag, attrs):
        """Collect."""
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in {"src", "href", "xlink:href"}]


@pytest.fixture(scope="module")
def page(report):
    """Draw the page."""
    return as_page(report)


def test_the_page_needs_nothing_else(page):
    """No script, no link, no image but drawings inside."""
    seen = _Tags()
    seen.feed(page)
    assert "svg" in seen.tags
    assert seen.links == []
    assert not {"script", "img", "link", "iframe", "object"} & set(seen.tags)
    assert seen.tags.count("svg") == 5


def test_vietnamese_comes_first(page):
    """Title, pictures, table and definitions in Vietnamese with English under it, numbers as Vietnam writes them."""
    assert '<html lang="vi">' in page
    pairs = {"theo khai báo": "Declared reuse", "Từ nhu cầu": "From need to reuse", "Định nghĩa": "Definitions"}
    for vi, en in pairs.items():
        assert page.index(vi) < page.index(en)
    assert "75,00 %" in page
    assert "hết 31/05/2026" in page


def test_what_is_shown_is_text(page):
    """Names of groups and procedures are escaped, in the table and in the drawings."""
    assert "=H99<b>" not in page
    assert "=H99&lt;b&gt;" in page
    assert "<i>thường" not in page


def test_small_counts_are_withheld_everywhere(page):
    """Four evidenced dossiers appear as fewer than ten, in no rate; so does the cause that has five."""
    assert "&lt; 10 *" in page
    assert "4 / 400" not in page
    assert "1,00 %" not in page.replace("31,00 %", "")
    assert "−5<" not in page


def test_an_empty_period_says_so(report):
    """No dossier, no picture, and a sentence."""
    whole = metrics(Sums(repeats=Rate(0, 0)))
    empty = as_page(replace(report, whole=whole, rows=[], provinces=[], months=[], fields=[], lag={}))
    assert "Không có hồ sơ nào trong kỳ" in empty
    assert "<svg" not in empty


@pytest.mark.parametrize(
    "drawn",
    [
        lambda: charts.waterfall([Step("a", 20, "total"), Step("b", None, "loss"), Step("c", 20, "used")]),
        lambda: charts.dumbbells([Pair("H98", 80.0, 10.0), Pair("H99", None, 20.0)]),
        lambda: charts.heat_map([Tile("r", "c", 80.0), Tile("r", "d", None)]),
        lambda: charts.bars([("x", 50.0), ("y", None)]),
        lambda: charts.trend([Pair("2026-04", 80.0, 10.0), Pair("2026-05", 81.0, 12.0)]),
    ],
)
def test_pictures_are_drawings_without_script(drawn):
    """SVG with words in it, no script, and no number where one is withheld."""
    svg = drawn()
    assert svg.startswith("<svg ")
    assert "<text" in svg
    assert "<script" not in svg
    assert "NaN" not in svg
