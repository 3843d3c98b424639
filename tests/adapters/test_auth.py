"""Authentication of declared registries, from secret files."""

import pytest

from adapters.auth import read_authentication
from adapters.errors import MappingError
from adapters.secrets import Secrets


@pytest.fixture
def auth(tmp_path):
    """Read an `[auth]` table over a secrets directory with a token and a pair."""
    (tmp_path / "t").write_text("to&ken\n")
    (tmp_path / "c").write_text('username = "người"\npassword = "mật khẩu"\n')
    return lambda **table: read_authentication(Secrets(table, tmp_path))


def test_each_kind_sends_its_secret(auth):
    """Basic, Bearer, a header and a query parameter carry the secret, encoded; none carries nothing."""
    assert auth().headers == auth(kind="none").headers == {}
    assert auth(kind="basic", credentials_file="c").headers == {"Authorization": "Basic bmfGsOG7nWk6beG6rXQga2jhuql1"}
    assert auth(kind="bearer", token_file="t").headers == {"Authorization": "Bearer to&ken"}
    assert auth(kind="header", name="X-Key", token_file="t").headers == {"X-Key": "to&ken"}
    assert auth(kind="query", name="key", token_file="t").query == "key=to%26ken"


def test_secrets_do_not_show(auth):
    """The value's representation holds no secret."""
    assert "to&ken" not in repr(auth(kind="bearer", token_file="t"))
    assert "to%26ken" not in repr(auth(kind="query", name="key", token_file="t"))


@pytest.mark.parametrize(
    "table", [{"kind": "digest"}, {"kind": "basic"}, {"kind": "header", "token_file": "t"}, {"kind": "bearer"}]
)
def test_incomplete_tables_are_refused(auth, table):
    """An unknown kind and a kind without its members are the operator's mistakes."""
    with pytest.raises(MappingError):
        auth(**table)
