"""Files of events are translated, never judged: NDJSON line by line, CSV row by row."""

from pathlib import Path

import pytest

from gateway.dossiers.files import HEADER, EventFileError, FileEvent, read_events


def written(tmp_path, text, name="events.ndjson", encoding="utf-8") -> Path:
    """Write a file."""
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_ndjson_is_one_event_a_line(tmp_path):
    """Blank lines are skipped, and a line that is no object says so under its number."""
    file = written(tmp_path, '{"event_id": "E1"}\n\n[1]\n{"a": 1, "a": 2}\n{"event_id": "Đ"}')
    events = list(read_events(file))
    assert [event.line for event in events] == [1, 3, 4, 5]
    assert events[0] == FileEvent(1, {"event_id": "E1"})
    assert [event.event is None for event in events] == [False, True, True, False]
    assert all(event.fault for event in events[1:3])


def test_csv_rows_become_events(tmp_path):
    """Cells go to their members, flags become booleans, empty cells are unstated."""
    head = "event_id,dossier,status,fee_due,officer_id,officer_name,result_electronic,note,channel"
    file = written(tmp_path, f'{head}\nE1,D1,2,true,099,"Trần, Cán",0,,online\n', "events.csv", "utf-8-sig")
    assert list(read_events(file)) == [
        FileEvent(
            2,
            {
                "event_id": "E1",
                "dossier": "D1",
                "status": "2",
                "fee_due": True,
                "officer": {"id": "099", "name": "Trần, Cán"},
                "result": {"electronic": False},
                "channel": "online",
            },
        )
    ]


def test_rows_of_one_event_add_parties_and_components(tmp_path):
    """Repeated cells are not doubled, and the next event_id begins another event."""
    rows = [
        "event_id,status,party_id_type,party_id,party_role,component_code,component_reused",
        "E1,2,personal_id,099191000001,mother,TP01,true",
        "E1,2,personal_id,099191000002,child,TP01,true",
        "E1,,,,,TP02,false",
        "E2,4,,,,,",
    ]
    first, second = read_events(written(tmp_path, "\n".join(rows), "events.csv"))
    assert [party["role"] for party in first.event["parties"]] == ["mother", "child"]
    assert first.event["components"] == [{"code": "TP01", "reused": True}, {"code": "TP02", "reused": False}]
    assert (first.line, first.event["status"], second) == (2, "2", FileEvent(5, {"event_id": "E2", "status": "4"}))


@pytest.mark.parametrize("row", ["E1", "E1,2,3", ",2"])
def test_rows_that_do_not_fit_are_faults(tmp_path, row):
    """Too few or too many cells, and rows without an id, are named and not sent."""
    (event,) = read_events(written(tmp_path, f"event_id,status\n{row}\n", "events.csv"))
    assert (event.line, event.event) == (2, None)
    assert event.fault


@pytest.mark.parametrize("text", ["", "event_id,colour\nE1,red\n", 'event_id,note\nE1,"open\n'])
def test_a_file_that_is_no_csv_is_refused(tmp_path, text):
    """Unknown columns and broken quotes end the command before anything is sent wrongly."""
    with pytest.raises(EventFileError):
        list(read_events(written(tmp_path, text, "events.csv")))


def test_other_encodings_are_refused(tmp_path):
    """UTF-8 or nothing."""
    with pytest.raises(EventFileError, match="UTF-8"):
        list(read_events(written(tmp_path, '{"note": "Trần"}', encoding="utf-16")))


def test_the_header_is_documented():
    """Every member of an event has its column."""
    assert {"event_id", "party_role", "component_lookup_id", "result_electronic", "officer_unit", "note"} <= set(HEADER)
    assert len(set(HEADER)) == len(HEADER)
