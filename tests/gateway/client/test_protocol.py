"""The sans-IO half of the client: what is signed and what is read."""

import pytest

from gateway.client import ClientError
from gateway.client.protocol import base_of, header, signed
from signing.keys import Algorithm, SigningKey
from signing.message import Policy, Response, verify_request

KEY = SigningKey.generate(Algorithm.ECDSA_P256_SHA256, "H98.onegate-1")
NONCE = "n" * 32


@pytest.mark.parametrize("url", ["https://a.example", "https://a.example/", "http://127.0.0.1:8080"])
def test_an_origin_is_split(url):
    """Scheme and authority come from a bare origin, a trailing slash aside."""
    assert base_of(url) == tuple(url.rstrip("/").split("://"))


@pytest.mark.parametrize("url", ["a.example", "ftp://a.example", "https://", "https://a/x", "https://a?b", ""])
def test_anything_else_is_no_origin(url):
    """A path, a query or another scheme is refused before anything is signed."""
    with pytest.raises(ClientError, match="scheme and a host"):
        base_of(url)


@pytest.mark.parametrize(("method", "body"), [("POST", b'{"a":1}'), ("get", b"")])
def test_what_is_signed_verifies(method, body):
    """The request that is built satisfies the gateway's own check, at the time it names."""
    request = signed(KEY, "https://gw.example", method, "/v1/x?y=1", body, created=1_800_000_000, nonce=NONCE)
    verified = verify_request(request, body, {KEY.keyid: KEY.public_key()}.get, 1_800_000_010, Policy())
    assert (verified.keyid, verified.nonce, verified.created) == (KEY.keyid, NONCE, 1_800_000_000)
    assert request.method == method.upper()


def test_a_repeated_header_has_no_value():
    """A header that stands there twice is treated as absent: neither value is believed."""
    assert header(Response(200, (("A", " 1 "), ("B", "2"), ("b", "3"))), "a") == "1"
    assert header(Response(200, (("B", "2"), ("b", "3"))), "b") is None
