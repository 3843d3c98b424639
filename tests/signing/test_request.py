"""Messages: lines as received, dictionaries parsed once, nothing personal in a repr."""

import pytest

from signing.errors import SignatureError
from signing.request import Request, Response


def test_lines_are_found_in_any_case_and_kept_in_order():
    """Names are compared in lower case, values stay raw."""
    response = Response(200, [("A", " 1"), ("b", "2"), ("a", "3\t")])
    assert list(response.lines("a")) == [" 1", "3\t"]
    assert list(response.lines("c")) == []


def test_a_dictionary_spans_lines():
    """Several lines are one dictionary; an empty line adds nothing; a key on two lines is refused."""
    assert list(Response(200, [("X", "a=1"), ("X", " "), ("X", "b=2")]).dictionary("x")) == ["a", "b"]
    assert Response(200, []).dictionary("x") == {}
    with pytest.raises(SignatureError):
        Response(200, [("X", "a=1"), ("X", "a=2")]).dictionary("x")


def test_a_repr_shows_no_headers_and_no_target():
    """A message that slips into a log says nothing about a person."""
    request = Request("GET", "https", "gateway.example", "/v1/people/099191000001", [("Authorization", "secret")])
    assert "099191000001" not in repr(request)
    assert "secret" not in repr(request)


def test_the_default_port_is_left_out_of_the_authority():
    """Port 443 goes with https only, 80 with http only (RFC 9421 section 2.2.3)."""
    texts = [("https", "A:443"), ("https", "a:80"), ("http", "a:80"), ("http", "a:8080")]
    assert [Request("GET", s, a, "/", []).derived["@authority"] for s, a in texts] == ["a", "a:80", "a", "a:8080"]
