"""The bodies of look-ups and verifications (PROTOCOL sections 3 and 4), from JSON values to frozen ones.

The rule: a body has exactly the members described, each of its exact type, and every fault is reported
with a pointer (RFC 6901) and a sentence that never repeats what was sent. A field that a service does not
have is no fault of form: the agreement check refuses it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Annotated, Any, Literal, NotRequired, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict

from schemas.claims import check_claim
from schemas.dates import PartialDate, parse_partial
from schemas.frozen import valueclass
from schemas.grants import Officer, Purpose, Subject
from schemas.identifiers import canonical, canonical_agency, checked_dossier, procedure_national
from schemas.names import checked_name
from schemas.pointers import FieldError, SchemaError, checked, pointer_to
from schemas.services import ServiceSpec
from schemas.texts import checked_text, checked_word

__all__ = [
    "FieldError",
    "LookupRequest",
    "SchemaError",
    "VerificationRequest",
    "parse_lookup",
    "parse_verification",
]

FIELD_NAME_LIMIT = 64
FIELDS_LIMIT = 100
REASON_LIMIT = 1000
_OFFICERS = 4096

_Text = Annotated[str, Field(min_length=1, max_length=4000)]
_NEEDED = {"consent": "consent_ref", "vital_interest": "emergency_reason"}
"""What a legal basis must come with."""
_FieldName = Annotated[str, Field(min_length=1, max_length=FIELD_NAME_LIMIT)]
_T = TypeVar("_T")


@valueclass
class LookupRequest:
    """A well-formed look-up. `purpose.procedure` is the national code, whatever copy of it was sent."""

    subject: Subject
    purpose: Purpose
    fields: tuple[str, ...]


@valueclass
class VerificationRequest:
    """A well-formed verification: `claims` maps field names to claimed values."""

    subject: Subject
    purpose: Purpose
    claims: Mapping[str, Any]


_EXACT = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


@with_config(_EXACT)
class _SubjectBody(TypedDict):
    id_type: _Text
    id: _Text
    full_name: NotRequired[_Text]
    birth_date: NotRequired[_Text]


@with_config(_EXACT)
class _OfficerBody(TypedDict):
    id: _Text
    name: _Text
    unit: _Text


@with_config(_EXACT)
class _PurposeBody(TypedDict):
    procedure: _Text
    legal_basis: Literal["law", "consent", "vital_interest"]
    officer: _OfficerBody
    dossier: NotRequired[_Text]
    component: NotRequired[_Text]
    consent_ref: NotRequired[_Text]
    emergency_reason: NotRequired[_Text]


@with_config(_EXACT)
class _LookupBody(TypedDict):
    subject: _SubjectBody
    purpose: _PurposeBody
    fields: Annotated[list[_FieldName], Field(min_length=1, max_length=FIELDS_LIMIT)]


@with_config(_EXACT)
class _VerificationBody(TypedDict):
    subject: _SubjectBody
    purpose: _PurposeBody
    claims: Annotated[dict[_FieldName, Any], Field(min_length=1, max_length=FIELDS_LIMIT)]


_LOOKUP, _VERIFICATION = TypeAdapter(_LookupBody), TypeAdapter(_VerificationBody)


class _Faults:
    """Collects faults so that one answer names them all."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def add(self, pointer: str, detail: str) -> None:
        self.errors.append(FieldError(pointer, detail))

    def take(self, pointer: str, check: Callable[[str], _T], text: str | None) -> _T | None:
        """Return the checked value; None for an absent one, and after noting what `check` said."""
        if text is None:
            return None
        try:
            return check(text)
        except ValueError as error:
            self.add(pointer, str(error))
            return None

    def settle(self) -> None:
        if self.errors:
            raise SchemaError(tuple(self.errors))


def parse_lookup(obj: Any, spec: ServiceSpec) -> LookupRequest:
    """Read the body of a look-up of `spec`; `SchemaError` lists every fault."""
    body = checked(_LOOKUP, obj)
    faults = _Faults()
    subject, purpose = _subject(body["subject"], spec, faults), _purpose(body["purpose"], faults)
    fields = tuple(body["fields"])
    if len(set(fields)) != len(fields):
        faults.add("/fields", "a field is named twice")
    faults.settle()
    return LookupRequest(subject, purpose, fields)


def parse_verification(obj: Any, spec: ServiceSpec) -> VerificationRequest:
    """Read the body of a verification of `spec`; `SchemaError` lists every fault."""
    body = checked(_VERIFICATION, obj)
    faults = _Faults()
    subject, purpose = _subject(body["subject"], spec, faults), _purpose(body["purpose"], faults)
    for field, value in body["claims"].items():
        try:
            check_claim(spec, field, value)
        except ValueError as error:
            faults.add(pointer_to("claims", field), str(error))
    faults.settle()
    return VerificationRequest(subject, purpose, body["claims"])


def _subject(body: _SubjectBody, spec: ServiceSpec, faults: _Faults) -> Subject:
    id_type, identifier = body["id_type"], None
    if id_type in spec.id_types:
        identifier = faults.take("/subject/id", partial(canonical, id_type), body["id"])
    else:
        faults.add("/subject/id_type", "this service takes only: " + ", ".join(spec.id_types))
    for member in spec.subject_requires:
        if member not in body:
            faults.add(f"/subject/{member}", "this service requires this member")
    return Subject(
        id_type,
        identifier or "",
        faults.take("/subject/full_name", checked_name, body.get("full_name")),
        faults.take("/subject/birth_date", _birth_date, body.get("birth_date")),
    )


def _purpose(body: _PurposeBody, faults: _Faults) -> Purpose:
    basis = body["legal_basis"]
    needed = _NEEDED.get(basis)
    if needed is not None and needed not in body:
        faults.add(f"/purpose/{needed}", "this legal basis requires this member")
    return Purpose(
        faults.take("/purpose/procedure", procedure_national, body["procedure"]) or "",
        basis,
        _officer(body["officer"], faults),
        faults.take("/purpose/dossier", checked_dossier, body.get("dossier")),
        faults.take("/purpose/component", _component, body.get("component")),
        faults.take("/purpose/consent_ref", _reason, body.get("consent_ref")),
        faults.take("/purpose/emergency_reason", _reason, body.get("emergency_reason")),
    )


def _officer(body: _OfficerBody, faults: _Faults) -> Officer:
    known = _known_officer(body["id"], body["name"], body["unit"])
    return known or Officer(
        faults.take("/purpose/officer/id", _personal_id, body["id"]) or "",
        faults.take("/purpose/officer/name", checked_name, body["name"]) or "",
        faults.take("/purpose/officer/unit", _unit, body["unit"]) or "",
    )


@lru_cache(maxsize=_OFFICERS)
def _known_officer(number: str, name: str, unit: str) -> Officer | None:
    """Return the officer where nothing is wrong; an officer asks many times a day."""
    try:
        return Officer(_personal_id(number), checked_name(name), _unit(unit))
    except ValueError:
        return None


def _birth_date(text: str) -> PartialDate:
    return parse_partial(text)


def _personal_id(text: str) -> str:
    return canonical("personal_id", text)


def _unit(text: str) -> str:
    canonical_agency(text)
    return text


def _component(text: str) -> str:
    return checked_word(text, FIELD_NAME_LIMIT)


def _reason(text: str) -> str:
    return checked_text(text, REASON_LIMIT)
