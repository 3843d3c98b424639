"""Words shared by the configuration's models: checked names, lists without repeats, times (DESIGN section 7)."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from schemas.identifiers import agency_pattern, procedure_national
from schemas.texts import checked_text, checked_word

_T = TypeVar("_T")

NAME_LIMIT = 200
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SERVICE = re.compile(r"[a-z][a-z0-9-]{0,39}")
_SERVICE_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}/[a-z][a-z0-9-]{0,39}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Frozen(BaseModel):
    """A table of a configuration file: closed, exact in its types, unchangeable."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


def _matching(pattern: re.Pattern[str], sentence: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(sentence)
        return text

    return check


def _some(values: tuple[_T, ...]) -> tuple[_T, ...]:
    if not values:
        raise ValueError("an empty list allows nothing: leave the member out or name at least one")
    return values


def _distinct(values: tuple[_T, ...]) -> tuple[_T, ...]:
    if len(set(values)) != len(values):
        raise ValueError("a value is named twice")
    return values


def _field_name(text: str) -> str:
    if "*" in text:
        raise ValueError("fields are granted by name: there is no wildcard")
    if not _FIELD.fullmatch(text):
        raise ValueError("a field is lower-case letters, digits and _")
    return text


def _procedure(text: str) -> str:
    if procedure_national(text) != text:
        raise ValueError("name the national code, without an agency")
    return text


def secret_file(text: str) -> str:
    """Return the name of a secret file; `ValueError` where it leaves the secrets directory."""
    if text.startswith("/") or "\\" in text or ".." in text.split("/"):
        raise ValueError("a secret file is named relative to the secrets directory")
    return checked_word(text, NAME_LIMIT)


def _iso(parse: Callable[[str], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return parse(value)
        except ValueError:
            raise ValueError("this must be a date or time in ISO form") from None

    return read


Identifier = Annotated[
    str, AfterValidator(_matching(_IDENTIFIER, "this must be 1 to 64 of letters, digits, dot, - and _"))
]
ServiceWord = Annotated[str, AfterValidator(_matching(_SERVICE, "this must be lower-case letters, digits and -"))]
ServiceName = Annotated[str, AfterValidator(_matching(_SERVICE_NAME, "a service is named registry/service"))]
FieldName = Annotated[str, AfterValidator(_field_name)]
ProcedureCode = Annotated[str, AfterValidator(_procedure)]
AgencyPattern = Annotated[str, AfterValidator(agency_pattern)]
SecretFile = Annotated[str, AfterValidator(secret_file)]
Title = Annotated[str, AfterValidator(lambda text: checked_text(text, NAME_LIMIT))]
Word = Annotated[str, AfterValidator(lambda text: checked_word(text, 64))]
Moment = Annotated[AwareDatetime, BeforeValidator(_iso(datetime.fromisoformat))]
Day = Annotated[date, BeforeValidator(_iso(date.fromisoformat))]
Several = Annotated[tuple[_T, ...], Field(strict=False)]
"""A list, maybe empty."""
Some = Annotated[tuple[_T, ...], Field(strict=False), AfterValidator(_some)]
"""A list with at least one member."""
Distinct = Annotated[tuple[_T, ...], Field(strict=False), AfterValidator(_some), AfterValidator(_distinct)]
"""A list with at least one member and none twice."""
