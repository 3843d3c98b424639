"""Targets are judged as they came over the wire; what is odd in any way is refused (THREATS B11)."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.refusals import Refusal
from gateway.web.target import Targets

TARGETS = Targets(("https://gateway.test", "http://127.0.0.1:8080"))
HOST = ["gateway.test"]


@pytest.mark.parametrize(
    ("raw", "path", "query"),
    [
        ("/", "/", None),
        ("/v1/registries", "/v1/registries", None),
        ("/v1/registries?", "/v1/registries", ""),
        ("/v1/logs/0/proof/inclusion?index=1&size=2", "/v1/logs/0/proof/inclusion", "index=1&size=2"),
        ("/v1/a?b=/../c//d", "/v1/a", "b=/../c//d"),
        ("/v1/a%41", "/v1/a%41", None),
        ("/v1/a.b..c", "/v1/a.b..c", None),
        ("/v1/dossiers/H%E1%BB%93%20s%C6%A1", "/v1/dossiers/H%E1%BB%93%20s%C6%A1", None),
    ],
)
def test_accepts_what_is_plain_and_changes_nothing(raw, path, query):
    """Path and query are cut from the raw target, never decoded."""
    accepted = TARGETS.accept(raw, HOST)
    assert (accepted.raw, accepted.path, accepted.query) == (raw, path, query)
    assert (accepted.scheme, accepted.authority) == ("https", "gateway.test")


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "*",
        "v1/registries",
        "http://gateway.test/v1/registries",
        "https://evil.test/v1/registries",
        "gateway.test:443",
        "/v1/../v1/registries",
        "/v1/registries/..",
        "/..",
        "/./v1",
        "/v1/.",
        "/v1/%2e%2e/registries",
        "/v1/%2E./registries",
        "/v1/lookups%2fpopulation/person",
        "/v1/lookups%2Fpopulation/person",
        "/v1/lookups%5cpopulation",
        "/v1//registries",
        "//v1/registries",
        "/v1\\registries",
        "/v1/registries;a=b",
        "/v1/registries?a;b",
        "/v1/registries%3b",
        "/v1/registries%00",
        "/v1/registries%2500",
        "/v1/registries%252e",
        "/v1/registries%c0%ae",
        "/v1/registries%e0%80%af",
        "/v1/registries%c3%28",
        "/v1/registries%ed%a0%80",
        "/v1/registries%e2%80%ae",
        "/v1/registries%ff",
        "/v1/đ",
        "/v1/registries%",
        "/v1/registries%4",
        "/v1/registries%zz",
        "/v1/registries?x=%",
        "/v1/regis tries",
        "/v1/registries\t",
        "/v1/registries\x00",
        "/v1/registries#fragment",
        "/v1/registries\n",
    ],
)
def test_refuses_every_other_shape(raw):
    """Absolute and authority forms, dot segments, escapes of path characters, and bytes that are no URL's."""
    with pytest.raises(Refusal) as refused:
        TARGETS.accept(raw, HOST)
    assert refused.value.code == "request-malformed"


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["gateway.test", "gateway.test"],
        ["evil.test"],
        ["GATEWAY.test"],
        ["gateway.test:443"],
        ["gateway.test."],
        ["gateway.test, evil.test"],
        [" gateway.test"],
        [""],
        ["127.0.0.1"],
    ],
)
def test_host_must_be_one_of_ours_exactly(hosts):
    """One `Host` line, equal to a configured public URL's to the letter."""
    with pytest.raises(Refusal) as refused:
        TARGETS.accept("/v1/registries", hosts)
    assert (refused.value.code, refused.value.reason) == ("request-malformed", "host")


def test_the_scheme_is_the_public_urls():
    """What the gateway is known as decides the scheme, not the connection."""
    assert TARGETS.accept("/", ["127.0.0.1:8080"]).scheme == "http"


def _accepted(raw):
    """Return what is accepted, or None where it is refused as malformed; any other end is an error."""
    try:
        return TARGETS.accept(raw, HOST)
    except Refusal:
        return None


_shapes = st.text(alphabet="/.%;\\?#=& aAv12e5c0f\x00\x7fé", max_size=30)


@settings(max_examples=300, deadline=None)
@given(raw=st.one_of(_shapes, _shapes.map(lambda text: "/" + text), st.text(max_size=20)))
@example("/%2e")
def test_any_text_is_accepted_as_it_is_or_refused(raw):
    """Never another exception; and what is accepted has no dot segment, no double slash and no dubious escape."""
    accepted = _accepted(raw)
    if accepted is None:
        return
    assert accepted.raw == raw
    segments = accepted.path.split("/")[1:]
    assert not {".", ".."} & set(segments)
    assert "" not in segments[:-1]
    assert accepted.path.isascii()
    assert not any(character in accepted.path for character in "\\;?# \x00")


@settings(max_examples=200, deadline=None)
@given(raw=st.one_of(_shapes.map(lambda text: "/" + text), st.text(max_size=20)))
def test_a_presumed_target_can_be_signed(raw):
    """What a refusal is bound to is either the raw target itself or nothing."""
    presumed = TARGETS.presumed(raw, HOST)
    if presumed is not None:
        assert presumed.raw == raw
        assert raw.isascii()
        assert raw.isprintable()
        assert " " not in raw


def test_a_presumed_target_keeps_the_host_that_was_named():
    """A refusal is signed for the public URL that the caller used, where that is one of ours."""
    assert TARGETS.presumed("/v1/..", ["127.0.0.1:8080"]).authority == "127.0.0.1:8080"
    assert TARGETS.presumed("/v1/..", ["127.0.0.1:8080"]).scheme == "http"
    for hosts in ([], ["evil.test"], ["gateway.test", "127.0.0.1:8080"]):
        assert TARGETS.presumed("/v1/..", hosts).authority == "gateway.test"
