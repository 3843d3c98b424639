"""Repeat asks: a citizen brings what the state was given within the twelve months before. Pure.

A component that came from the citizen (typed, uploaded, by card or on paper) is a repeat when one of the persons it is
about was party, in the role that matters there, of another dossier accepted within twelve months before, in which a
component of the same service was obtained. A person is known again by pseudonym, so only under keys of the same year.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from gateway.reuse.catalogue import Catalogue, in_force
from gateway.reuse.facts import Component, Dossier, months_before
from gateway.reuse.metrics import Rate
from schemas.configuration_models import Replacement

FROM_CITIZEN = frozenset({"typed", "upload", "card", "paper"})
_WITHIN_MONTHS = 12


def repeat_asks(dossiers: Sequence[Dossier], asked: Iterable[Dossier], catalogues: Sequence[Catalogue]) -> Rate:
    """Count the components of `asked` that came from the citizen, and the repeats among them, given all `dossiers`."""
    given: dict[tuple[bytes, str], list[tuple[datetime, str]]] = defaultdict(list)
    for dossier in dossiers:
        for component, choice in _mapped(dossier, catalogues):
            if component.obtained not in {None, "waived"}:
                for person in dossier.parties.get(choice.role, ()):
                    given[person, choice.service].append((dossier.received_at, dossier.code))
    repeats = total = 0
    for dossier in asked:
        since = months_before(dossier.received_at, _WITHIN_MONTHS)
        for component, choice in _mapped(dossier, catalogues):
            if component.obtained in FROM_CITIZEN:
                total += 1
                repeats += any(
                    since <= at < dossier.received_at and code != dossier.code
                    for person in dossier.parties.get(choice.role, ())
                    for at, code in given[person, choice.service]
                )
    return Rate(repeats, total)


def _mapped(dossier: Dossier, catalogues: Sequence[Catalogue]) -> Iterator[tuple[Component, Replacement]]:
    """Yield the components that the catalogue maps, each with the replacement named first."""
    catalogue = in_force(catalogues, dossier.received_at)
    procedure = catalogue.procedures.get(dossier.procedure) if catalogue else None
    papers = {paper.code: paper for paper in procedure.components} if procedure else {}
    for component in dossier.components:
        paper = papers.get(component.code)
        if paper and paper.replaced_by:
            yield component, paper.replaced_by[0]
