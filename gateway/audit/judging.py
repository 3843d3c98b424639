"""Judging a batch of look-ups: explain first, then let the rules look at them, then say what to write.

Pure but for nothing: facts in, rows out. Explanations come in two rounds, since a look-up can be explained by another
of the same batch; rules run when all explanations are known.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from gateway.audit.calendar import local
from gateway.audit.explanations import CORRECTED_WITHIN, DOSSIER, UNEXPLAINED, VERSION, Explanation, explain
from gateway.audit.facts import Lookup, Surroundings
from gateway.audit.gathering import Gathered
from gateway.audit.rules.base import About
from gateway.audit.rules.table import Hit, judge
from gateway.audit.scoring import score
from gateway.store.findings import Batch

Precisions = Mapping[str, float]


def judge_batch(lookups: Sequence[Lookup], facts: Gathered, precisions: Precisions) -> tuple[Batch, list[str]]:
    """Return what to write of a batch, and earlier look-ups that one of it may now explain, to be judged again."""
    explanations = _explanations(lookups, facts)
    alerts: dict[str, Mapping[str, Any]] = {}
    again: set[str] = set()
    for lookup in lookups:
        around, explanation = facts.around(lookup), explanations[lookup.question]
        hits = list(judge(lookup, explanation, around))
        believed = score(precisions[hit.rule.id] for hit in hits)
        for hit in hits:
            alerts.setdefault(hit.key, _alert(lookup, explanation, hit, believed))
        again |= _mended(lookup, explanation, around)
    batch = Batch(
        [_row(one, explanations[one.question]) for one in lookups if one.is_lookup or one.kind == "status"],
        list(alerts.values()),
        {(one.officer, local(one.at).date()) for one in lookups if one.officer and one.kind == "answered"},
        _first_uses(lookups, "keyid"),
        [{**one, "address": one["address"].hex()} for one in _first_uses(lookups, "address", "year")],
    )
    return batch, sorted(again - explanations.keys())


def _explanations(lookups: Sequence[Lookup], facts: Gathered) -> dict[str, Explanation]:
    found = {one.question: explain(one, facts.around(one)) for one in lookups}
    facts.learn(_words(found))
    for one in lookups:
        if not found[one.question].explained:
            found[one.question] = explain(one, facts.around(one))
    facts.learn(_words(found))
    return found


def _words(explanations: Mapping[str, Explanation]) -> dict[str, tuple[str, str]]:
    return {entry: (one.kind, str(one.detail.get("why", ""))) for entry, one in explanations.items()}


def _mended(lookup: Lookup, explanation: Explanation, around: Surroundings) -> set[str]:
    """Return unexplained look-ups shortly before an explained one of the same officer, service and person."""
    if explanation.kind != DOSSIER:
        return set()
    return {
        past.question
        for past in around.about_person
        if past.explained == UNEXPLAINED
        and (past.officer, past.service) == (lookup.officer, lookup.service)
        and abs(past.at - lookup.at) <= CORRECTED_WITHIN
    }


def _row(lookup: Lookup, explanation: Explanation) -> dict[str, Any]:
    return {
        "entry_id": lookup.question,
        "log_id": lookup.log_id,
        "index": lookup.index,
        "at": lookup.at,
        "agency": lookup.unit,
        "kind": explanation.kind,
        "version": VERSION,
        "detail": explanation.detail,
        "client": lookup.client,
        "service": lookup.service,
        "procedure": lookup.procedure,
        "outcome": lookup.outcome,
        "officer": lookup.officer.hex() if lookup.officer else None,
    }


def _alert(lookup: Lookup, explanation: Explanation, hit: Hit, believed: float) -> dict[str, Any]:
    values = dict(hit.finding.values)
    return {
        "key": hit.key,
        "rule": hit.rule.id,
        "version": hit.rule.version,
        "entry_id": lookup.question,
        "log_id": lookup.log_id,
        "index": lookup.index,
        "officer": lookup.officer.hex() if lookup.officer else None,
        "subject": lookup.subject.hex() if lookup.subject and hit.rule.about is About.PERSON else None,
        "agency": lookup.unit,
        "client": lookup.client,
        "score": believed,
        "sentence_vi": hit.rule.sentence(hit.finding, "vi"),
        "sentence_en": hit.rule.sentence(hit.finding, "en"),
        "detail": {"values": values, "explanation": explanation.kind},
        "happened_at": lookup.at,
    }


def _first_uses(lookups: Sequence[Lookup], *names: str) -> list[dict[str, Any]]:
    """Return when each client first showed these members, in what was not refused."""
    first: dict[tuple[Any, ...], datetime] = {}
    for one in lookups:
        shown = (one.client, *(getattr(one, name) for name in names))
        if one.kind != "refused" and None not in shown:
            first[shown] = min(one.at, first.get(shown, one.at))
    return [dict(zip(("client", *names, "first_at"), (*shown, at), strict=True)) for shown, at in sorted(first.items())]
