"""What has to be told for an event, and what the portal's own word shows as done."""

from datetime import UTC, datetime

import orjson
import pytest

from adapters.portal_fields import PortalProcedure
from gateway.delivery.plan import Step, Unplannable, remaining, steps_of
from gateway.dossiers.carrying import Parcel
from gateway.store.delivery import Claimed

PROCEDURES = {"9.999901": PortalProcedure("Đăng ký thường trú", "LV99", "Lĩnh vực thử nghiệm")}
FIRST = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)


@pytest.fixture
def claimed():
    """Return a maker of claims."""

    def make(**members):
        made = {
            "dossier": "H99.01-261121-0001",
            "token": 1,
            "doubtful": False,
            "attempts": 0,
            "acknowledged": None,
            "sequence": 7,
            "late": False,
            "payload": b"",
            "client": "H99.igate",
            "event_id": "e",
            "applied": True,
            "received_at": None,
            "due_at": None,
            "first_at": FIRST,
            "channel": None,
            "fee_due": None,
            "result": None,
            "components": (),
        }
        return Claimed(**{**made, **members})

    return make


def _names(steps):
    return [(step.service, step.updating) for step in steps]


def test_an_event_in_time_sends_state_and_progress(claimed, event):
    """The first event makes the dossier, a further one changes it; each adds its progress line."""
    parcel = Parcel(event("H99.01-261121-0001", 2, 5), None)
    first = steps_of(claimed(), parcel, PROCEDURES, ("DC",))
    assert _names(first) == [("DongBoHoSoMC", False), ("CapNhatTienDoHoSoMC", False)]
    assert first[0].item["DSKetNoiCSDL"] == [{"MaCSDL": "DC"}]
    assert _names(steps_of(claimed(acknowledged=3), parcel, PROCEDURES))[0] == ("DongBoHoSoMC", True)


def test_late_and_kept_events_send_less(claimed, event):
    """A late event is a progress line; one without effect is nothing."""
    parcel = Parcel(event("H99.01-261121-0001", 2, 5), None)
    assert _names(steps_of(claimed(late=True), parcel, PROCEDURES)) == [("CapNhatTienDoHoSoMC", False)]
    assert steps_of(claimed(applied=False), parcel, PROCEDURES) == ()


def test_an_unknown_procedure_cannot_be_told(claimed, event):
    """A procedure that the portal's catalogue lacks has no name to send."""
    with pytest.raises(Unplannable, match="procedure-unknown"):
        steps_of(claimed(), Parcel(event("H99.01-261121-0001", 2, 5, procedure="9.999999"), None), PROCEDURES)


@pytest.mark.parametrize(("updating", "service"), [("True", "DongBoHoSoMC"), ("False", "DongBoHoSoMC")])
def test_a_message_in_the_dialect_goes_out_unchanged(claimed, event, updating, service):
    """Its own item, its own service, its own isUpdating; a late dossier becomes a progress line."""
    item = {"MaHoSo": "H99.01-261121-0001", "TrangThaiHoSo": 2, "GhiChu": None, "LaGi": "khác"}
    original = orjson.dumps({"service": service, "item": item, "isUpdating": updating})
    parcel = Parcel(event("H99.01-261121-0001", 2, 5), original)
    assert steps_of(claimed(), parcel, {}) == (Step(service, item, updating == "True"),)
    assert _names(steps_of(claimed(late=True), parcel, {})) == [("CapNhatTienDoHoSoMC", False)]


def test_what_the_portal_holds_needs_no_telling():
    """A dossier all of whose members are held and a line that is there are done; the rest is a change."""
    dossier, line = Step("DongBoHoSoMC", {"MaHoSo": "A", "TrangThaiHoSo": "2"}), Step("CapNhatTienDoHoSoMC", {"a": "1"})
    assert remaining((dossier, line), None) == (dossier, line)
    held = {"MaHoSo": "A", "TrangThaiHoSo": "2", "GhiChu": "x", "QuaTrinhXuLy": [{"a": "2"}]}
    assert _names(remaining((dossier, line), held)) == [("CapNhatTienDoHoSoMC", True)]
    assert _names(remaining((dossier, line), {**held, "TrangThaiHoSo": "1", "QuaTrinhXuLy": [{"a": "1"}]})) == [
        ("DongBoHoSoMC", True)
    ]
