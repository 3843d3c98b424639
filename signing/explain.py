"""Explaining a signature component by component, for a person who wants to know why it does not verify.

The rule kept here: explaining never raises and decides nothing. Values are those of the message itself: show them only
to whoever holds the message.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from signing.answers import required_components, verify_response
from signing.components import value_of
from signing.digest import verify_content_digest
from signing.errors import SignatureError
from signing.request import Message, Request, Response
from signing.verify import DEFAULT_POLICY, Candidate, Policy, Resolve, candidate, verify_request


@dataclass(frozen=True, slots=True)
class ComponentReport:
    """One line of an explanation.

    `component` is an identifier, a parameter (`created`), or one of `signature`, `content-digest (content)`.
    `value_used` is what went into the signature base, `present` whether the message has it and the signature covers it.
    """

    component: str
    value_used: str | None = field(repr=False)
    present: bool
    ok: bool
    note: str


def _component_reports(found: Candidate, message: Message, request: Request | None) -> list[ComponentReport]:
    reports = []
    for component in found.covered.components:
        try:
            value = value_of(component, message, request)
        except SignatureError as error:
            reports.append(ComponentReport(component.identifier, None, present=False, ok=False, note=error.detail))
        else:
            ascii_only = value.isascii()
            note = "" if ascii_only else "the value is not ASCII and cannot be signed"
            reports.append(ComponentReport(component.identifier, value, present=True, ok=ascii_only, note=note))
    return reports


def _parameter_reports(found: Candidate) -> list[ComponentReport]:
    return [ComponentReport(name, str(value), present=True, ok=True, note="") for name, value in found.params.items()]


def _digest_report(message: Message, body: bytes) -> list[ComponentReport]:
    lines = message.lines("content-digest")
    if not lines:
        return []
    value = ", ".join(lines)
    try:
        verify_content_digest(lines, body)
    except SignatureError as error:
        return [ComponentReport("content-digest (content)", value, present=True, ok=False, note=error.detail)]
    return [ComponentReport("content-digest (content)", value, present=True, ok=True, note="")]


def _blame(reports: list[ComponentReport], error: SignatureError) -> list[ComponentReport]:
    """Mark the line that the refusal is about; add one where there is none."""
    name = (error.component or "").strip('"')
    for place, report in enumerate(reports):
        if name and report.component.strip('"') == name and error.code != "digest":
            blamed = ComponentReport(report.component, report.value_used, report.present, ok=False, note=error.detail)
            return [*reports[:place], blamed, *reports[place + 1 :]]
    if error.code == "digest":
        return reports
    return [*reports, ComponentReport(error.component or "signature", None, present=False, ok=False, note=error.detail)]


def _explain(
    message: Message, body: bytes, request: Request | None, policy: Policy, verify: Callable[[], object]
) -> list[ComponentReport]:
    try:
        found = candidate(message, policy)
    except SignatureError as error:
        return [ComponentReport(error.component or "signature", None, present=False, ok=False, note=error.detail)]
    reports = _component_reports(found, message, request) + _parameter_reports(found) + _digest_report(message, body)
    try:
        verify()
    except SignatureError as error:
        reports = _blame(reports, error)
        verdict = ComponentReport("signature", None, present=True, ok=False, note=f"{error.code}: {error.detail}")
    else:
        verdict = ComponentReport("signature", None, present=True, ok=True, note="")
    return [*(report for report in reports if report.component != "signature"), verdict]


def explain_request(
    request: Request, body: bytes, resolve: Resolve, now: int, policy: Policy = DEFAULT_POLICY
) -> list[ComponentReport]:
    """Explain a request's signature as `verify_request` judges it; the last line is the verdict. Never raises."""
    return _explain(request, body, None, policy, lambda: verify_request(request, body, resolve, now, policy))


def explain_response(
    response: Response,
    body: bytes,
    request: Request,
    resolve: Resolve,
    *,
    now: int | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> list[ComponentReport]:
    """Explain an answer's signature as `verify_response` judges it; the last line is the verdict. Never raises.

    Every component that must be covered and is not has a line of its own.
    """
    reports = _explain(
        response,
        body,
        request,
        policy,
        lambda: verify_response(response, body, request, resolve, now=now, policy=policy),
    )
    named = {report.component for report in reports}
    lacking = [
        ComponentReport(identifier, None, present=False, ok=False, note="must be covered and is not")
        for identifier in required_components(response, request, policy)
        if identifier not in named and f'"{identifier}"' not in named
    ]
    return [*lacking, *reports]
