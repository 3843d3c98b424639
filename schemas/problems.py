"""Every problem the gateway can report: one table from code to status and words (PROTOCOL 2, RFC 9457).

The rule: an error says whose fault it is and what to do next, in sentences that belong to the code alone;
nothing the caller or a registry sent is ever part of them. `display_message` is for the officer at the
counter, in Vietnamese; `explanation` is the page behind the problem's `type`.
"""

from collections.abc import Sequence
from typing import Any

from schemas.pointers import FieldError
from schemas.problem_terms import Layer, Problem
from schemas.problems_of_answers import GATEWAY, POLICY, UPSTREAM
from schemas.problems_of_requests import REQUEST, SIGNATURE

__all__ = ["PROBLEMS", "Layer", "Problem", "problem_body"]

PROBLEMS: dict[str, Problem] = {problem.code: problem for problem in REQUEST + SIGNATURE + POLICY + UPSTREAM + GATEWAY}
"""Every problem by its code."""


def problem_body(
    problem: Problem,
    *,
    public_url: str,
    request_id: str,
    detail: str | None = None,
    errors: Sequence[FieldError] = (),
) -> dict[str, Any]:
    """Build the `application/problem+json` value; `detail` must be a sentence of ours, by default the title's.

    `errors` appears only where there are any.
    """
    body: dict[str, Any] = {
        "type": f"{public_url.rstrip('/')}/problems/{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail or problem.title + ".",
        "code": problem.code,
        "layer": problem.layer,
        "retryable": problem.retryable,
        "suggested_action": problem.suggested_action,
        "display_message": problem.display_message,
        "request_id": request_id,
    }
    if errors:
        body["errors"] = [{"pointer": error.pointer, "detail": error.detail} for error in errors]
    return body
