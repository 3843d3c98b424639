"""Verifying a signed request: RFC 9421 section 3.2 under the rules and in the order of PROTOCOL section 1.

missing → malformed → insufficient → key and signature (`invalid`) → expired → digest. Unknown, revoked and expired keys
and wrong signatures are told alike and cost alike: where there is no key to verify with, another one does the work.

The documented choices: duplicated labels are malformed; a signature whose label is in one of the two fields only counts
as missing; where none or several qualify, the request is `insufficient`; a component that is well-formed but cannot be
resolved is `invalid`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from signing.algorithms import Algorithm
from signing.base import signature_base, signature_params
from signing.components import Covered, covered
from signing.digest import check_digests, parse_content_digest
from signing.errors import SignatureError
from signing.fields import Dictionary, InnerList, Item, Parameters
from signing.keys import VerificationKey
from signing.request import Message, Request

Resolve = Callable[[str], VerificationKey | None]

_NONCE = re.compile(r"[!-~]{16,128}")
_DUMMY_PEM = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----"""
"""The Ed25519 test key of RFC 9421 appendix B.1.4: it does the work where there is no key; its verdict is unused."""
_DUMMY_SIGNATURE = bytes(64)
_FIXED_LENGTH = 64
_OF_64_OCTETS = (Algorithm.ED25519, Algorithm.ECDSA_P256_SHA256)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a verifier demands. Ages in seconds, both ends of the window inclusive; sizes in octets and components."""

    tag: str = "lienthong"
    max_age: int = 300
    max_ahead: int = 60
    max_base: int = 8192
    max_components: int = 32


DEFAULT_POLICY = Policy()


class VerifiedRequest(NamedTuple):
    """What a verified request's signature says. Times in Unix seconds."""

    keyid: str
    label: str
    algorithm: Algorithm
    created: int
    nonce: str
    expires: int | None
    components: tuple[str, ...]
    base: bytes
    signature: bytes

    def __repr__(self) -> str:
        """Neither base nor signature: they may tell of persons."""
        return f"VerifiedRequest({self.keyid!r}, {self.label!r}, {self.created!r}, {self.components!r})"


class SignedButUnfit(SignatureError):  # noqa: N818 — named for what happened
    """The signature verifies, but the request is expired or its content is not what was signed.

    Whoever signed it is known, so its nonce is spent all the same (PROTOCOL section 1): `proof` says which.
    """

    def __init__(self, error: SignatureError, proof: VerifiedRequest) -> None:
        super().__init__(error.code, error.detail, error.component, proof.label)
        self.proof = proof


class Candidate(NamedTuple):
    """A selected signature, its structure checked, nothing verified yet."""

    label: str
    params: Parameters
    covered: Covered
    signature: bytes
    written: str
    """The canonical text of the parameters where it is known."""


def select_label(inputs: Dictionary, tag: str) -> str:
    """Return the label of the one signature tagged `tag`; without any tag, of the only one.

    Raises `SignatureError` (`insufficient`).
    """
    if len(inputs) == 1:
        ((label, member),) = inputs.items()
        if member.value.params.get("tag", tag) == tag:
            return label
    tags = {label: member.value.params["tag"] for label, member in inputs.items() if "tag" in member.value.params}
    chosen = [label for label, value in tags.items() if value == tag]
    if len(chosen) != 1:
        raise SignatureError("insufficient", f'not exactly one signature is tagged "{tag}", or stands untagged alone')
    return chosen[0]


_TYPES: dict[str, type] = {"created": int, "expires": int, "nonce": str, "keyid": str, "alg": str, "tag": str}


def _check_types(params: Parameters) -> None:
    for name, value in params.items():
        if name in _TYPES and type(value) is not _TYPES[name]:
            raise SignatureError("malformed", "a signature parameter has the wrong type", name)
    nonce = params.get("nonce")
    if nonce is not None and not _NONCE.fullmatch(str(nonce)):
        raise SignatureError("malformed", "the nonce is not 16 to 128 visible ASCII characters", "nonce")


def _seconds(params: Parameters, name: str) -> int | None:
    value = params.get(name)
    return value if isinstance(value, int) else None


def candidate(message: Message, policy: Policy) -> Candidate:
    """Select the signature that counts and check its structure.

    Raises `SignatureError`: `missing`, `malformed` or `insufficient`.
    """
    inputs, signatures = message.dictionary("signature-input"), message.dictionary("signature")
    if not inputs or not signatures:
        raise SignatureError("missing", "Signature-Input and Signature must both be there")
    label = select_label(inputs, policy.tag)
    listed = inputs[label].value
    if not isinstance(listed, InnerList):
        raise SignatureError("malformed", "the Signature-Input member is no list of components")
    member = signatures.get(label)
    if member is None:
        raise SignatureError("missing", "Signature has no member for the selected Signature-Input")
    if not isinstance(member.value, Item) or not isinstance(member.value.value, bytes):
        raise SignatureError("malformed", "the Signature member is no byte sequence")
    if len(listed.items) > policy.max_components:
        raise SignatureError("malformed", f"more than {policy.max_components} components are covered")
    components = covered(listed)
    _check_types(listed.params)
    return Candidate(label, listed.params, components, member.value.value, listed.written)


def selected_label(request: Request, policy: Policy = DEFAULT_POLICY) -> str | None:
    """Return the label of the signature that counts, or None where none could be selected. Never raises."""
    try:
        label = select_label(request.dictionary("signature-input"), policy.tag)
        return label if label in request.dictionary("signature") else None
    except SignatureError:
        return None


def _require(plain: frozenset[str], name: str) -> None:
    if name not in plain:
        raise SignatureError("insufficient", f"{name} must be covered, without parameters", name)


def _check_sufficient(found: Candidate, request: Request, body: bytes) -> None:
    plain = found.covered.plain
    for name in ("created", "nonce", "keyid"):
        if name not in found.params:
            raise SignatureError("insufficient", f"the signature parameter {name} is required", name)
    _require(plain, "@method")
    if "@target-uri" not in plain:
        if "@authority" not in plain and "@path" not in plain:
            _require(plain, "@target-uri")
        _require(plain, "@authority")
        _require(plain, "@path")
        if request.has_query:
            _require(plain, "@query")
    if body:
        _require(plain, "content-digest")


@lru_cache(maxsize=1)
def _dummy_key() -> VerificationKey:
    return VerificationKey.from_pem(_DUMMY_PEM, "dummy")


def _invalid(label: str) -> SignatureError:
    return SignatureError("invalid", "the key or the signature is not valid", label=label)


def _work_in_vain(data: bytes) -> None:
    """Spend the time of a verification."""
    try:
        _dummy_key().verify(_DUMMY_SIGNATURE, data)
    except SignatureError:
        return


def check_signature(found: Candidate, base: bytes, key: VerificationKey | None, now: float) -> VerificationKey:
    """Verify the signature with a key that is known, valid at `now` (Unix seconds) and of the algorithm stated.

    Raises `SignatureError` (`invalid`), alike in every case.
    """
    if key is None or (key.algorithm in _OF_64_OCTETS and len(found.signature) != _FIXED_LENGTH):
        _work_in_vain(base)
        raise _invalid(found.label)
    try:
        key.verify(found.signature, base)
    except SignatureError as error:
        raise _invalid(found.label) from error
    if found.params.get("alg", key.algorithm) != key.algorithm or not key.valid_at_unix(now):
        raise _invalid(found.label)
    return key


def _check_window(created: int, expires: int | None, now: int, policy: Policy) -> None:
    if not now - policy.max_age <= created <= now + policy.max_ahead:
        raise SignatureError("expired", "created lies outside the window", "created")
    if expires is not None and (expires <= now or expires <= created):
        raise SignatureError("expired", "the signature has expired", "expires")


def _base_of(found: Candidate, request: Request, policy: Policy) -> bytes:
    """Build the base; where that is impossible, work all the same and call the signature invalid."""
    params = signature_params(found.covered, found.params, found.written)
    try:
        base = signature_base(found.covered, params, request)
    except SignatureError:
        _work_in_vain(params.encode("ascii"))
        raise
    if len(base) > policy.max_base:
        raise SignatureError("malformed", f"the signature base is longer than {policy.max_base} octets")
    return base


def _verify(
    found: Candidate, request: Request, body: bytes, resolve: Resolve, *, now: int, policy: Policy
) -> VerifiedRequest:
    digest_lines = request.lines("content-digest")
    digests = parse_content_digest(digest_lines) if digest_lines else None
    _check_sufficient(found, request, body)
    params = found.params
    keyid = str(params["keyid"])
    base = _base_of(found, request, policy)
    key = check_signature(found, base, resolve(keyid), now)
    created, expires = _seconds(params, "created") or 0, _seconds(params, "expires")
    names = found.covered.identifiers
    proof = VerifiedRequest(
        keyid, found.label, key.algorithm, created, str(params["nonce"]), expires, names, base, found.signature
    )
    try:
        _check_window(created, expires, now, policy)
        if digests is not None:
            check_digests(digests, body)
    except SignatureError as error:
        raise SignedButUnfit(error, proof) from error
    return proof


def verify_request(
    request: Request, body: bytes, resolve: Resolve, now: int, policy: Policy = DEFAULT_POLICY
) -> VerifiedRequest:
    """Verify a request's signature and digest at `now` (Unix seconds); `body` is the content as received.

    Raises `SignatureError`; its `label` is set once a signature has been selected. It is a `SignedButUnfit` where the
    signature itself verified. The nonce is not spent here.
    """
    found = candidate(request, policy)
    try:
        return _verify(found, request, body, resolve, now=now, policy=policy)
    except SignatureError as error:
        error.label = found.label
        raise
