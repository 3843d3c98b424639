"""Registries write local time."""

from mocks.clock import compact_local, iso_local, unix_of_compact


def test_local_time_is_seven_hours_ahead():
    """Midnight UTC is seven in the morning, without an offset."""
    assert iso_local(0.9) == "1970-01-01T07:00:00"
    assert compact_local(0.0) == "19700101070000"


def test_stamps_are_read_back():
    """A stamp is the same second again; other text is none."""
    assert unix_of_compact(compact_local(1_795_400_000.4)) == 1_795_400_000
    assert unix_of_compact("20261345000000") is None
    assert unix_of_compact("") is None
