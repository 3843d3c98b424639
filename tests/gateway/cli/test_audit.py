"""`lienthong audit` and `log`: what is wrong is named, what is not anchored is said."""

import json

import pytest


@pytest.fixture
def applied(lienthong, layout):
    """Put the sandbox's configuration in force, so that the log has an entry."""
    done = lienthong("apply", layout.config)
    assert (done.code, done.err) == (0, "")
    return layout


def test_a_log_without_anchor_is_said(lienthong, applied):
    """Without any checkpoint outside the database the log may be sound, but the exit code is 3."""
    assert not list(applied.pins.iterdir())
    done = lienthong("audit", "verify")
    assert (done.code, done.out.splitlines()[-1]) == (3, "the log verifies")
    assert "--against" in done.err


@pytest.mark.usefixtures("applied")
def test_a_false_checkpoint_is_refused(lienthong, tmp_path):
    """A file that is no checkpoint of this log's key is an error of one line."""
    (tmp_path / "note").write_text("hello")
    done = lienthong("audit", "verify", "--against", tmp_path / "note")
    assert (done.code, done.err.count("\n")) == (1, 1)


@pytest.mark.usefixtures("applied")
def test_the_report_is_json_too(lienthong):
    """--json gives logs, problems and what no anchor holds."""
    report = json.loads(lienthong("audit", "verify", "--json").out)
    assert (report["ok"], report["problems"]) == (True, [])
    assert report["entries"] == sum(log["entries"] for log in report["logs"]) > 0
    assert report["unanchored"]


@pytest.mark.usefixtures("applied")
def test_an_unknown_request_has_no_entries(lienthong):
    """A request id that the log does not know ends with 1."""
    done = lienthong("audit", "show", "--request-id", "019a0000-0000-7000-8000-000000000000")
    assert (done.code, "no entry" in done.err) == (1, True)


@pytest.mark.usefixtures("applied")
def test_an_address_has_a_mark(lienthong):
    """The same however it is written, one a year; what is no address is wrong usage."""
    told = lienthong("audit", "mark", "192.0.2.7")
    assert (told.code, told.err) == (0, "")
    assert told.out == lienthong("audit", "mark", "::ffff:192.0.2.7").out
    marks = json.loads(lienthong("audit", "mark", "192.0.2.7", "--json").out)
    assert told.out.split() == [word for pair in marks.items() for word in pair]
    assert {len(mark) for mark in marks.values()} == {8}
    refused = lienthong("audit", "mark", "proxy")
    assert (refused.code, "no network address" in refused.err) == (2, True)


@pytest.mark.usefixtures("applied")
def test_nothing_is_reopened_unasked(lienthong):
    """`log reopen` without --yes does nothing and says so; with it, a sound log stays as it is."""
    refused = lienthong("log", "reopen", "--why", "test")
    assert (refused.code, "nothing was done" in refused.err) == (1, True)
    done = lienthong("log", "reopen", "--why", "test", "--yes")
    assert (done.code, done.out) == (0, "no log is behind its pin\n")
    listed = json.loads(lienthong("log", "list", "--json").out)
    assert [log["closed"] for log in listed] == [None] * len(listed)
