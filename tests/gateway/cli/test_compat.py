"""`lienthong compat password`: a hash for an account, never over another."""

import io
import stat

from gateway.compat.accounts import read_hash
from schemas.configuration import CompatAccount

ACCOUNT = CompatAccount(username="motcua", client="H99.test", password_file="h", sources=("10.0.0.0/8",))


def test_a_hash_is_written_once(lienthong, monkeypatch, tmp_path):
    """The password comes from standard input; the file holds its hash, mode 0600, and is never overwritten."""
    monkeypatch.setattr("sys.stdin", io.StringIO("mat khau rat dai\n"))
    assert lienthong("compat", "password", "h").code == 0
    assert read_hash(tmp_path, ACCOUNT).startswith("$argon2id$")
    assert stat.S_IMODE((tmp_path / "h").stat().st_mode) == 0o600
    monkeypatch.setattr("sys.stdin", io.StringIO("mat khau khac han\n"))
    again = lienthong("compat", "password", "h")
    assert again.code == 1
    assert "exists" in again.err


def test_a_short_password_is_refused(lienthong, monkeypatch):
    """Twelve characters are the least."""
    monkeypatch.setattr("sys.stdin", io.StringIO("ngan\n"))
    told = lienthong("compat", "password", "h")
    assert told.code == 2
    assert "12" in told.err
