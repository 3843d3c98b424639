"""The journal is exact and outlives its process."""

import json

from mocks.journal import KEPT, Entry, Journal

ENTRY = Entry("traHoSo/KS", "099191000001", "r-1", "found")


def test_lines_say_who_was_asked_about_and_what_came_of_it():
    """A line holds time with offset, operation, subject, request id and outcome."""
    journal = Journal()
    journal.add(0.5, ENTRY)
    assert json.loads(journal.lines()) == {
        "time": "1970-01-01T07:00:00.500+07:00",
        "operation": "traHoSo/KS",
        "subject": "099191000001",
        "request_id": "r-1",
        "outcome": "found",
    }


def test_memory_is_bounded_and_the_count_is_not():
    """Old lines are dropped, the count goes on."""
    journal = Journal()
    for _ in range(KEPT + 10):
        journal.add(0.0, ENTRY)
    assert journal.calls == KEPT + 10
    assert journal.lines().count(b"\n") == KEPT


def test_a_file_gets_every_line_at_once(tmp_path):
    """Lines are in the file before the next call, and a later process appends."""
    for _ in range(2):
        journal = Journal(tmp_path / "journal.jsonl")
        journal.add(0.0, ENTRY)
        written = (tmp_path / "journal.jsonl").read_bytes()
        journal.close()
    assert written.count(b"\n") == 2
