"""Schema faults as PROTOCOL section 2 reports them: a JSON pointer (RFC 6901) and a sentence.

The rule: nothing the caller sent is echoed. A sentence comes from the table below, and a pointer names a
member only where its name looks like one of ours; otherwise it stops at the object that holds it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

_Model = TypeVar("_Model", bound=BaseModel)
_T = TypeVar("_T")
_WORD = re.compile(r"[a-z][a-z_]{0,39}")
_OTHERWISE = "this value is not allowed here"
_SENTENCES: Mapping[str, str] = {
    "missing": "this member is required",
    "extra_forbidden": "this member is not known",
    "model_type": "this must be an object",
    "dict_type": "this must be an object",
    "list_type": "this must be a list",
    "string_type": "this must be a text",
    "string_unicode": "this must be a text of whole Unicode characters",
    "string_too_short": "this text is empty",
    "string_too_long": "this text is too long",
    "int_type": "this must be a whole number",
    "bool_type": "this must be true or false",
    "too_short": "there must be at least one",
    "too_long": "there are too many",
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault: where (RFC 6901 pointer) and what, in a sentence without input."""

    pointer: str
    detail: str


class SchemaError(Exception):
    """A body that breaks its schema: `request-invalid`. `errors` names every fault found."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        super().__init__(f"{len(errors)} faults in the body")
        self.errors = errors


def pointer_to(*path: str | int) -> str:
    """Point along a path, as far as its members look like ours."""
    pointer = ""
    for step in path:
        if isinstance(step, str) and not _WORD.fullmatch(step):
            return pointer
        pointer += f"/{step}"
    return pointer


def validated(model: type[_Model], obj: Any) -> _Model:
    """Make a model of JSON values with pydantic; `SchemaError` in our own sentences."""
    return _in_our_words(model.model_validate, obj)


def checked(shape: TypeAdapter[_T], obj: Any) -> _T:
    """Hold JSON values against a shape; `SchemaError` as `validated`."""
    return _in_our_words(shape.validate_python, obj)


def _in_our_words(validate: Callable[[Any], _T], obj: Any) -> _T:
    try:
        return validate(obj)
    except ValidationError as error:
        raise SchemaError(tuple(map(_field_error, error.errors(include_url=False, include_input=False)))) from None


def _field_error(found: Any) -> FieldError:
    detail = _SENTENCES.get(found["type"], _OTHERWISE)
    if found["type"] == "literal_error":
        detail = "this must be one of " + found["ctx"]["expected"].replace("'", "")
    path = [step for step in found["loc"] if step != "[key]"]
    return FieldError(pointer_to(*path), detail)
