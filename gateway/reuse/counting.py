"""From judged dossiers to counts that can be added up: cells of day, agency, procedure and registry. Pure.

The rule: every count is of whole things (dossiers, components, fields), so sums over cells are exact. In the cells
of one registry a dossier counts where a component of it can be had from that registry, and only those components do.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from gateway.reuse.catalogue import Catalogue, in_force
from gateway.reuse.facts import Dossier
from gateway.reuse.judging import CAUSES, Verdict, judge
from gateway.reuse.quality import Quality, quality

FUNNEL = ("needed", "held", "looked_up", "answered", "matched", "used")
COUNTS = (
    "dossiers",
    "declared",
    "evidenced",
    "with_needs",
    "full_once_only",
    "covered",
    "acknowledged",
    "acknowledged_evidenced",
    "digitised",
    "result_owed",
    "result_electronic",
    "online",
    "due_ended",
    "due_met",
    *FUNNEL,
    *CAUSES,
    "fields_needed",
    "fields_covered",
    "disclosed",
    "beyond",
)
"""The names of all counts, in the order of the database's columns."""
ALL_REGISTRIES = ""
Cell = defaultdict[str, int]
"""Counts by name; what is not in it is none."""


class CellKey(NamedTuple):
    """What a cell is about."""

    day: date
    agency: str
    procedure: str
    registry: str


class AttributeKey(NamedTuple):
    """A field that papers of a procedure could be replaced with."""

    day: date
    agency: str
    procedure: str
    service: str
    field: str


@dataclass(slots=True)
class Counts:
    """What was counted: sums by cell, unfinished dossiers by the day they are due, needed and covered fields."""

    cells: dict[CellKey, Cell] = field(default_factory=dict)
    open: Counter[tuple[CellKey, date]] = field(default_factory=Counter)
    attributes: dict[AttributeKey, tuple[int, int]] = field(default_factory=dict)


def count(dossiers: Iterable[Dossier], catalogues: Sequence[Catalogue], counts: Counts | None = None) -> Counts:
    """Judge and count dossiers, each by the catalogue in force at its acceptance; add to `counts` where given."""
    counts = Counts() if counts is None else counts
    for dossier in dossiers:
        catalogue = in_force(catalogues, dossier.received_at)
        day = dossier.day
        verdicts, facts = judge(dossier, catalogue), quality(dossier, catalogue)
        whole, disclosed = _whole(dossier, facts), disclosures(dossier, catalogue)
        flagged = {component.code for component in dossier.components if component.reused}
        for registry, among in _by_registry(verdicts).items():
            declared = any(verdict.component in flagged for verdict in among)
            key = CellKey(day, dossier.agency, dossier.procedure, registry)
            cell = counts.cells.setdefault(key, defaultdict(int))
            for name in whole:
                cell[name] += 1
            _add_dossier(cell, among, declared=declared, acknowledged=dossier.acknowledged)
            _add_components(cell, among)
            for name, (told, beyond) in disclosed.items():
                if not registry or registry == name:
                    cell["disclosed"] += told
                    cell["beyond"] += beyond
            if facts.time.due_day is not None:
                counts.open[key, facts.time.due_day] += 1
        _add_attributes(counts, dossier, day, verdicts)
    return counts


def _by_registry(verdicts: Sequence[Verdict]) -> dict[str, Sequence[Verdict]]:
    """Return all verdicts, and those of each registry."""
    found: defaultdict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        if registry := verdict.registry:
            found[registry].append(verdict)
    return {ALL_REGISTRIES: verdicts, **found}


def disclosures(dossier: Dossier, catalogue: Catalogue | None) -> Mapping[str, tuple[int, int]]:
    """Return by registry how many fields look-ups disclosed, and how many of these no paper of the dossier needs."""
    needs = catalogue.needs.get(dossier.procedure) if catalogue else None
    found: dict[str, tuple[int, int]] = {}
    if needs is None:
        return found
    for lookup in dossier.lookups:
        if lookup.outcome == "found" and lookup.client == dossier.client:
            wanted = needs.get((lookup.service, lookup.component), frozenset())
            registry = lookup.service.partition("/")[0]
            told, beyond = found.get(registry, (0, 0))
            found[registry] = told + len(lookup.fields), beyond + len(lookup.fields - wanted)
    return found


def _whole(dossier: Dossier, facts: Quality) -> list[str]:
    """Return the counts of a dossier that do not depend on a registry."""
    told = {
        "dossiers": True,
        "covered": facts.covered,
        "acknowledged": dossier.acknowledged,
        "digitised": facts.digitised,
        "result_owed": facts.result_owed,
        "result_electronic": facts.result_electronic,
        "online": facts.online,
        "due_ended": facts.time.kind == "ended",
        "due_met": facts.time.met,
    }
    return [name for name, holds in told.items() if holds]


def _add_dossier(cell: Cell, among: Sequence[Verdict], *, declared: bool, acknowledged: bool) -> None:
    evidenced = False
    needed = proved = 0
    for verdict in among:
        evidenced |= verdict.evidenced
        if verdict.needed:
            needed += 1
            proved += verdict.evidenced
    cell["declared"] += declared
    cell["evidenced"] += evidenced
    cell["with_needs"] += needed > 0
    cell["full_once_only"] += 0 < needed == proved
    cell["acknowledged_evidenced"] += acknowledged and evidenced


def _add_components(cell: Cell, among: Sequence[Verdict]) -> None:
    for verdict in among:
        if verdict.needed:
            for name in FUNNEL[: verdict.stage + 1]:
                cell[name] += 1
            if verdict.cause:
                cell[verdict.cause] += 1
            cell["fields_needed"] += len(verdict.fields)
            cell["fields_covered"] += len(verdict.covered)


def _add_attributes(counts: Counts, dossier: Dossier, day: date, verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.needed and verdict.service:
            for name in verdict.fields:
                key = AttributeKey(day, dossier.agency, dossier.procedure, verdict.service, name)
                needed, covered = counts.attributes.get(key, (0, 0))
                counts.attributes[key] = needed + 1, covered + (name in verdict.covered)
