"""A report names the first bad entry."""

from gateway.evidence.report import MAX_PROBLEMS, Findings, LogReport, Problem, Report, Sight


def test_the_closest_sight_of_the_earliest_entry_comes_first():
    """Within a log an entry that is itself wrong comes before one whose counterpart is, and both before a range."""
    findings = Findings()
    findings.add("a", 1, "range", Sight.ROOT)
    findings.add("a", None, "checkpoint")
    findings.add("a", 9, "leaf")
    findings.add("a", 3, "pair", Sight.PAIR)
    findings.add("a", 4, "leaf")
    assert [problem.index for problem in findings.ordered()] == [4, 9, 3, 1, None]


def test_findings_are_bounded():
    """A log ruined from end to end does not fill the memory."""
    findings = Findings()
    for index in range(MAX_PROBLEMS * 3):
        findings.add("a", index, "x")
    assert len(findings.ordered()) == MAX_PROBLEMS


def test_a_report_speaks_in_one_line_a_problem():
    """A problem reads as place and reason; a report without one is fine, and says what no anchor holds."""
    assert str(Problem("log/0", 7, "missing")) == "log/0 #7: missing"
    assert str(Problem("log/0", None, "unsigned")) == "log/0: unsigned"
    report = Report((LogReport("a", 3, 3, 3), LogReport("b", 2, 0, 0), LogReport("c", 0, 0, 0)), ())
    assert report.ok
    assert report.first is None
    assert report.entries == 5
    assert report.unanchored == ("b",)
