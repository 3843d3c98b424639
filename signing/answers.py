"""Verifying an answer, as its client does: RFC 9421 sections 2.4 and 3.2, PROTOCOL section 1 "Answers".

The rule kept here: an answer counts only when it is signed by a key that the client trusts and bound to the very
request that was sent (its method, its target, its digest and its signature), and when the content has the digest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from signing.algorithms import Algorithm
from signing.base import signature_base, signature_params
from signing.components import Covered, cover
from signing.digest import verify_content_digest
from signing.errors import SignatureError
from signing.request import Request, Response
from signing.sign import answer_components
from signing.verify import DEFAULT_POLICY, Candidate, Policy, Resolve, candidate, check_signature, selected_label


@dataclass(frozen=True, slots=True)
class VerifiedResponse:
    """What a verified answer's signature says. `created` in Unix seconds."""

    keyid: str
    label: str
    algorithm: Algorithm
    created: int
    status: int
    components: tuple[str, ...]
    base: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def required_components(response: Response, request: Request, policy: Policy = DEFAULT_POLICY) -> list[str]:
    """Return the identifiers that an answer to `request` must cover (PROTOCOL section 1)."""
    listed = answer_components(response, request, selected_label(request, policy))
    return list(listed.identifiers)


def _meanings(covered: Covered) -> set[tuple[str, frozenset[tuple[str, object]]]]:
    """Return what is covered, whatever the order of the parameters."""
    return {(component.name, frozenset(component.params.items())) for component in covered.components}


def check_covers(found: Candidate, wanted: Sequence[str]) -> None:
    """Refuse an answer whose signature lacks a parameter or a component. Raises `SignatureError` (`insufficient`)."""
    for name in ("created", "keyid"):
        if name not in found.params:
            raise SignatureError("insufficient", f"the signature parameter {name} is required", name)
    present = _meanings(found.covered)
    for identifier in wanted:
        if not _meanings(cover([identifier])) <= present:
            raise SignatureError("insufficient", f"the answer must cover {identifier}", identifier)


def _check_window(created: int, now: int | None, policy: Policy) -> None:
    if now is not None and not now - policy.max_age <= created <= now + policy.max_ahead:
        raise SignatureError("expired", "created lies outside the window", "created")


def verify_response(
    response: Response,
    body: bytes,
    request: Request,
    resolve: Resolve,
    *,
    now: int | None = None,
    require: Sequence[str] | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> VerifiedResponse:
    """Verify an answer and that it answers `request`, which holds the headers as sent, signature included.

    `require` are the identifiers that must be covered, by default all of PROTOCOL section 1. With `now` (Unix seconds)
    the answer's age is checked against the policy; without it, as for a kept exchange, it is not. The key must be
    valid at `now`, or else have been valid when the answer was made. Raises `SignatureError`.
    """
    found = candidate(response, policy)
    check_covers(found, required_components(response, request, policy) if require is None else require)
    created, keyid = found.params["created"], str(found.params["keyid"])
    seconds = created if isinstance(created, int) else 0
    base = signature_base(found.covered, signature_params(found.covered, found.params), response, request)
    key = check_signature(found, base, resolve(keyid), seconds if now is None else now)
    _check_window(seconds, now, policy)
    verify_content_digest(response.lines("content-digest"), body)
    names = found.covered.identifiers
    return VerifiedResponse(keyid, found.label, key.algorithm, seconds, response.status, names, base, found.signature)
