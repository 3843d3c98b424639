"""What still has to be delivered travels encrypted, and opens as the very event it was."""

import pytest

from gateway.dossiers.carrying import CarriedError, Carrier
from gateway.evidence.pseudonyms import Pseudonyms
from schemas.dossiers import canonical_event


def test_an_event_comes_back_whole(pseudonyms, make_event, party):
    """People, officer and note too, under the key of any live year."""
    event = make_event(parties=(party,), officer={"name": "Trần Văn Cán"}, note="ghi chú")
    for year in (2024, 2026, 2030):
        box = Carrier(pseudonyms).pack("H99.igate", event.event_id, canonical_event(event), year)
        assert party.id.encode() not in box
        assert canonical_event(Carrier(pseudonyms).unpack("H99.igate", event.event_id, box)) == canonical_event(event)


def test_a_box_belongs_to_one_event(pseudonyms, make_event):
    """Of another client, another event, altered, cut or under other keys, it does not open."""
    event = make_event()
    box = Carrier(pseudonyms).pack("H99.igate", event.event_id, canonical_event(event), 2026)
    others = Carrier(Pseudonyms({2026: b"x" * 32}))
    changed = box[:-1] + bytes([box[-1] ^ 1])
    for carrier, client, event_id, content in (
        (Carrier(pseudonyms), "H98.onegate", event.event_id, box),
        (Carrier(pseudonyms), "H99.igate", "E0", box),
        (Carrier(pseudonyms), "H99.igate", event.event_id, changed),
        (Carrier(pseudonyms), "H99.igate", event.event_id, box[:10]),
        (Carrier(pseudonyms), "H99.igate", event.event_id, b""),
        (others, "H99.igate", event.event_id, box),
    ):
        with pytest.raises(CarriedError):
            carrier.unpack(client, event_id, content)


def test_equal_events_have_different_boxes(pseudonyms, make_event):
    """Nobody can tell from the boxes that two events are alike."""
    event, carrier = make_event(), Carrier(pseudonyms)
    assert carrier.pack("H99.igate", event.event_id, canonical_event(event), 2026) != carrier.pack(
        "H99.igate", event.event_id, canonical_event(event), 2026
    )


def test_a_message_travels_with_its_event(pseudonyms, make_event):
    """What came in the portal's own dialect is there byte for byte; an event of ours has no such thing."""
    event, carrier = make_event(note="dòng một\ndòng hai"), Carrier(pseudonyms)
    original = '{"service":"DongBoHoSoMC","item":{"GhiChu":"dòng một\\ndòng hai"}}'.encode()
    parcel = carrier.open(
        "H99.igate", event.event_id, carrier.pack("H99.igate", event.event_id, canonical_event(event), 2026, original)
    )
    assert parcel.original == original
    assert canonical_event(parcel.event) == canonical_event(event)
    assert (
        carrier.open(
            "H99.igate", event.event_id, carrier.pack("H99.igate", event.event_id, canonical_event(event), 2026)
        ).original
        is None
    )
