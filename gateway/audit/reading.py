"""From rows of the database to the audit's facts. Pure: a row in, a value out."""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from gateway.audit.facts import Dossier, Lookup, Need
from gateway.reuse.catalogue import Catalogue

Row = Mapping[str, Any]


def lookup_of(row: Row) -> Lookup:
    """Return an entry as the audit reads it, from its leaf alone: what the log's tree covers."""
    leaf = orjson.loads(row["leaf"])
    people = leaf.get("pseudonyms", {})
    named = {name: b64decode(people[name]) for name in ("officer", "subject", "person", "address") if name in people}
    return Lookup(
        log_id=row["log_id"],
        index=row["index"],
        at=row["at"],
        kind=row["kind"],
        question=str(row["entry_id"]),
        client=leaf.get("client"),
        keyid=leaf.get("keyid"),
        service=leaf.get("service"),
        procedure=leaf.get("procedure"),
        dossier=leaf.get("dossier"),
        component=leaf.get("component"),
        legal_basis=leaf.get("legal_basis"),
        unit=leaf.get("unit"),
        officer=named.get("officer"),
        subject=named.get("subject"),
        person=named.get("person"),
        address=named.get("address"),
        year=people.get("year"),
        outcome=leaf.get("outcome"),
        reason=leaf.get("reason"),
        mode=leaf.get("mode"),
        fields=frozenset(leaf.get("fields", ())),
        detail=leaf.get("detail", {}),
    )


def dossier_of(row: Row) -> Dossier:
    """Return a dossier with its parties."""
    return Dossier(
        code=row["code"],
        agency=row["agency"],
        client=row["client"],
        procedure=row["procedure"],
        opened_at=row["opened_at"] or row["recorded_at"],
        recorded_at=row["recorded_at"],
        ended_at=row["end_at"],
        end_status=row["end_status"],
        parties=frozenset(zip(row["roles"], row["people"], strict=True)),
        party_year=row["year"],
        steps=row["events"],
        done_at=row["done_at"],
    )


def needs_of(catalogue: Catalogue | None, procedure: str | None) -> dict[str, Need] | None:
    """Return what a procedure needs of each service; None where the catalogue does not know it."""
    known = catalogue.procedures.get(procedure) if catalogue and procedure else None
    if known is None:
        return None
    fields: dict[str, set[str]] = {}
    for component in known.components:
        for replacement in component.replaced_by:
            fields.setdefault(replacement.service, set()).update(replacement.fields)
    return {service: Need(frozenset(names)) for service, names in fields.items()}


def dossier_index(dossiers: Iterable[Dossier]) -> dict[bytes, list[Dossier]]:
    """Return dossiers by party."""
    found: dict[bytes, list[Dossier]] = {}
    for dossier in dossiers:
        for person in {who for _, who in dossier.parties}:
            found.setdefault(person, []).append(dossier)
    return found
