"""The one error of the flow: a request that gets no answer, and the stable word that says why.

Problem documents are made of it at the web edge alone (`gateway.web.problems`).
"""

from schemas.envelopes import FieldError


class Refusal(Exception):  # noqa: N818 — a refusal: the sender is at fault, nothing went wrong here
    """A request is refused. `code` is a problem code of PROTOCOL section 2.

    `reason` is a short machine word for the log; `detail` is a sentence for the caller. Neither
    ever holds what the caller sent. `retry_after` is in whole seconds.
    """

    def __init__(
        self,
        code: str,
        reason: str = "",
        *,
        detail: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: int | None = None,
        allow: str | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason
        self.detail = detail
        self.errors = errors
        self.retry_after = retry_after
        self.allow = allow
