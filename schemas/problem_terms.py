"""What the table of problems says of each (PROTOCOL section 2, RFC 9457); the table is `schemas.problems`."""

from dataclasses import dataclass
from typing import Literal

Layer = Literal["client", "gateway", "policy", "adapter", "registry"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem. `layer` says who must act; `retryable` that time alone may heal it."""

    code: str
    status: int
    title: str
    layer: Layer
    retryable: bool
    suggested_action: str
    display_message: str
    explanation: str
