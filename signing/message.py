"""HTTP Message Signatures, RFC 9421: the public nouns and verbs in one place."""

from signing.errors import SignatureError
from signing.request import Request, Response
from signing.sign import sign_request, sign_response
from signing.verify import Policy, Resolve, VerifiedRequest, selected_label, verify_request

__all__ = [
    "Policy",
    "Request",
    "Resolve",
    "Response",
    "SignatureError",
    "VerifiedRequest",
    "selected_label",
    "sign_request",
    "sign_response",
    "verify_request",
]
