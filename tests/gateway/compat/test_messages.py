"""Messages of the dialect as events: their ids, their order among each other, and the answers."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.compat.messages import BUSY, DialectError, answer, events_of, messages_of, status_row
from gateway.store.compat import OwnDossier

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SYNC, PROGRESS = "DongBoHoSoMC", "CapNhatTienDoHoSoMC"
CODE = "H99.01-261121-0001"


def _item(status="4", **members):
    return {"MaHoSo": CODE, "MaTTHC": "9.999901", "TrangThaiHoSo": status, **members}


def _sync(*items, updating="False"):
    return messages_of({"service": SYNC, "isUpdating": updating, "data": list(items)})


def _read(messages, known=None, reported=None):
    return events_of(messages, "H99", known or {}, reported or {}, NOW)


def test_a_message_is_known_by_its_content():
    """The order of members says nothing; another value or service is another message; isUpdating says nothing new."""
    (one,), (same,) = _sync({"a": "1", "b": "2"}), _sync({"b": "2", "a": "1"}, updating="True")
    (other,) = _sync({"a": "1", "b": "3"})
    assert one.event_id == same.event_id != other.event_id
    assert orjson.loads(one.original) == {"service": SYNC, "item": {"a": "1", "b": "2"}, "isUpdating": "False"}


def test_told_again_later_it_keeps_its_time():
    """A message without a time of its own that was told before is read with the time it was kept under."""
    messages = _sync(_item())
    before = NOW - timedelta(hours=2)
    assert _read(messages)[0].occurred_at == NOW
    assert _read(messages, reported={messages[0].event_id: before})[0].occurred_at == before


def test_statuses_of_one_call_follow_each_other():
    """Undated statuses told together keep the order in which they were told."""
    events = _read(_sync(_item("2"), _item("4"), _item("9", NgayKetThucXuLy="20261121120000")))
    assert [event.status for event in events] == [2, 4, 9]
    assert events[0].occurred_at < events[1].occurred_at < events[2].occurred_at


def test_a_line_takes_after_its_dossier():
    """A progress line has its dossier's procedure and agency, also where both come in calls of their own."""
    line = {"MaHoSo": CODE, "ThoiDiemXuLy": "20261121090000", "TrangThai": "4"}
    known = {CODE: OwnDossier(CODE, "H99.05", "9.999903", 2, NOW, None, None)}
    (event,) = _read(messages_of({"service": PROGRESS, "data": [line]}), known)
    assert (event.agency, event.procedure, event.status) == ("H99.05", "9.999903", 4)
    with pytest.raises(DialectError) as caught:
        _read(messages_of({"service": PROGRESS, "data": [line]}))
    assert caught.value.code == "3"


@pytest.mark.parametrize(
    "call",
    [
        {"service": SYNC, "data": None},
        {"service": SYNC, "data": [{}] * 501},
        {"service": SYNC, "data": [1]},
        {"service": SYNC, "isUpdating": True, "data": None},
        {"service": SYNC, "isUpdating": "true", "data": [{}]},
    ],
)
def test_what_is_no_call(call):
    """No data, too much of it, data that are no objects, and an isUpdating of its own making are refused."""
    with pytest.raises(DialectError):
        messages_of(call)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"TrangThaiHoSo": "0"}, "Phần tử 1: TrangThaiHoSo"),
        ({"DinhDanhCHS": [{"LoaiDinhDanh": "1", "SoDinhDanh": "12"}]}, "Phần tử 1: dữ liệu không hợp lệ (parties)"),
        ({"GhiChu": "\x07"}, "Phần tử 1: dữ liệu không hợp lệ (note)"),
    ],
)
def test_a_fault_names_item_and_member(members, words):
    """The sender learns which item and which member is wrong, and nothing it sent comes back."""
    with pytest.raises(DialectError) as caught:
        _read(_sync({**_item(), **members}))
    assert caught.value.text.startswith(words)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["MaHoSo", "MaTTHC", "TrangThaiHoSo", "NgayTiepNhan", "TaiLieuNop", "DinhDanhCHS", "GhiChu"]),
        st.recursive(
            st.none() | st.booleans() | st.integers(-5, 99_999_999_999_999) | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=8,
        ),
    )
)
def test_nothing_sent_breaks_the_reading(item):
    """Whatever an item holds, it is read as one event or refused in the dialect."""
    try:
        events = _read(_sync(item))
    except DialectError as error:
        events = [error]
    assert len(events) == 1
    assert getattr(events[0], "code", "1") == "1"


def test_answers():
    """Code and text always; busy asks to come back; a status is told with two dates at most."""
    reply = answer(BUSY, status=503)
    assert (reply.status, reply.headers) == (503, (("Retry-After", "1"),))
    assert orjson.loads(reply.body)["error_code"] == "99"
    row = status_row(OwnDossier(CODE, "H99.01", "9.999901", 9, NOW, NOW, None))
    assert row == {"MaHoSo": CODE, "MaTTHC": "9.999901", "TrangThaiHoSo": "9", "NgayTiepNhan": "20261121160000"}
