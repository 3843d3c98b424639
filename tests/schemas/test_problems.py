"""The table of problems is the one of PROTOCOL section 2."""

import re
import unicodedata
from pathlib import Path

import pytest

from schemas.pointers import FieldError
from schemas.problems import PROBLEMS, problem_body

PROTOCOL = Path(__file__).parents[2] / ".." / "shared" / "PROTOCOL.md"
STATUSES = {
    "request-malformed": 400,
    "request-invalid": 422,
    "signature-missing": 401,
    "signature-insufficient": 401,
    "signature-invalid": 401,
    "signature-expired": 401,
    "signature-replayed": 401,
    "digest-mismatch": 400,
    "agreement-missing": 403,
    "purpose-not-granted": 403,
    "field-not-granted": 403,
    "dossier-not-open": 403,
    "subject-not-party": 403,
    "rate-limited": 429,
    "quota-exceeded": 429,
    "verification-limit": 429,
    "not-found": 404,
    "method-not-allowed": 405,
    "payload-too-large": 413,
    "uri-too-long": 414,
    "unsupported-media-type": 415,
    "headers-too-large": 431,
    "event-conflict": 409,
    "registry-unavailable": 503,
    "registry-timeout": 504,
    "registry-fault": 502,
    "registry-invalid": 502,
    "evidence-unavailable": 503,
    "internal": 500,
}


def test_codes_and_statuses_are_the_protocols():
    """Every code of the protocol is there with its status, and no other."""
    assert {code: problem.status for code, problem in PROBLEMS.items()} == STATUSES


@pytest.mark.skipif(not PROTOCOL.exists(), reason="the protocol's page is not beside this checkout")
def test_the_protocols_own_page_names_the_same_codes():
    """The table of PROTOCOL section 2 and ours name the same codes."""
    section = PROTOCOL.read_text("utf-8").split("## 2. Errors")[1].split("## 3.")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    codes = {code: statuses.split() for codes, statuses in rows for code in re.findall("`([a-z-]+)`", codes)}
    assert set(codes) == set(PROBLEMS)
    assert all(str(PROBLEMS[code].status) in statuses for code, statuses in codes.items())


@pytest.mark.parametrize("code", PROBLEMS)
def test_each_problem_is_told_in_full(code):
    """Each has a title, a next step, a page's paragraph, and Vietnamese words in composed form for the officer."""
    problem = PROBLEMS[code]
    assert problem.code == code
    assert not problem.title.endswith(".")
    assert problem.suggested_action.endswith(".")
    assert len(problem.explanation) > 60
    assert problem.display_message.endswith(".")
    assert unicodedata.is_normalized("NFC", problem.display_message)
    assert any(letter in problem.display_message for letter in "ạảấầậắếềệịọốồộớờợụứừựđ")


def test_time_heals_only_what_it_can():
    """What is busy, away or used up for the day may be retried; what the sender must change may not."""
    retryable = {code for code, problem in PROBLEMS.items() if problem.retryable}
    assert {code for code in PROBLEMS if STATUSES[code] in {429, 503, 504}} <= retryable
    assert retryable.isdisjoint(code for code in PROBLEMS if STATUSES[code] in {400, 401, 403, 404, 405, 409, 422})


def test_a_body_has_the_members_of_the_protocol():
    """The document has the members of RFC 9457 and ours; `errors` only where there are any."""
    problem = PROBLEMS["request-invalid"]
    body = problem_body(problem, public_url="https://gateway.example/", request_id="r1")
    assert set(body) == {
        *("type", "title", "status", "detail", "code", "layer", "retryable"),
        *("suggested_action", "display_message", "request_id"),
    }
    assert body["type"] == "https://gateway.example/problems/request-invalid"
    assert body["detail"] == problem.title + "."
    full = problem_body(
        problem,
        public_url="https://gateway.example",
        request_id="r1",
        detail="A sentence.",
        errors=(FieldError("/fields", "empty"),),
    )
    assert full["type"] == body["type"]
    assert full["detail"] == "A sentence."
    assert full["errors"] == [{"pointer": "/fields", "detail": "empty"}]
