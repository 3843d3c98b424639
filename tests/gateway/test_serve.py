"""`lienthong serve` before its children: an address that is taken is told in one line."""

import socket
from pathlib import Path

import pytest

import gateway.serve as serving
from gateway.settings import SettingsError


@pytest.fixture
def taken(monkeypatch):
    """Listen on a port of the loopback, and make nobody wait for it."""
    monkeypatch.setattr(serving, "_FREE_SECONDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_an_address_that_is_taken_is_named(taken):
    """The line names the setting and the address; no child has been started by then."""
    with pytest.raises(SettingsError, match=f"LIENTHONG_LISTEN: {taken}: Address already in use"):
        serving._await_free("LIENTHONG_LISTEN", taken)


def test_an_address_of_another_machine_is_named():
    """What is not ours to listen on is told at once, as the system says it."""
    with pytest.raises(SettingsError, match=r"LIENTHONG_LISTEN: 192\.0\.2\.1:80: "):
        serving._await_free("LIENTHONG_LISTEN", "192.0.2.1:80")


def test_a_free_address_is_fine(taken):
    """Another port of the same machine is accepted."""
    serving._await_free("LIENTHONG_LISTEN", taken.rpartition(":")[0] + ":0")


def test_metrics_are_kept_in_memory():
    """Where there is such a place; a full disk then has no part in them."""
    place = serving._in_memory()
    assert place == ("/dev/shm" if Path("/dev/shm").is_dir() else None)


def test_metrics_are_kept_as_any_file_where_memory_has_no_place(monkeypatch, tmp_path):
    """Then the temporary directory of the system is used."""
    monkeypatch.setattr(serving, "_MEMORY", str(tmp_path / "absent"))
    assert serving._in_memory() is None
