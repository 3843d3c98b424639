"""Step 4 of a look-up: does one row of an agreement cover this whole request (DESIGN section 2).

Pure, over a loaded snapshot; only this module makes a `Grant`. Rows are never pooled: a row that
covers the purpose and another that covers the fields do not add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from gateway.authentication import Caller
from gateway.refusals import Refusal
from gateway.snapshot import GrantRow, Snapshot
from gateway.store.scope import Scope
from schemas.grants import Grant, Purpose, Subject
from schemas.identifiers import agency_matches, dossier_agency, person_key, procedure_national
from schemas.pointers import FieldError
from schemas.services import ServiceSpec

_NOBODY = Scope(frozenset())
_REMEMBERED = 512


@dataclass(frozen=True, slots=True)
class DossierFacts:
    """What the gateway itself knows of a dossier, from the status events it received."""

    agency: str
    open: bool
    """Not in a final state, by what look-ups may be bound to."""
    parties: frozenset[tuple[str, str]]
    """`person_key` of parties, at least of the subject where the subject is one."""


def grant(
    caller: Caller,
    spec: ServiceSpec,
    subject: Subject,
    purpose: Purpose,
    fields: tuple[str, ...],
    *,
    snapshot: Snapshot,
    today: date,
    dossier: DossierFacts | None,
    pointers: Sequence[str] = (),
) -> Grant:
    """Return the one row that covers the request, as a `Grant`. Raises `Refusal` (403) otherwise.

    The refusal names the first of purpose, fields, dossier and party that no remaining row covers; `pointers` say
    where in the request each field stands.
    """
    client = caller.client.client
    agreed = snapshot.grants.get((client, spec.name), ())
    granted = _of_purpose(agreed, today, purpose.procedure, purpose.legal_basis, purpose.officer.unit)
    rows = [row for row in granted if row.fields.issuperset(fields)]
    if not rows:
        raise Refusal("field-not-granted", "fields", errors=_beyond(granted, fields, pointers))
    rows = [row for row in rows if _covers_dossier(row, purpose.dossier, dossier)]
    if not rows:
        raise Refusal("dossier-not-open", "dossier")
    rows = [row for row in rows if _covers_party(row, subject, dossier)]
    if not rows:
        raise Refusal("subject-not-party", "party")
    row = rows[0]
    return Grant(
        client=client,
        service=spec,
        subject=subject,
        purpose=purpose,
        fields=fields,
        agreement=row.agreement,
        row=row.row,
        config_version=snapshot.version,
        daily_quota=row.daily_quota,
        explain=row.explain,
    )


def reporting_scope(snapshot: Snapshot, client: str) -> Scope:
    """Return the agencies that a client reports for, and whose dossiers it therefore sees: of all its agreements."""
    agreements = snapshot.configuration.agreements.values()
    return Scope.of(
        pattern for agreement in agreements if agreement.client == client for pattern in agreement.push_agencies
    )


def binding_scope(snapshot: Snapshot, client: str, spec: ServiceSpec) -> Scope:
    """Return the agencies of those rows that ask for an open dossier; empty where none does."""
    return _bound(snapshot.grants.get((client, spec.name), ()))


@lru_cache(maxsize=_REMEMBERED)
def _bound(rows: tuple[GrantRow, ...]) -> Scope:
    bound = [row for row in rows if row.dossier_rule != "none"]
    return Scope.of(pattern for row in bound for pattern in row.agencies) if bound else _NOBODY


@lru_cache(maxsize=_REMEMBERED)
def _of_purpose(
    agreed: tuple[GrantRow, ...], today: date, procedure: str, legal_basis: str, unit: str
) -> list[GrantRow]:
    """Return the rows in force that cover the purpose. Raises `Refusal` that points at the first part none covers.

    Remembered, refusals apart: officers of one unit ask for the same procedures all day.
    """
    rows = [row for row in agreed if row.valid_from <= today <= row.valid_until]
    if not rows:
        raise Refusal("agreement-missing", "no-row")
    national = procedure_national(procedure)
    rows = _some([row for row in rows if national in row.procedures], "procedure")
    rows = _some([row for row in rows if legal_basis in row.legal_bases], "legal_basis")
    return _some([row for row in rows if _within(row.agencies, unit)], "officer/unit")


def _some(rows: list[GrantRow], part: str) -> list[GrantRow]:
    if not rows:
        error = FieldError(f"/purpose/{part}", "no row of the agreement covers this")
        raise Refusal("purpose-not-granted", "purpose", errors=(error,))
    return rows


def _beyond(rows: list[GrantRow], fields: Sequence[str], pointers: Sequence[str]) -> tuple[FieldError, ...]:
    """Point at the fields beyond the row that covers most of them."""
    closest = max(rows, key=lambda row: len(row.fields.intersection(fields)))
    places = dict.fromkeys(place for name, place in zip(fields, pointers, strict=False) if name not in closest.fields)
    return tuple(FieldError(place, "the agreement does not grant this field") for place in places)


def _covers_dossier(row: GrantRow, code: str | None, dossier: DossierFacts | None) -> bool:
    if code is None:
        return row.dossier_rule == "none"
    agency = dossier_agency(code)
    if agency is not None and not _within(row.agencies, agency):
        return False
    if row.dossier_rule == "none":
        return agency is not None
    return dossier is not None and dossier.open and _within(row.agencies, dossier.agency)


def _covers_party(row: GrantRow, subject: Subject, dossier: DossierFacts | None) -> bool:
    if row.dossier_rule != "party":
        return True
    return dossier is not None and person_key(subject.id_type, subject.id) in dossier.parties


def _within(agencies: Sequence[str], agency: str) -> bool:
    return any(agency_matches(pattern, agency) for pattern in agencies)
