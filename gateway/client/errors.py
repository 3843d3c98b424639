"""What can go wrong for a caller: one family, and each error says who must act.

The rule: only an answer whose signature verified may be a `Refused`; everything else that is no
sound answer is `Unknown`, because the gateway may have acted (PROTOCOL section 1, "Answers").
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class ClientError(Exception):
    """Anything that this client raises."""


class IdentityError(ClientError):
    """The client's own file or key cannot be used; the text says what to do."""


class Unknown(ClientError):  # noqa: N818 — the protocol's own word for this outcome
    """No answer that can be believed: none came, or it is unsigned, altered or bound to another request.

    `reason` is a short machine word: `no-answer`, `unsigned`, `bad-signature`, `bad-receipt`, `bad-body`.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document (RFC 9457, PROTOCOL section 2)."""

    status: int
    code: str
    layer: str
    retryable: bool
    title: str
    detail: str
    suggested_action: str
    display_message: str
    request_id: str
    errors: tuple[tuple[str, str], ...] = ()
    """(JSON pointer, sentence) pairs."""
    retry_after: int | None = None
    """Seconds."""


class Refused(ClientError):  # noqa: N818 — the protocol's own word for this outcome
    """The gateway answered with a problem, under its signature. `problem` says everything."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.code}: {problem.detail or problem.title}")
        self.problem = problem

    @property
    def code(self) -> str:
        """The stable word, for example `field-not-granted`."""
        return self.problem.code


class RequestRefused(Refused):
    """The request itself must be changed (layer `client`)."""


class PolicyRefused(Refused):
    """No agreement covers the request, or a limit was reached (layer `policy`)."""


class GatewayFailed(Refused):
    """The gateway could not serve (layer `gateway`)."""


class RegistryFailed(Refused):
    """The registry gave no usable answer (layers `registry` and `adapter`)."""


_BY_LAYER = {
    "client": RequestRefused,
    "policy": PolicyRefused,
    "gateway": GatewayFailed,
    "adapter": RegistryFailed,
    "registry": RegistryFailed,
}


def refusal(status: int, document: Mapping[str, Any], retry_after: int | None) -> Refused:
    """Make the error that a problem document means. Missing members are empty."""
    errors = document.get("errors") or ()
    problem = Problem(
        status=status,
        code=str(document.get("code", "")),
        layer=str(document.get("layer", "")),
        retryable=document.get("retryable") is True,
        title=str(document.get("title", "")),
        detail=str(document.get("detail", "")),
        suggested_action=str(document.get("suggested_action", "")),
        display_message=str(document.get("display_message", "")),
        request_id=str(document.get("request_id", "")),
        errors=tuple((str(e.get("pointer", "")), str(e.get("detail", ""))) for e in errors if isinstance(e, Mapping)),
        retry_after=retry_after,
    )
    return _BY_LAYER.get(problem.layer, Refused)(problem)
