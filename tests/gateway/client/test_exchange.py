"""Kept exchanges: byte for byte, private, and refused when damaged."""

import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.client import Exchange, ExchangeFileError
from signing.message import Request, Response

REQUEST = Request("POST", "https", "gateway.example", "/v1/x?y=%C3%A9", (("Host", "gateway.example"), ("A", " b\t")))


def exchange(body=b"{}"):
    """Make a small exchange."""
    return Exchange(REQUEST, b"\xff\x00", Response(200, (("A", "1"), ("A", "2"))), body, 1_800_000_000)


def test_a_saved_exchange_is_the_same(tmp_path):
    """Every byte and header line survives the file, which only its owner can read."""
    path = tmp_path / "exchange.json"
    path.write_text("something older")
    exchange().with_proof({"leaf": "x"}, "vkey").save(path)
    loaded = Exchange.load(path)
    assert (loaded.request.target, loaded.request.headers) == (REQUEST.target, REQUEST.headers)
    assert (loaded.request_body, loaded.response_body) == (b"\xff\x00", b"{}")
    assert loaded.response.headers == (("A", "1"), ("A", "2"))
    assert (loaded.evidence, loaded.log_vkey, loaded.sent_at) == ({"leaf": "x"}, "vkey", 1_800_000_000)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_absent_file_is_an_error(tmp_path):
    """A missing file says so."""
    with pytest.raises(ExchangeFileError, match="No such file"):
        Exchange.load(tmp_path / "none.json")


def test_another_version_is_refused():
    """A file of a later format is not guessed at."""
    with pytest.raises(ExchangeFileError, match="version"):
        Exchange.from_json(exchange().to_json().replace(b'"version": 1', b'"version": 2'))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"target": "/', b'"target": " '),
        (b'"method": "POST"', b'"method": []'),
        (b'"jwks": null', b'"jwks": 5'),
        (b'"sent_at": ', b'"sent_at": -0.'),
    ],
)
def test_a_file_of_another_form_is_refused(old, new):
    """Members of the wrong type, and a request that can be none, are told as what they are."""
    data = exchange().to_json()
    assert old in data
    with pytest.raises(ExchangeFileError, match="no exchange saved"):
        Exchange.from_json(data.replace(old, new))


@settings(max_examples=300)
@given(st.integers(0, 700), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_never_surprises(place, noise):
    """Whatever is overwritten, reading gives an exchange or the one error."""
    data = exchange().to_json()
    place %= len(data)
    try:
        Exchange.from_json(data[:place] + noise + data[place + len(noise) :])
    except ExchangeFileError:
        return
