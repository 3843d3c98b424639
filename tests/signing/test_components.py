"""RFC 9421 section 2: every component, with the examples of the text, and what has no value."""

import pytest

from signing.components import cover, covered, value_of
from signing.errors import SignatureError
from signing.fields import parse_dictionary
from signing.message import Request, Response

REQUEST = Request(
    "POST",
    "https",
    "www.Example.com:443",
    "/path?param=value&foo=bar&baz=bat%20man&qux=&Multi=a&Multi=b&a%7Eb=~&%C3%BC=1",
    [
        ("Host", "www.example.com"),
        ("Date", " Tue, 20 Apr 2021 02:07:56 GMT\t"),
        ("X-OWS-Header", "   Leading and trailing whitespace.   "),
        ("X-Obs-Fold-Header", "Obsolete\r\n    line folding."),
        ("Cache-Control", "max-age=60"),
        ("Cache-Control", "   must-revalidate"),
        ("Example-Dict", "  a=1,    b=2;x=1;y=2,   c=(a   b   c)"),
        ("Example-Dict", "d"),
        ("Priority", "u=1,   i"),
        ("Proxy-Status", "a;x,  b"),
        ("Example-Header", "value, with, lots"),
        ("Example-Header", "of, commas"),
        ("X-Empty-Header", ""),
        ("X-Tab", "a\tb"),
        ("X-Break", "a\nb"),
        ("X-Nul", "a\0b"),
        ("Signature", "sig1=:YWJj:"),
        ("Signature-Input", 'sig1=( "@method"   "date" );created=01'),
        ("X-Bad", "=("),
        ("X-Octets", "a\udcff"),
        ("X-Surrogate", "a\ud800"),
        ("@status", "200"),
        ("@foo", "no field has such a name"),
        ("@query-param", "nor this"),
    ],
)
RESPONSE = Response(503, [("Content-Type", "application/json")])

VALUES = {
    "@method": "POST",
    "@target-uri": "https://www.example.com" + REQUEST.target,
    "@authority": "www.example.com",
    "@scheme": "https",
    "@request-target": REQUEST.target,
    "@path": "/path",
    "@query": REQUEST.target[5:],
    '"@query-param";name="baz"': "bat%20man",
    '"@query-param";name="qux"': "",
    '"@query-param";name="param"': "value",
    '"@query-param";name="a%7Eb"': "%7E",
    '"@query-param";name="%C3%BC"': "1",
    "date": "Tue, 20 Apr 2021 02:07:56 GMT",
    "x-ows-header": "Leading and trailing whitespace.",
    "x-obs-fold-header": "Obsolete line folding.",
    "cache-control": "max-age=60, must-revalidate",
    '"cache-control";sf': "max-age=60, must-revalidate",
    "example-dict": "a=1,    b=2;x=1;y=2,   c=(a   b   c), d",
    '"example-dict";key="a"': "1",
    '"example-dict";key="d"': "?1",
    '"example-dict";key="b"': "2;x=1;y=2",
    '"example-dict";sf;key="c"': "(a b c)",
    '"priority";sf': "u=1, i",
    '"proxy-status";sf': "a;x, b",
    '"example-header";bs': ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:",
    '"x-octets";bs': ":Yf8=:",
    "x-empty-header": "",
    "x-tab": "a\tb",
    '"signature";key="sig1"': ":YWJj:",
    '"signature-input";key="sig1"': '("@method" "date");created=1',
}


def _value(identifier, message=REQUEST, request=None):
    (component,) = cover([identifier]).components
    return value_of(component, message, request)


@pytest.mark.parametrize("identifier", VALUES)
def test_components_have_the_value_of_the_text(identifier):
    """Derived components and fields, with every parameter, as section 2 shows them."""
    assert _value(identifier) == VALUES[identifier]


def test_a_target_without_a_query():
    """@query is a lone question mark when there is no query, and @path the whole target."""
    request = Request("GET", "http", "localhost:80", "/", [])
    assert [_value(name, request) for name in ("@query", "@path", "@target-uri")] == ["?", "/", "http://localhost/"]


def test_what_is_derived_is_raw():
    """The target is the request line's own text: nothing of it is stripped, as a field's value is."""
    request = Request("GET", "http", "localhost", "/a ?b=\t", [])
    assert [_value(name, request) for name in ("@path", "@query", "@request-target")] == ["/a ", "?b=\t", "/a ?b=\t"]


def test_a_response_has_a_status_and_its_request():
    """@status belongs to the response, everything derived with ;req to the request it answers."""
    assert _value("@status", RESPONSE) == "503"
    assert _value('"@method";req', RESPONSE, REQUEST) == "POST"
    assert _value('"date";req', RESPONSE, REQUEST) == VALUES["date"]
    assert _value('"signature";req;key="sig1"', RESPONSE, REQUEST) == ":YWJj:"


NO_VALUE = {
    "absent field": "x-none",
    "unknown derived component": "@foo",
    "status of a request": "@status",
    "trailer": '"date";tr',
    "unknown parameter": '"date";foo',
    "parameter on a derived component": '"@method";sf',
    "query parameter without a name": "@query-param",
    "query parameter that is not there": '"@query-param";name="none"',
    "query parameter twice": '"@query-param";name="Multi"',
    "request of a request": '"@method";req',
    "dictionary member that is not there": '"example-dict";key="z"',
    "member of what is no dictionary": '"x-bad";key="z"',
    "sf of an unknown type": '"example-header";sf',
    "bs with sf": '"example-header";bs;sf',
    "bs with key": '"example-dict";bs;key="a"',
    "line break": "x-break",
    "NUL": "x-nul",
    "lone surrogate": '"x-surrogate";bs',
}


@pytest.mark.parametrize("identifier", NO_VALUE.values(), ids=NO_VALUE)
def test_what_has_no_value_makes_the_signature_invalid(identifier):
    """A component that cannot be had is an error that names it, never an empty value."""
    with pytest.raises(SignatureError) as caught:
        _value(identifier)
    assert caught.value.code == "invalid"
    assert caught.value.component == cover([identifier]).components[0].identifier


def test_a_derived_component_of_the_request_needs_req_in_a_response():
    """@method in a response's list without ;req has no value."""
    with pytest.raises(SignatureError):
        _value("@method", RESPONSE, REQUEST)


@pytest.mark.parametrize(
    "listed",
    ['("Date")', "(date)", "(1)", '("")', '("a b")', '("@signature-params")', '("a" "a")', '("a";key=1)', '("a";sf=1)'],
)
def test_lists_that_name_no_components_are_malformed(listed):
    """Upper case, other types, duplicates and mistyped parameters are refused before anything is looked up."""
    with pytest.raises(SignatureError) as caught:
        covered(parse_dictionary(f"x={listed}")["x"].value)
    assert caught.value.code == "malformed"


def test_long_lists_are_worked_out_alike():
    """A list beyond the cache's length gives the same canonical text and names."""
    names = [f'"x-{number}"' for number in range(200)]
    found = covered(parse_dictionary(f"x=( {'  '.join(names)} )")["x"].value)
    assert found.text == f"({' '.join(names)})"
    assert "x-7" in found.plain
