"""Explaining a signature: the last line is the verdict, and the line at fault is marked."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.digest import content_digest
from signing.message import Request, Response, explain_request, explain_response, sign_response


def _explain(call, now):
    key = call.key.public_key()
    return explain_request(call.request(), call.body, {key.keyid: key}.get, now)


def _faults(reports):
    return {report.component for report in reports if not report.ok}


def test_a_good_request_has_no_fault(call, now):
    """Every covered component with its value, every parameter, the digest, and the verdict."""
    reports = _explain(call.sign(), now)
    assert not _faults(reports)
    assert [report.component for report in reports] == [
        '"@method"',
        '"@target-uri"',
        '"content-digest"',
        "created",
        "nonce",
        "keyid",
        "tag",
        "content-digest (content)",
        "signature",
    ]
    assert reports[0].value_used == "POST"


FAULTS = {
    "unsigned": (lambda c: c, {"signature"}),
    "uncovered digest": (lambda c: c.sign(components=("@method", "@target-uri")), {"content-digest", "signature"}),
    "absent header": (
        lambda c: c.sign(components=("@method", "@target-uri", "content-digest", "content-type")).replace(
            "content-type", None
        ),
        {'"content-type"', "signature"},
    ),
    "too old": (lambda c: c.sign(created=0), {"created", "signature"}),
    "another body": (lambda c: _body(c.sign()), {"content-digest (content)", "signature"}),
    "malformed": (lambda c: c.sign().replace("signature-input", "("), {"signature"}),
    "another method": (lambda c: _method(c.sign()), {"signature"}),
}


def _body(call):
    call.body = b"{}"
    return call


def _method(call):
    call.method = "PUT"
    return call


@pytest.mark.parametrize(("prepare", "faults"), FAULTS.values(), ids=FAULTS)
def test_the_line_at_fault_is_marked(prepare, faults, call, now):
    """What is wrong has a line of its own with a note, beside the verdict."""
    reports = _explain(prepare(call), now)
    assert _faults(reports) == faults
    assert all(report.note for report in reports if not report.ok)
    assert reports[-1].component == "signature"


def test_an_answer_is_explained_with_what_it_lacks(call, key, now):
    """An answer that is not bound to the request's signature says which components are missing."""
    request = call.sign().request()
    headers = [("Content-Type", "application/json"), ("Content-Digest", content_digest(b"{}"))]
    for label, lacking in (
        ("lienthong", set()),
        (None, {'"signature";req;key="lienthong"', '"signature-input";req;key="lienthong"'}),
    ):
        signed = sign_response(key, Response(200, headers), request, label, now)
        response = Response(200, [*headers, *zip(("Signature-Input", "Signature"), signed, strict=True)])
        reports = explain_response(response, b"{}", request, lambda _: key.public_key(), now=now)
        assert _faults(reports) - {"signature"} == lacking
        assert reports[-1].ok == (not lacking)


@given(st.text(max_size=30), st.text(max_size=30))
@settings(max_examples=60, deadline=None)
def test_explaining_never_raises(first, second):
    """Whatever the headers hold, there is an explanation whose verdict is no."""
    lines = [("Signature-Input", first), ("Signature", second), ("Content-Digest", second)]
    request = Request("POST", "https", "a", "/", lines)
    assert not explain_request(request, b"x", {}.get, 0)[-1].ok
    assert not explain_response(Response(200, lines), b"x", request, {}.get)[-1].ok
