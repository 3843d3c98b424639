"""Pins: durable, atomic, and trusted only when signed."""

import pytest

from gateway.evidence.pins import FilePin, LogBehindPin, pinned_checkpoint
from signing.checkpoint import Checkpoint, sign_checkpoint


def test_a_pin_is_replaced_whole(tmp_path, keys):
    """The newest note is what is read back; no temporary file stays behind."""
    pins = FilePin(tmp_path / "new" / "dir")
    assert pins.origins() == []
    assert pins.newest("a.example/2026/0") is None
    for size in (1, 2):
        pins.put("a.example/2026/0", sign_checkpoint(Checkpoint("a.example/2026/0", size, b"r" * 32), keys.log_key))
    pins.put("a.example/2026/1", "x")
    assert pins.origins() == ["a.example/2026/0", "a.example/2026/1"]
    assert "\n2\n" in pins.newest("a.example/2026/0")
    assert len(list((tmp_path / "new" / "dir").iterdir())) == 2


def test_an_origin_cannot_leave_the_directory(tmp_path):
    """Slashes and dots of an origin name no other directory."""
    FilePin(tmp_path / "pins").put("../../evil", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["pins"]


def test_a_pin_that_is_not_signed_by_the_log_is_not_believed(tmp_path, keys):
    """A forged or damaged pin stops serving rather than being passed over."""
    pins = FilePin(tmp_path)
    assert pinned_checkpoint(pins, "o", keys.verifier) is None
    note = sign_checkpoint(Checkpoint("o", 5, b"r" * 32), keys.log_key, keys.verifier.name)
    pins.put("o", note)
    assert pinned_checkpoint(pins, "o", keys.verifier).size == 5
    for bad in ("", "garbage", note.replace("\n5\n", "\n4\n")):
        pins.put("o", bad)
        with pytest.raises(LogBehindPin):
            pinned_checkpoint(pins, "o", keys.verifier)
    pins.put("p", note)
    with pytest.raises(LogBehindPin):
        pinned_checkpoint(pins, "p", keys.verifier)
