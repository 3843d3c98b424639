"""Signing requests and answers: RFC 9421 section 3.1, covering what PROTOCOL section 1 says.

Nonces and times are arguments. An answer is bound to its question: it covers the request's method, target, digest and
signature, so that it cannot be moved to another question.
"""

from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache

from signing.base import signature_base, signature_params
from signing.components import Covered, cover
from signing.digest import content_digest
from signing.errors import SignatureError
from signing.fields import BareItem, serialise_params
from signing.keys import SigningKey
from signing.request import Message, Request, Response

TAG = "lienthong"
_CACHED_LENGTH = 64
"""Component lists for longer labels are made each time."""


def _signature(key: SigningKey, covered: Covered, text: str, message: Message, request: Request | None = None) -> str:
    """Return the member of `Signature` beside `text`, that of `Signature-Input`."""
    signature = key.sign(signature_base(covered, text, message, request))
    return f":{b64encode(signature).decode()}:"


def sign_request(
    key: SigningKey,
    request: Request,
    body: bytes,
    *,
    created: int,
    nonce: str,
    expires: int | None = None,
    tag: str | None = TAG,
    label: str = TAG,
    components: Sequence[str] | None = None,
) -> list[tuple[str, str]]:
    """Return the headers to add: `Content-Digest` (with content, unless it is there), `Signature-Input`, `Signature`.

    `components` are names or serialised identifiers; by default `@method`, `@target-uri` and, with content,
    `content-digest`. Times in Unix seconds. Raises `SignatureError` where something asked for cannot be signed.
    """
    names = components
    if names is None:
        names = ("@method", "@target-uri", "content-digest") if body else ("@method", "@target-uri")
    added: list[tuple[str, str]] = []
    if (body or "content-digest" in names) and not request.lines("content-digest"):
        added.append(("Content-Digest", content_digest(body)))
        with_digest = [*request.headers, *added]
        request = Request(request.method, request.scheme, request.authority, request.target, with_digest)
    params: dict[str, BareItem] = {"created": created, "nonce": nonce, "keyid": key.keyid}
    if expires is not None:
        params["expires"] = expires
    if tag is not None:
        params["tag"] = tag
    wanted = cover(names)
    text = signature_params(wanted, params)
    signature = _signature(key, wanted, text, request)
    return [*added, ("Signature-Input", f"{label}={text}"), ("Signature", f"{label}={signature}")]


def _answer_names(*, receipt: bool, digest: bool, label: str | None) -> list[str]:
    names = ["@status", "content-type", "content-digest"]
    if receipt:
        names.append("lienthong-receipt")
    names += ['"@method";req', '"@target-uri";req']
    if digest:
        names.append('"content-digest";req')
    if label is not None:
        names += [f'"signature";req;key="{label}"', f'"signature-input";req;key="{label}"']
    return names


@lru_cache(maxsize=64)
def _usual_answer(receipt: bool, digest: bool, label: str | None) -> Covered:
    return cover(_answer_names(receipt=receipt, digest=digest, label=label))


@lru_cache(maxsize=64)
def _signer(keyid: str) -> str:
    """Return the parameters of an answer's signature that are always the same."""
    return serialise_params({"keyid": keyid, "tag": TAG})


def answer_components(response: Response, request: Request, request_label: str | None) -> Covered:
    """Return the component list that an answer's signature must cover (PROTOCOL section 1, "Answers").

    Raises `SignatureError` (`malformed`) for a label that is none.
    """
    receipt, digest = bool(response.lines("lienthong-receipt")), len(request.lines("content-digest")) == 1
    if request_label is not None and len(request_label) > _CACHED_LENGTH:
        return cover(_answer_names(receipt=receipt, digest=digest, label=request_label))
    return _usual_answer(receipt, digest, request_label)


def sign_response(
    key: SigningKey, response: Response, request: Request, request_label: str | None, created: int
) -> tuple[str, str]:
    """Return the values of `Signature-Input` and `Signature` for an answer, label and tag `lienthong`.

    `response.headers` must hold `Content-Type` and `Content-Digest`; `request_label` is the label of the signature that
    was selected, if exactly one was. Raises `SignatureError` where a component to be covered has no value.
    """
    covered = answer_components(response, request, request_label)
    text = f"{covered.text};created={created}{_signer(key.keyid)}"
    try:
        signature = _signature(key, covered, text, response, request)
    except SignatureError as error:
        raise SignatureError("malformed", "the answer cannot be bound to this request", error.component) from error
    return f"{TAG}={text}", f"{TAG}={signature}"
