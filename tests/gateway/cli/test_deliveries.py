"""`lienthong deliveries`: how a dossier's delivery is told. The commands themselves run in the flows."""

from datetime import UTC, datetime

import pytest

from gateway.cli import deliveries
from gateway.store.delivery import Head, Outgoing

AT = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


def _head(**members):
    made = {
        "dossier": "H99.01-261121-0001",
        "next": 7,
        "attempts": 0,
        "last_error": None,
        "parked": None,
        "parked_at": None,
        "due_at": AT,
        "in_doubt": False,
        "acknowledged": None,
        "acknowledged_at": None,
        "pending": 2,
    }
    return Head(**{**made, **members})


@pytest.mark.parametrize(
    ("members", "line"),
    [
        ({}, "2 waiting, due 2026-11-21T08:00:00+07:00"),
        (
            {"parked": "portal-1", "attempts": 1, "last_error": "portal-1"},
            "2 waiting, parked (portal-1: the portal refuses a member; ",
        ),
        ({"pending": 0, "next": None}, "0 waiting, delivered"),
    ],
)
def test_a_head_is_one_line(members, line):
    """Waiting, parked with its reason, or delivered; times are local."""
    assert deliveries._line(_head(**members)).startswith(f"H99.01-261121-0001: {line}")


def test_json_members():
    """Times are texts with their offset, absent ones null."""
    assert deliveries._head_json(_head())["parked_at"] is None
    event = deliveries._event_json(Outgoing(7, True, AT, None, None, True))
    assert event == {
        "sequence": 7,
        "late": True,
        "queued_at": "2026-11-21T08:00:00+07:00",
        "delivered_at": None,
        "how": None,
        "kept": True,
    }
