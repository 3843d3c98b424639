"""Where the embedded server lives: never by changing the modes of directories that are not ours."""

import os
import stat
from pathlib import Path

import pytest

from gateway.store import embedded_places
from gateway.store.embedded_places import EmbeddedPostgresError, ServerUser

STRANGER = ServerUser(64321, 64321)


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """Stand in for /var/lib/lienthong."""
    monkeypatch.setattr(embedded_places, "SHARED_STATE", tmp_path / "shared")
    return tmp_path / "shared"


def test_a_closed_parent_is_noticed(tmp_path):
    """A directory below one of mode 0700 cannot be traversed by a stranger."""
    (tmp_path / "open").mkdir(mode=0o755)
    assert not embedded_places.can_traverse(tmp_path / "open", STRANGER)
    assert embedded_places.can_traverse(Path("/usr/bin"), STRANGER)


def test_ourselves_keep_the_data_in_place(tmp_path):
    """A normal user's data stays in the directory that was named."""
    assert embedded_places.data_home(tmp_path, None) == tmp_path


def test_unreachable_data_moves_and_is_found_again(tmp_path, shared):
    """Data that the server's user could not reach is kept elsewhere, and the pointer file leads to it."""
    home = embedded_places.data_home(tmp_path, STRANGER)
    assert home.parent == shared
    assert stat.S_IMODE(home.stat().st_mode) == 0o711
    assert embedded_places.data_home(tmp_path, None) == home
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_unreachable_binaries_are_copied_once(shared, monkeypatch):
    """Binaries in a closed virtual environment are copied, readable by all, without headers."""
    monkeypatch.setattr(embedded_places, "can_traverse", lambda *_: False)
    programs = embedded_places.binaries(STRANGER)
    assert shared in programs.parents
    assert stat.S_IMODE((programs / "postgres").stat().st_mode) == 0o755
    assert not (programs.parent / "include").exists()
    stamp = (programs / "postgres").stat().st_mtime_ns
    assert embedded_places.binaries(STRANGER) == programs
    assert (programs / "postgres").stat().st_mtime_ns == stamp
    assert os.system(f"{programs}/postgres --version > /dev/null") == 0


def test_a_long_socket_path_gets_a_short_one(tmp_path):
    """Where the kernel's limit of 107 bytes is passed, a temporary directory stands in."""
    chosen = embedded_places.socket_home(None, tmp_path / ("x" * 120))
    assert chosen.is_dir()
    assert len(str(chosen)) < 90
    chosen.rmdir()


def test_a_long_wanted_socket_path_is_refused(tmp_path):
    """A path that was asked for and cannot work is an error, not a surprise."""
    with pytest.raises(EmbeddedPostgresError, match="too long"):
        embedded_places.socket_home(tmp_path / ("x" * 120), tmp_path)
