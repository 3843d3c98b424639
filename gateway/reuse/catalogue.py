"""The catalogue of procedures through time: which look-up would have replaced which paper (DESIGN section 6).

The rule: a dossier is judged by the catalogue in force at its acceptance; what was accepted before there was any is
judged by the oldest one. Read from the documents of every configuration that ever was.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from schemas.configuration_models import Component, Procedure

Tables = Mapping[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One version: the configuration that first had it, since when, and its procedures by code."""

    version: int
    since: datetime
    procedures: Mapping[str, Procedure]
    papers: Mapping[str, Mapping[str, Component]] = field(init=False, compare=False)
    """A procedure's components by code."""
    needs: Mapping[str, Mapping[tuple[str, str | None], frozenset[str]]] = field(init=False, compare=False)
    """A procedure's fields by service and component, and of all components under None."""

    def __post_init__(self) -> None:
        """Sort out once what every dossier is judged by."""
        papers = {code: {one.code: one for one in procedure.components} for code, procedure in self.procedures.items()}
        object.__setattr__(self, "papers", papers)
        object.__setattr__(self, "needs", {code: _needs(components) for code, components in papers.items()})

    def tables(self) -> Tables:
        """Return it as the rows of the database's catalogue tables."""
        found: dict[str, list[dict[str, Any]]] = {"procedures": [], "components": [], "replacements": []}
        for code, procedure in self.procedures.items():
            found["procedures"].append({"procedure": code, "result_due": procedure.result_due})
            for component in procedure.components:
                key = {"procedure": code, "component": component.code}
                found["components"].append(
                    {**key, "mandatory": component.mandatory, "paper_by_law": component.paper_by_law}
                )
                found["replacements"].extend(
                    {
                        **key,
                        "choice": choice,
                        "service": replacement.service,
                        "role": replacement.role,
                        "fields": list(replacement.fields),
                    }
                    for choice, replacement in enumerate(component.replaced_by)
                )
        return found


def _needs(papers: Mapping[str, Component]) -> dict[tuple[str, str | None], frozenset[str]]:
    found: dict[tuple[str, str | None], frozenset[str]] = {}
    for code, paper in papers.items():
        for choice in paper.replaced_by:
            for key in ((choice.service, code), (choice.service, None)):
                found[key] = found.get(key, frozenset()) | frozenset(choice.fields)
    return found


def procedures_of(documents: Mapping[str, str]) -> dict[str, Procedure]:
    """Read the procedures of a configuration's documents; one that this version cannot read is left out."""
    found: dict[str, Procedure] = {}
    for path, text in documents.items():
        if path.startswith("procedures/") and path.endswith(".toml"):
            try:
                procedure = Procedure.model_validate(tomllib.loads(text))
            except (tomllib.TOMLDecodeError, ValidationError):
                continue
            found[procedure.procedure] = procedure
    return found


def catalogues_of(versions: Iterable[tuple[int, datetime, Mapping[str, str]]]) -> list[Catalogue]:
    """Return the catalogues of all configurations (version, applied at, documents), oldest first, repeats left out."""
    found: list[Catalogue] = []
    for version, since, documents in sorted(versions, key=lambda item: item[0]):
        procedures = procedures_of(documents)
        if not found or found[-1].procedures != procedures:
            found.append(Catalogue(version, since, procedures))
    return found


def in_force(catalogues: Sequence[Catalogue], at: datetime) -> Catalogue | None:
    """Return the catalogue in force at a moment; the oldest before there was any, None where there never was."""
    later = [catalogue for catalogue in catalogues if catalogue.since <= at]
    if later:
        return max(later, key=lambda catalogue: (catalogue.since, catalogue.version))
    return min(catalogues, key=lambda catalogue: (catalogue.since, catalogue.version), default=None)
