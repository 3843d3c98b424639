"""What is told of dossiers: PROTOCOL's members, local time, and no person."""

from datetime import UTC, datetime

from gateway.dossiers.receiving import EventResult, Rejection
from gateway.dossiers.views import dossier_json, event_json, results_json
from gateway.store.dossiers import StoredDossier, StoredEvent
from schemas.pointers import FieldError

AT = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
LOCAL = "2026-11-21T08:30:00.000+07:00"


def test_results_hold_what_the_protocol_says():
    """`warning` and `problem` appear only where there is one."""
    rejection = Rejection("event-conflict", (FieldError("/events/2/event_id", "This event_id was …"),))
    told = results_json(
        [
            EventResult("E1", "accepted", 1),
            EventResult("E2", "late", 2, "unusual-transition"),
            EventResult(None, "rejected", rejection=rejection),
        ],
        public_url="https://gateway.test",
        request_id="r-1",
    )
    assert told[0] == {"event_id": "E1", "result": "accepted", "sequence": 1}
    assert told[1] == {"event_id": "E2", "result": "late", "sequence": 2, "warning": "unusual-transition"}
    assert (told[2]["event_id"], told[2]["sequence"]) == (None, None)
    problem = told[2]["problem"]
    assert (problem["code"], problem["status"], problem["request_id"]) == ("event-conflict", 409, "r-1")
    assert problem["type"] == "https://gateway.test/problems/event-conflict"
    assert problem["errors"] == [{"pointer": "/events/2/event_id", "detail": "This event_id was …"}]


def test_a_dossier_is_told_in_local_time():
    """Members that nobody stated are null, those of components are left out."""
    event = {"sequence": 1, "event_id": "E1", "status": 2, "occurred_at": AT, "recorded_at": AT, "late": False}
    told = dossier_json(
        StoredDossier(
            "H99.01-261121-0001", "H99.01", "9.999901", 2, AT, AT, None, "online", None, None,
            final=False, reopened_at=None, components=({"code": "TP01"},), events=({**event, "warning": None},),
        )
    )  # fmt: skip
    assert (told["occurred_at"], told["received_at"], told["due_at"]) == (LOCAL, LOCAL, None)
    assert told["components"] == [{"code": "TP01"}]
    assert told["events"] == [{**event, "warning": None, "occurred_at": LOCAL, "recorded_at": LOCAL}]


def test_the_feed_tells_what_was_stated():
    """Content stands beside the head, its times in local form too."""
    content = {"due_at": "2026-11-21T01:30:00Z", "components": [{"code": "TP01"}]}
    told = event_json(
        StoredEvent(
            7, "E1", "D", "9.999901", "H99.01", 2, AT, AT, late=True, warning=None, applied=True, content=content
        )
    )
    assert (told["sequence"], told["late"], told["due_at"]) == (7, True, LOCAL)
    assert told["components"] == [{"code": "TP01"}]
