"""What travels from the agreement check to a registry: a subject, a purpose and the grant that covers them.

Only `gateway.agreements` makes a `Grant`; adapters take nothing else, so no step can be skipped.
"""

from typing import NamedTuple

from schemas.dates import PartialDate
from schemas.services import ServiceSpec


class Subject(NamedTuple):
    """The person asked about. `id_type` is one of DOMAIN section 2; `id` is in canonical form."""

    id_type: str
    id: str
    full_name: str | None = None
    birth_date: PartialDate | None = None


class Officer(NamedTuple):
    """The civil servant on whose behalf the caller asks: the caller's signed claim."""

    id: str
    name: str
    unit: str


class Purpose(NamedTuple):
    """Why a look-up is made. `legal_basis` is `law`, `consent` or `vital_interest`."""

    procedure: str
    legal_basis: str
    officer: Officer
    dossier: str | None = None
    component: str | None = None
    consent_ref: str | None = None
    emergency_reason: str | None = None


class Grant(NamedTuple):
    """One row of one agreement that covers one whole request (rows are never pooled)."""

    client: str
    service: ServiceSpec
    subject: Subject
    purpose: Purpose
    fields: tuple[str, ...]
    agreement: str
    row: int
    config_version: int
    daily_quota: int
    explain: bool
