"""Errors: stable words, nothing received."""

import pytest

from signing.errors import SignatureError
from signing.message import Request, verify_request


def test_an_error_carries_its_word_and_place():
    """Code, sentence, component and label are what the caller needs; the sentence is the exception's text."""
    error = SignatureError("expired", "too old", "created", "sig")
    assert (error.code, error.detail, error.component, error.label) == ("expired", "too old", "created", "sig")
    assert str(error) == "too old"


def test_an_error_echoes_nothing():
    """Whatever is wrong with a header, its content is not in the error's texts."""
    secret = "099191000001"
    for value in (f'a=("{secret}"', f"lienthong=({secret})", f'lienthong=("{secret.upper()}Q");keyid="{secret}"'):
        request = Request(
            "GET", "https", "a", f"/{secret}", [("Signature-Input", value), ("Signature", "lienthong=:AA==:")]
        )
        with pytest.raises(SignatureError) as caught:
            verify_request(request, b"", {}.get, 0)
        assert secret not in f"{caught.value} {caught.value.detail} {caught.value.component} {caught.value!r}"
