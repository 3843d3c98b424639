"""Step 2 of a look-up: who signed this request. Pure; only this module makes a `Caller`."""

from datetime import datetime
from typing import Any, NamedTuple

from gateway.evidence.contract import Nonce
from gateway.refusals import Refusal
from gateway.snapshot import Snapshot
from schemas.configuration import Client
from signing.errors import SignatureError
from signing.keys import VerificationKey
from signing.message import Request, SignedButUnfit, VerifiedRequest, verify_request

_CODES = {
    "missing": "signature-missing",
    "malformed": "request-malformed",
    "insufficient": "signature-insufficient",
    "invalid": "signature-invalid",
    "expired": "signature-expired",
    "digest": "digest-mismatch",
}


class Caller(NamedTuple):
    """A client whose signature over this very request has verified."""

    client: Client
    keyid: str
    key: VerificationKey
    nonce: Nonce
    proof: VerifiedRequest

    def sealed_proof(self) -> dict[str, str]:
        """Return what the log keeps, sealed, so that the caller cannot deny the request."""
        return {
            "signature_base": self.proof.base.decode("latin-1"),
            "signature": self.proof.signature.hex(),
            "algorithm": str(self.proof.algorithm),
        }

    def attested(self) -> dict[str, Any]:
        """Return what the log says in clear of the signature that was verified: names, never values."""
        proof = self.proof
        return {"covered": proof.components, "created": proof.created, "algorithm": str(proof.algorithm)}


class Unfit(Refusal):
    """A signature verifies, but the request is expired or its content is not what was signed: `caller` sent it."""

    def __init__(self, error: SignatureError, caller: Caller) -> None:
        super().__init__(_CODES[error.code], error.code, detail=error.detail)
        self.caller = caller


def authenticate(request: Request, body: bytes, snapshot: Snapshot, now: datetime) -> Caller:
    """Verify the signature, its window and the digest (PROTOCOL section 1). Raises `Refusal`, or `Unfit`."""

    def resolve(keyid: str) -> VerificationKey | None:
        known = snapshot.keys.get(keyid)
        if known is None or known.client.suspended:
            return None
        return known.key

    try:
        proof = verify_request(request, body, resolve, int(now.timestamp()))
    except SignedButUnfit as error:
        raise Unfit(error, _caller(error.proof, snapshot)) from error
    except SignatureError as error:
        # An invalid signature says nothing more: not even which of its many reasons applied.
        detail = None if error.code == "invalid" else error.detail
        raise Refusal(_CODES[error.code], error.code, detail=detail) from error
    return _caller(proof, snapshot)


def _caller(proof: VerifiedRequest, snapshot: Snapshot) -> Caller:
    known = snapshot.keys[proof.keyid]
    client = known.client
    return Caller(client, proof.keyid, known.key, Nonce(client.client, proof.nonce, proof.created), proof)
