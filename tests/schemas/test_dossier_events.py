"""A broken envelope refuses the call, a broken event itself alone, and nothing sent is repeated."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dossier_events import EVENTS_LIMIT, BrokenEvent, parse_event, parse_events, parse_time
from schemas.dossiers import DossierEvent, Party, canonical_event
from schemas.pointers import SchemaError

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
EVENT = {
    "event_id": "H99-2026-000123",
    "dossier": "H99.01-261121-0001",
    "procedure": "9.999901",
    "agency": "H99.01",
    "status": 2,
    "occurred_at": "2026-11-21T08:30:00+07:00",
    "received_at": "2026-11-21T08:29:00+07:00",
    "due_at": "2026-11-24T17:00:00+07:00",
    "channel": "online",
    "fee_due": True,
    "parties": [{"id_type": "personal_id", "id": "099191000001", "role": "applicant"}],
    "components": [
        {
            "code": "TP01",
            "name": "Giấy khai sinh",
            "obtained": "registry",
            "lookup_id": "0199A5A0-0000-7000-8000-00000000ABCD",
            "digitised": True,
            "reused": True,
            "required": True,
        }
    ],
    "result": {"name": "Kết quả", "electronic": True},
    "officer": {"id": "099085000009", "name": "Trần Văn Cán", "unit": "H99.01"},
    "note": "Đủ hồ sơ",
}


def parsed(**changes):
    """Read the example with members replaced; `...` leaves one out."""
    members = {name: value for name, value in {**EVENT, **changes}.items() if value is not ...}
    return parse_event(members, NOW)


def pointers(found):
    """Return where a broken event's faults are."""
    assert isinstance(found, BrokenEvent), found
    return [error.pointer for error in found.errors]


def test_the_example_of_the_protocol_is_read():
    """Every member arrives in its canonical value."""
    found = parse_event(EVENT, NOW)
    assert isinstance(found, DossierEvent)
    assert (found.status, found.occurred_at) == (2, datetime(2026, 11, 21, 1, 30, tzinfo=UTC))
    assert found.stated == {
        "received_at": "2026-11-21T01:29:00Z",
        "due_at": "2026-11-24T10:00:00Z",
        "channel": "online",
        "fee_due": True,
        "result": {"name": "Kết quả", "electronic": True},
    }
    assert found.parties == (Party("personal_id", "099191000001", "applicant"),)
    assert found.components[0]["lookup_id"] == "0199a5a0-0000-7000-8000-00000000abcd"
    assert (found.officer, found.note) == (EVENT["officer"], "Đủ hồ sơ")


def test_what_is_left_out_is_unstated():
    """Only six members are needed."""
    needed = ("event_id", "dossier", "procedure", "agency", "status", "occurred_at")
    found = parse_event({name: EVENT[name] for name in needed}, NOW)
    assert (found.stated, found.components, found.parties, found.officer, found.note) == ({}, None, None, None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "2"},
        {"status": "02"},
        {"occurred_at": "2026-11-21T01:30:00Z"},
        {"occurred_at": "2026-11-21t01:30:00.000000z"},
        {"procedure": "9.999901.H99"},
        {"agency": "000.00.01.H99"},
        {"parties": [*EVENT["parties"], *EVENT["parties"]]},
        {"dossier": "H99.01-261121-0001"},
    ],
)
def test_other_spellings_of_the_same_values_are_the_same_event(changes):
    """A duplicate is known by its parsed values, however it was written."""
    assert canonical_event(parsed(**changes)) == canonical_event(parsed())


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"event_id": ...}, "/event_id"),
        ({"event_id": ""}, "/event_id"),
        ({"event_id": "x" * 129}, "/event_id"),
        ({"event_id": "a\nb"}, "/event_id"),
        ({"event_id": 5}, "/event_id"),
        ({"dossier": "x" * 65}, "/dossier"),
        ({"dossier": "a\tb"}, "/dossier"),
        ({"procedure": "abc"}, "/procedure"),
        ({"agency": "99"}, "/agency"),
        ({"status": 0}, "/status"),
        ({"status": 11}, "/status"),
        ({"status": True}, "/status"),
        ({"status": 2.0}, "/status"),
        ({"status": "２"}, "/status"),
        ({"status": None}, "/status"),
        ({"occurred_at": "2026-11-21T08:30:00"}, "/occurred_at"),
        ({"occurred_at": "2026-02-30T08:30:00Z"}, "/occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+07:00"}, "/occurred_at"),
        ({"occurred_at": "1899-12-31T00:00:00Z"}, "/occurred_at"),
        ({"occurred_at": 1763688600}, "/occurred_at"),
        ({"occurred_at": "2099-01-01T00:00:00Z"}, "/occurred_at"),
        ({"due_at": "tomorrow"}, "/due_at"),
        ({"received_at": None}, "/received_at"),
        ({"channel": "fax"}, "/channel"),
        ({"fee_due": "yes"}, "/fee_due"),
        ({"note": None}, "/note"),
        ({"note": "a\x01"}, "/note"),
        ({"note": "x" * 2001}, "/note"),
        ({"parties": {}}, "/parties"),
        ({"parties": [{"id_type": "personal_id", "id": "1", "role": "child"}]}, "/parties/0/id"),
        ({"parties": [{"id_type": "passport", "id": "1", "role": "child"}]}, "/parties/0/id"),
        ({"parties": [{"id_type": "personal_id", "id": "099191000001", "role": "Child"}]}, "/parties/0/role"),
        ({"parties": EVENT["parties"] * 101}, "/parties"),
        ({"components": [{"name": "a"}]}, "/components/0/code"),
        ({"components": [{"code": "a", "lookup_id": "0199"}]}, "/components/0/lookup_id"),
        ({"components": [{"code": "a", "obtained": "magic"}]}, "/components/0/obtained"),
        ({"components": [{"code": "a"}, {"code": "a"}]}, "/components"),
        ({"components": [{"code": "a", "name": "\x00"}]}, "/components/0/name"),
        ({"result": {"electronic": 1}}, "/result/electronic"),
        ({"officer": {"unit": "nowhere"}}, "/officer/unit"),
        ({"further": 1}, "/further"),
    ],
)
def test_each_fault_is_pointed_at(changes, where):
    """Wrong types, nulls, extra members and impossible values refuse the event, and say where."""
    assert where in pointers(parsed(**changes))


def test_the_future_begins_after_five_minutes():
    """Exactly five minutes ahead of the gateway's clock is still taken."""
    assert isinstance(parsed(occurred_at=(NOW + timedelta(minutes=5)).isoformat()), DossierEvent)
    assert pointers(parsed(occurred_at=(NOW + timedelta(minutes=5, microseconds=1)).isoformat())) == ["/occurred_at"]


def test_a_broken_event_is_named_where_it_can_be():
    """Its sender can tell which one was refused; what is no id is not repeated."""
    assert parsed(status=99).event_id == EVENT["event_id"]
    assert parsed(event_id="a\x00").event_id is None
    assert parse_event("text", NOW).event_id is None
    assert parse_event({"event_id": ["x"]}, NOW).event_id is None


def test_faults_point_into_the_body():
    """Within an envelope the event's number leads."""
    found = parse_events({"events": [EVENT, {**EVENT, "status": 0}]}, NOW)
    assert isinstance(found[0], DossierEvent)
    assert pointers(found[1]) == ["/events/1/status"]


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"events": []}, {"events": EVENT}, {"events": [EVENT], "more": 1}, {"events": [EVENT] * 501}, "x"],
)
def test_a_broken_envelope_is_refused_whole(body):
    """No event of it is looked at."""
    with pytest.raises(SchemaError):
        parse_events(body, NOW)


def test_five_hundred_events_are_taken():
    """The limit itself is within."""
    assert len(parse_events({"events": [EVENT] * EVENTS_LIMIT}, NOW)) == 500


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 20) | st.text(max_size=8) | st.sampled_from(["2", "personal_id"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(EVENT)), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(sorted(EVENT)), json_values, max_size=4), st.sets(st.sampled_from(sorted(EVENT)))
)
def test_nothing_but_an_event_or_its_faults_comes_back(changes, missing):
    """Whatever the JSON is, parsing neither raises nor repeats what was sent."""
    members = {name: value for name, value in {**EVENT, **changes}.items() if name not in missing}
    found = parse_event(members, NOW)
    if isinstance(found, BrokenEvent):
        assert found.errors
    else:
        assert canonical_event(found)


@pytest.mark.parametrize(
    ("text", "micro"), [("2026-11-21T08:30:00.1234567+07:00", 123456), ("2026-11-21T08:30:00.5+07:00", 500000)]
)
def test_fractions_are_kept_to_microseconds(text, micro):
    """Finer ones are cut, not rounded, so that order is never reversed."""
    assert parse_time(text).microsecond == micro
