"""Every dossier code has one way into a path, and comes back unchanged."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dossier_codes import dossier_of_segment, dossier_segment

codes = st.text(min_size=1, max_size=64).filter(lambda text: text.isprintable() and not text.isspace())


@given(codes)
def test_every_code_comes_back(code):
    """Opaque codes too: a segment holds unreserved characters alone and names the very code."""
    segment = dossier_segment(code)
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", segment)
    assert segment not in {"events", ".", ".."}
    assert dossier_of_segment(segment) == code


@pytest.mark.parametrize("code", ["H99.01-261121-0001", "000.00.01.H99-261121-0001", "a_b~c", ".a"])
def test_ordinary_codes_stand_for_themselves(code):
    """Nothing is rewritten without need."""
    assert dossier_segment(code) == code


@pytest.mark.parametrize(
    ("segment", "code"),
    [
        ("HS%20001", "HS 001"),
        ("a+b", "a+b"),
        ("a%2Bb", "a+b"),
        ("a:b@c", "a:b@c"),
        ("~ZXZlbnRz", "events"),
        ("%7Ea", "~a"),
    ],
)
def test_other_ways_of_writing_are_read(segment, code):
    """Percent-encoding is undone once; `+` is itself."""
    assert dossier_of_segment(segment) == code


@pytest.mark.parametrize("segment", ["~", "~*", "~A", "~gICA", "%80", "%0A", "a" * 65, "~" + "QUFB" * 30])
def test_what_names_no_code_is_refused(segment):
    """Broken base64, broken UTF-8, control characters and over-long codes are `ValueError`."""
    with pytest.raises(ValueError, match=r"\w"):
        dossier_of_segment(segment)


@pytest.mark.parametrize("code", ["", " ", "a\n", "x" * 65])
def test_no_code_no_segment(code):
    """What is no dossier code is not written."""
    with pytest.raises(ValueError, match="dossier code"):
        dossier_segment(code)
