"""RFC 9421 section 2.5: the signature base, the octets that are signed.

The parameters line is what serialising anew gives, as section 2.3 says, whatever stood in the field.
"""

from collections.abc import Mapping

from signing.components import Covered, value_of
from signing.errors import SignatureError
from signing.field_writer import serialise_params
from signing.fields import BareItem
from signing.request import Message, Request


def signature_params(covered: Covered, params: Mapping[str, BareItem], written: str = "") -> str:
    """Return the value of `@signature-params`, which is the `Signature-Input` member too (section 2.3).

    `written` is the parameters' canonical text where it is known.
    """
    return covered.text + (written or serialise_params(params))


def signature_base(covered: Covered, params: str, message: Message, request: Request | None = None) -> bytes:
    """Return the signature base; `params` is the value of `@signature-params`.

    Raises `SignatureError` (`invalid`) where a component has no value, or one that is not ASCII.
    """
    text = covered.template % (*[value_of(part, message, request) for part in covered.components], params)
    if not text.isascii() or text.count("\n") != len(covered.components):
        raise SignatureError("invalid", "a covered component is not a line of ASCII")
    return text.encode("ascii")
