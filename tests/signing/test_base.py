"""The signature base, RFC 9421 section 2.5."""

import pytest

from signing.base import signature_base, signature_params
from signing.components import cover
from signing.errors import SignatureError
from signing.request import Request

REQUEST = Request("GET", "https", "a.example", "/x", [("X-Name", "Trần"), ("X-Plain", "a")])


def test_one_line_for_each_component_and_the_parameters_last():
    """Identifier, colon, space, value; no newline behind the last line."""
    covered = cover(["@method", "x-plain"])
    params = signature_params(covered, {"created": 5, "keyid": 'a"b'})
    assert params == '("@method" "x-plain");created=5;keyid="a\\"b"'
    assert (
        signature_base(covered, params, REQUEST).decode()
        == f'"@method": GET\n"x-plain": a\n"@signature-params": {params}'
    )


def test_an_empty_list_signs_its_parameters():
    """Nothing covered is a base of one line."""
    assert signature_base(cover([]), "();created=1", REQUEST) == b'"@signature-params": ();created=1'


def test_what_is_not_ascii_cannot_be_signed():
    """A value outside ASCII makes the base impossible."""
    with pytest.raises(SignatureError):
        signature_base(cover(["x-name"]), "()", REQUEST)
