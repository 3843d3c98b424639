"""Staff lists, `staff/<staff>.toml`: what the audit has to know of officers, and whom it watches (docs/DETECTIONS.md).

The rule: these files name people, so they are read and checked like the others but put in force as pseudonyms alone
(`gateway/audit/staff.py`): no database ever holds their numbers.
"""

import re
from datetime import time
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.configuration_terms import (
    AgencyPattern,
    Distinct,
    Frozen,
    Identifier,
    Moment,
    ServiceName,
    Several,
    Title,
    Word,
)
from schemas.identifiers import ID_TYPES, canonical, canonical_agency

_HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")


def _personal_number(text: str) -> str:
    return canonical("personal_id", text)


def hours_of(text: str) -> tuple[time, time]:
    """Return begin and end of `07:30-17:00`. Raises `ValueError`."""
    match = _HOURS.fullmatch(text)
    if not match:
        raise ValueError("working hours are written as 07:30-17:00")
    begins, ends = time.fromisoformat(match[1]), time.fromisoformat(match[2])
    if begins >= ends:
        raise ValueError("working hours must begin before they end")
    return begins, ends


def _hours(text: str) -> str:
    hours_of(text)
    return text


PersonalNumber = Annotated[str, AfterValidator(_personal_number)]
Agency = Annotated[str, AfterValidator(canonical_agency)]


class StaffOfficer(Frozen):
    """An officer. `relatives` and `household` are what the officer declared, as personal numbers."""

    id: Word
    unit: Agency
    hours: Annotated[str, AfterValidator(_hours)] = "07:30-17:00"
    relatives: Several[PersonalNumber] = ()
    household: Several[PersonalNumber] = ()


class StaffTask(Frozen):
    """An approved batch job or an assigned review: look-ups that these officers make under an approval."""

    approval: Title
    officers: Distinct[Word]
    client: Identifier | None = None
    services: Several[ServiceName] = ()
    agencies: Several[AgencyPattern] = ()
    since: Moment
    until: Moment

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.since >= self.until:
            raise ValueError("since must lie before until")
        return self


class WatchedPerson(Frozen):
    """A protected person, or a decoy: one who does not exist and to whom no work leads."""

    id_type: Literal["personal_id", "old_id_card", "insurance_code", "health_card", "tax_code"] = "personal_id"
    id: Annotated[str, Field(max_length=64)]

    @model_validator(mode="after")
    def _canonical(self) -> Self:
        if self.id_type not in ID_TYPES or canonical(self.id_type, self.id) != self.id:
            raise ValueError("write the identifier in its canonical form")
        return self


class StaffList(Frozen):
    """One file."""

    staff: Identifier
    officers: Several[StaffOfficer] = ()
    jobs: Several[StaffTask] = ()
    reviews: Several[StaffTask] = ()
    protected: Several[WatchedPerson] = ()
    decoys: Several[WatchedPerson] = ()
