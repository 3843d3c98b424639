"""The body of `POST /v1/lookups/{lookup_id}/outcome` (PROTOCOL section 5): what became of an answer."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.pointers import FieldError, SchemaError, validated

_Name = Annotated[str, Field(min_length=1, max_length=64)]
_Names = Annotated[list[_Name], Field(max_length=100)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    used: _Names
    mismatch: _Names


@dataclass(frozen=True, slots=True)
class LookupOutcome:
    """Fields that the officer used, and fields that did not fit what the citizen showed."""

    used: tuple[str, ...]
    mismatch: tuple[str, ...]


def parse_outcome(obj: Any) -> LookupOutcome:
    """Read the body. Raises `SchemaError`."""
    body = validated(_Body, obj)
    faults = [
        FieldError(f"/{member}", "a field is named twice")
        for member, names in (("used", body.used), ("mismatch", body.mismatch))
        if len(set(names)) != len(names)
    ]
    if faults:
        raise SchemaError(tuple(faults))
    return LookupOutcome(tuple(body.used), tuple(body.mismatch))


def check_outcome(outcome: LookupOutcome, asked: Collection[str]) -> None:
    """Raise `SchemaError` where the outcome names a field that the question did not."""
    faults = [
        FieldError(f"/{member}/{number}", "the question did not ask for this field")
        for member, names in (("used", outcome.used), ("mismatch", outcome.mismatch))
        for number, name in enumerate(names)
        if name not in asked
    ]
    if faults:
        raise SchemaError(tuple(faults))
