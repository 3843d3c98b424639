"""HTTP Message Signatures, RFC 9421: the public nouns and verbs in one place."""

from signing.answers import VerifiedResponse, verify_response
from signing.errors import SignatureError
from signing.explain import ComponentReport, explain_request, explain_response
from signing.request import Fields, Request, Response
from signing.sign import sign_request, sign_response
from signing.verify import Policy, Resolve, SignedButUnfit, VerifiedRequest, selected_label, verify_request

__all__ = [
    "ComponentReport",
    "Fields",
    "Policy",
    "Request",
    "Resolve",
    "Response",
    "SignatureError",
    "SignedButUnfit",
    "VerifiedRequest",
    "VerifiedResponse",
    "explain_request",
    "explain_response",
    "selected_label",
    "sign_request",
    "sign_response",
    "verify_request",
    "verify_response",
]
