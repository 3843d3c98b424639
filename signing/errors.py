"""The two errors that leave this package, and the rule that no other does.

A `SignatureError` is the sender's fault and says so in one stable word; its sentence is safe to show, since it never
holds anything that was received. A `KeyFormatError` is the operator's: a key that cannot be used at all.
"""

from typing import Literal

Code = Literal["missing", "malformed", "insufficient", "invalid", "expired", "digest"]
"""Stable words, in the order in which the checks of PROTOCOL section 1 win."""


class SignatureError(Exception):
    """A message, a structured field, a digest or a proof that does not hold.

    `code` is one of `Code`; `detail` a sentence without any received text; `component` the name of the component or
    parameter it is about (from a fixed vocabulary, or as serialised by the signer in a valid component list); `label`
    the label of the signature that had been selected, if it came that far.
    """

    def __init__(self, code: Code, detail: str, component: str | None = None, label: str | None = None) -> None:
        super().__init__(detail)
        self.code: Code = code
        self.detail = detail
        self.component = component
        self.label = label


class KeyFormatError(Exception):
    """A key that cannot be read, is too weak, or does not fit its algorithm. The sentence never holds key material."""
