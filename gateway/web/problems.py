"""Refusals become RFC 9457 problem documents here and nowhere else."""

import orjson

from gateway.flow.exchange import Reply
from gateway.refusals import Refusal
from schemas.problems import PROBLEMS, problem_body

PROBLEM_JSON = "application/problem+json"


class ProblemWriter:
    """Writes problem documents whose `type` lies under one public URL."""

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url

    def write(self, request_id: str, refusal: Refusal) -> Reply:
        """Return the reply to a refused request. Nothing the caller sent is in it."""
        problem = PROBLEMS[refusal.code]
        body = problem_body(
            problem,
            public_url=self._public_url,
            request_id=request_id,
            detail=refusal.detail,
            errors=refusal.errors,
        )
        headers: list[tuple[str, str]] = []
        retry_after = refusal.retry_after
        if retry_after is None and problem.status in {429, 503}:
            retry_after = 1
        if retry_after is not None:
            headers.append(("Retry-After", str(retry_after)))
        if refusal.allow is not None:
            headers.append(("Allow", refusal.allow))
        return Reply(problem.status, orjson.dumps(body), PROBLEM_JSON, headers=tuple(headers))
