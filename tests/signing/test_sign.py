"""Signing requests and answers."""

import pytest

from signing.digest import content_digest
from signing.errors import SignatureError
from signing.message import Request, Response, sign_request, sign_response
from signing.sign import answer_components

BARE = Request("GET", "https", "gateway.example", "/v1/registries", [])
NONCE = "0123456789abcdef"


def test_a_request_without_content_has_no_digest(key):
    """Two headers for a GET, three with content, and the digest that stands there already is kept."""
    names = [name for name, _ in sign_request(key, BARE, b"", created=1, nonce=NONCE)]
    assert names == ["Signature-Input", "Signature"]
    names = [name for name, _ in sign_request(key, BARE, b"x", created=1, nonce=NONCE)]
    assert names == ["Content-Digest", "Signature-Input", "Signature"]
    there = Request("POST", "https", "a", "/", [("Content-Digest", content_digest(b"x", "sha-512"))])
    assert len(sign_request(key, there, b"x", created=1, nonce=NONCE)) == 2


def test_what_is_not_there_cannot_be_signed(key):
    """A component without a value, a nonce that is no text and a wrong name are errors."""
    for options in ({"components": ["x-none"]}, {"nonce": "ü"}, {"components": ["Upper"]}, {"created": 10**15}):
        with pytest.raises(SignatureError):
            sign_request(key, BARE, b"", **{"created": 1, "nonce": NONCE, **options})


def _answer(*extra):
    return Response(200, [("Content-Type", "application/json"), ("Content-Digest", content_digest(b"{}")), *extra])


def test_an_answer_covers_what_the_protocol_says(key):
    """Status, type, digest, receipt; and from the request method, target, digest and the selected signature."""
    signed = [("Content-Digest", content_digest(b"q")), ("Signature", "s=:AA==:"), ("Signature-Input", "s=()")]
    request = Request("POST", "https", "a", "/x", signed)
    value, signature = sign_response(key, _answer(("Lienthong-Receipt", "log=1")), request, "s", 7)
    assert value == (
        'lienthong=("@status" "content-type" "content-digest" "lienthong-receipt" "@method";req "@target-uri";req '
        '"content-digest";req "signature";req;key="s" "signature-input";req;key="s");created=7;keyid="client-ed25519";'
        'tag="lienthong"'
    )
    assert signature.startswith("lienthong=:")


def test_an_answer_to_an_unsigned_request_is_bound_to_less(key):
    """Without a selected signature, a digest line or with two of them, those components are left out."""
    twice = [("Content-Digest", "a=:AA==:")] * 2
    for headers in ([], twice):
        request = Request("POST", "https", "a", "/x", headers)
        value, _ = sign_response(key, _answer(), request, None, 7)
        assert value.startswith(
            'lienthong=("@status" "content-type" "content-digest" "@method";req "@target-uri";req);'
        )


def test_an_answer_that_cannot_be_bound_is_not_signed(key):
    """No content type, a label that is not there, a label that is none, a target outside ASCII: malformed."""
    odd = Request("GET", "https", "a", "/\u00fc", [])
    cases = [(Response(200, []), BARE, None), (_answer(), BARE, "s"), (_answer(), BARE, '"'), (_answer(), odd, None)]
    for response, request, label in cases:
        with pytest.raises(SignatureError) as caught:
            sign_response(key, response, request, label, 7)
        assert caught.value.code == "malformed"


def test_long_labels_are_covered_alike():
    """A label beyond the cache's length is still covered."""
    label = "a" * 500
    assert f'"signature";req;key="{label}"' in answer_components(_answer(), BARE, label).text
