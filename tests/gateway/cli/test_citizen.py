"""`lienthong citizen`: a report on the command line, as JSON, as a page, and checked."""

import json

import pytest

PERSON = "099191000001"


@pytest.fixture
def applied(lienthong, layout):
    """Put the sandbox's configuration in force."""
    assert lienthong("apply", layout.config).code == 0


@pytest.mark.usefixtures("applied")
def test_a_report_is_json_a_page_and_can_be_checked(lienthong, tmp_path):
    """JSON verifies with the key inside it, and that is said; the page is its owner's alone and masks the number."""
    done = lienthong("citizen", "report", "--id", PERSON, "--json")
    assert (done.code, json.loads(done.out)["totalUsages"]) == (0, 0)
    (tmp_path / "report.json").write_text(done.out, encoding="utf-8")
    checked = lienthong("citizen", "verify", tmp_path / "report.json")
    assert (checked.code, "0 rows proved" in checked.out, "--vkey" in checked.err) == (0, True, True)
    assert lienthong("citizen", "report", "--id", PERSON, "--html", tmp_path / "report.html").code == 0
    assert (tmp_path / "report.html").stat().st_mode & 0o077 == 0
    assert PERSON not in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("layout")
def test_wrong_input_is_refused_without_repeating_it(lienthong, tmp_path):
    """A false number, kind or period is wrong usage, and what is no report fails; nothing typed is told again."""
    for words in (["--id", "09919100000X"], ["--id", PERSON, "--id-type", "none"]):
        done = lienthong("citizen", "report", *words)
        assert (done.code, "099191" in done.err) == (2, False)
    backwards = ["--from", "2026-02-01", "--to", "2026-01-01"]
    assert lienthong("citizen", "report", "--id", PERSON, *backwards).code == 2
    (tmp_path / "junk").write_text("junk")
    assert lienthong("citizen", "verify", tmp_path / "junk").code == 1
