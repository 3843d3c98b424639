"""Whether a component of a dossier was reused, on what evidence, and if not, why (DESIGN section 6). Pure.

The rule, condition by condition, is `_conditions`: a look-up proves a component when it was answered `found` (or a
claim `match`) to the same client, for the same dossier, by the service that the catalogue in force at acceptance
names, about a party in the role it names, with values for all the fields it names; when component and look-up name
each other; when the component was obtained from the registry; before the decision; and nobody reported a mismatch.
The SQL of 0012_reuse_rollups.sql says the same, and a test holds the two against each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from gateway.reuse.catalogue import Catalogue
from gateway.reuse.facts import Component, Dossier, Lookup
from schemas.configuration_models import Component as Paper
from schemas.configuration_models import Replacement

CAUSES = (
    "not_connected",
    "not_looked_up",
    "lookup_failed",
    "stale",
    "mismatch",
    "paper_by_law",
    "citizen_chose",
    "unknown",
)
"""Why a needed component was not reused; exactly one each."""
_DECIDED = frozenset({3, 9, 10})
_GOOD = frozenset({"found", "match"})
_SPOKE = _GOOD | {"no_match", "review", "mismatch"}
_FROM_REGISTRY = frozenset({"registry", "prefilled"})
_FROM_CITIZEN = frozenset({"typed", "upload", "card"})
_AT_A_DISTANCE = frozenset({"online", "post"})
_ELSEWHERE = frozenset({None, "store", "earlier_dossier"})


class Stage(IntEnum):
    """How far a component came: each stage includes those before it."""

    NEEDED = 0
    HELD = 1
    LOOKED_UP = 2
    ANSWERED = 3
    MATCHED = 4
    USED = 5


class Verdict(NamedTuple):
    """What became of one component. `lookups` prove it, or, where it is not proved, tried to."""

    component: str
    needed: bool
    service: str | None
    stage: Stage
    cause: str | None
    lookups: tuple[str, ...]
    fields: tuple[str, ...]
    covered: tuple[str, ...]
    """Fields of the catalogue for which some look-up meets every condition but that of all fields."""

    @property
    def evidenced(self) -> bool:
        """Whether a look-up proves it."""
        return self.stage is Stage.USED

    @property
    def registry(self) -> str:
        """The registry that holds the fact; empty where none is connected."""
        return self.service.partition("/")[0] if self.service else ""


class _Met(NamedTuple):
    """One look-up held against the conditions; `proof` is all of them but `whole`."""

    lookup: Lookup
    good: bool
    about: bool
    disputed: bool
    in_time: bool
    whole: bool
    proof: bool


class _Case(NamedTuple):
    """A dossier, when it was decided, and its client's look-ups by service."""

    dossier: Dossier
    decided: datetime | None
    own: Mapping[str, list[Lookup]]


def judge(dossier: Dossier, catalogue: Catalogue | None) -> list[Verdict]:
    """Judge every component that the catalogue or the dossier names, by code."""
    papers: Mapping[str, Paper] = catalogue.papers.get(dossier.procedure, {}) if catalogue else {}
    stated = {component.code: component for component in dossier.components}
    decided = min((event.recorded_at for event in dossier.events if event.status in _DECIDED), default=None)
    case = _Case(dossier, decided, defaultdict(list))
    for lookup in dossier.lookups:
        if lookup.client == dossier.client:
            case.own[lookup.service].append(lookup)
    return [
        _judge_component(case, code, papers.get(code), stated.get(code))
        for code in sorted(papers.keys() | stated.keys())
    ]


def _judge_component(case: _Case, code: str, paper: Paper | None, stated: Component | None) -> Verdict:
    needed, component = _needed(paper, stated), stated or Component(code)
    choices: Sequence[Replacement | None] = paper.replaced_by if paper and paper.replaced_by else (None,)
    by_law = paper is not None and paper.paper_by_law
    verdicts = [_judge_choice(case, component, needed, choice, by_law=by_law) for choice in choices]
    return max(verdicts, key=lambda verdict: (verdict.stage, len(verdict.covered)))  # the first of equals


def _needed(paper: Paper | None, stated: Component | None) -> bool:
    """Tell whether a component is needed: where the dossier says so, else where it was brought or is mandatory."""
    if stated is None:
        return paper is not None and paper.mandatory
    return stated.obtained != "waived" and stated.required is not False


def _judge_choice(
    case: _Case, component: Component, needed: bool, choice: Replacement | None, *, by_law: bool
) -> Verdict:
    met: list[_Met] = []
    if choice is not None:
        met = [_conditions(case, component, choice, item) for item in _candidates(case, component, choice)]
    if not met:
        stage = _stage(choice, (), ())
        cause = _cause(case.dossier, component, stage, met, by_law=by_law)
        service, fields = (choice.service, choice.fields) if choice else (None, ())
        return Verdict(component.code, needed, service, stage, cause, (), fields, ())
    proofs = [item for item in met if item.proof and item.whole]
    stage = _stage(choice, met, proofs)
    told = frozenset[str]().union(*(item.lookup.fields for item in met if item.proof))
    named = sorted(proofs or met, key=lambda item: (item.lookup.at, item.lookup.lookup_id))
    return Verdict(
        component.code,
        needed,
        choice.service if choice else None,
        stage,
        _cause(case.dossier, component, stage, met, by_law=by_law),
        tuple(item.lookup.lookup_id for item in named),
        choice.fields if choice else (),
        tuple(name for name in choice.fields if name in told) if choice else (),
    )


def _candidates(case: _Case, component: Component, choice: Replacement) -> Iterable[Lookup]:
    """Return the look-ups that may have been made for this component: none that names another one alone."""
    return (
        item
        for item in case.own.get(choice.service, ())
        if item.component in {None, component.code} or item.lookup_id == component.lookup_id
    )


def _conditions(case: _Case, component: Component, choice: Replacement, lookup: Lookup) -> _Met:
    good = lookup.outcome in _GOOD
    about = not lookup.people.isdisjoint(case.dossier.parties.get(choice.role, frozenset()))
    disputed = lookup.mismatch or lookup.outcome == "mismatch"
    in_time = case.decided is None or lookup.at <= case.decided
    bound = (
        (component.lookup_id is not None or lookup.component is not None)
        and component.lookup_id in {None, lookup.lookup_id}
        and lookup.component in {None, component.code}
    )
    whole = lookup.fields.issuperset(choice.fields)
    proof = good and about and not disputed and in_time and bound and component.obtained in _FROM_REGISTRY
    return _Met(lookup, good, about, disputed, in_time, whole, proof)


def _stage(choice: Replacement | None, met: Sequence[_Met], proofs: Sequence[_Met]) -> Stage:
    if proofs:
        return Stage.USED
    if any(item.good and item.about and not item.disputed for item in met):
        return Stage.MATCHED
    if any(item.lookup.outcome in _SPOKE for item in met):
        return Stage.ANSWERED
    if met:
        return Stage.LOOKED_UP
    return Stage.NEEDED if choice is None else Stage.HELD


def _cause(dossier: Dossier, component: Component, stage: Stage, met: Sequence[_Met], *, by_law: bool) -> str | None:
    if stage is Stage.USED:
        return None
    if by_law:
        return "paper_by_law"
    if stage is Stage.NEEDED:
        return "not_connected"
    return _cause_of_lookups(component, met) if met else _cause_without(dossier, component)


def _cause_without(dossier: Dossier, component: Component) -> str:
    if component.obtained in _FROM_CITIZEN and dossier.channel in _AT_A_DISTANCE:
        return "citizen_chose"
    return "unknown" if component.obtained in _ELSEWHERE else "not_looked_up"


def _cause_of_lookups(component: Component, met: Sequence[_Met]) -> str:
    good = [item for item in met if item.good]
    if not good:
        return "mismatch" if any(item.disputed for item in met) else "lookup_failed"
    undisputed = [item for item in good if not item.disputed]
    if not undisputed:
        return "mismatch"
    if not any(item.whole and item.in_time for item in undisputed):
        return "stale"
    return "citizen_chose" if component.obtained in _FROM_CITIZEN | {"paper"} else "unknown"
