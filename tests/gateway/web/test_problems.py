"""Every refusal becomes a problem document with its status, its headers and nothing of the request."""

import orjson
import pytest

from gateway.refusals import Refusal
from gateway.web.problems import ProblemWriter
from schemas.envelopes import FieldError
from schemas.problems import PROBLEMS

WRITER = ProblemWriter("https://gateway.test")
MEMBERS = {
    "type",
    "title",
    "status",
    "detail",
    "code",
    "layer",
    "retryable",
    "suggested_action",
    "display_message",
    "request_id",
}


@pytest.mark.parametrize("code", PROBLEMS)
def test_every_code_can_be_written(code):
    """The document has the members of PROTOCOL section 2, its status is the reply's, its type leads to a page."""
    reply = WRITER.write("request-1", Refusal(code))
    body = orjson.loads(reply.body)
    assert set(body) == MEMBERS
    assert body["status"] == reply.status == PROBLEMS[code].status
    assert body["type"] == f"https://gateway.test/problems/{code}"
    assert body["request_id"] == "request-1"
    assert reply.content_type == "application/problem+json"
    assert (reply.status in {429, 503}) == ("Retry-After" in dict(reply.headers))


def test_details_errors_and_headers():
    """Our own sentence, the pointers, when to come again and what is allowed."""
    errors = (FieldError("/fields/0", "this is odd"),)
    refusal = Refusal("request-invalid", "schema", detail="Ours.", errors=errors, retry_after=7, allow="GET")
    reply = WRITER.write("r", refusal)
    body = orjson.loads(reply.body)
    assert body["detail"] == "Ours."
    assert body["errors"] == [{"pointer": "/fields/0", "detail": "this is odd"}]
    assert dict(reply.headers) == {"Retry-After": "7", "Allow": "GET"}


def test_the_reason_stays_in_the_log():
    """The machine word of a refusal is for the log, not for the caller."""
    assert b"secret-reason" not in WRITER.write("r", Refusal("internal", "secret-reason")).body
