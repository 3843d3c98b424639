"""The console's pictures: SVG without scripts, with the numbers they were given."""

from datetime import date, timedelta

import pytest
from lxml import etree

from gateway.console.charts import hours, volume
from gateway.console.pictures import Drawer

DAYS = [(date(2026, 11, 9) + timedelta(days=step), 10 * step, 12.0 if step else None) for step in range(14)]


@pytest.mark.parametrize(
    "drawn", [lambda: volume(DAYS), lambda: hours({(1, 9): 41, (5, 16): 3}, "vi"), lambda: hours({}, "en")]
)
def test_a_picture_is_svg_that_fetches_and_runs_nothing(drawn):
    """It parses as XML and holds neither a script nor a reference to another place."""
    root = etree.fromstring(drawn().encode())
    assert etree.QName(root).localname == "svg"
    assert [node for node in root.iter() if etree.QName(node).localname in {"script", "image", "foreignObject"}] == []


def test_the_numbers_stand_in_the_picture():
    """The busiest hour of a week is written in its square, under the weekday's Vietnamese name."""
    drawn = hours({(1, 9): 41}, "vi")
    assert ">41<" in drawn
    assert "Thứ Hai" in drawn


async def test_a_picture_is_drawn_once():
    """The same key is answered from what was kept; another key draws anew."""
    drawer, calls = Drawer(), []

    def draw():
        calls.append(1)
        return "<svg/>"

    for key in ("a", "a", "b"):
        assert (await drawer.picture(key, draw)).text == "<svg/>"
    assert len(calls) == 2
