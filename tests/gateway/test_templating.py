"""Templates: escaped, and strict about names."""

import pytest
from jinja2 import UndefinedError

from gateway.templating import templates


def test_values_are_escaped_and_filters_are_there(tmp_path):
    """What a page shows is text, whatever it holds; the filters given can be used."""
    (tmp_path / "page.html").write_text("<p>{{ name | loud }}</p>")
    page = templates(tmp_path, {"loud": str.upper}).get_template("page.html")
    assert page.render(name="<b>") == "<p>&lt;B&gt;</p>"


def test_a_name_that_nobody_gave_is_an_error(tmp_path):
    """A misspelt name ends the page instead of leaving a gap."""
    (tmp_path / "page.html").write_text("{{ missing }}")
    with pytest.raises(UndefinedError):
        templates(tmp_path, {}).get_template("page.html").render()
