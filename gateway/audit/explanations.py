"""What explains a look-up: the first of seven reasons that holds, else it is unexplained (docs/DETECTIONS.md).

Pure over facts; stored beside the log with `VERSION`, so that it can be computed again when more is known or the rules
change. The rule: a claim of the caller alone explains nothing; each reason rests on something held elsewhere.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from gateway.audit.facts import Dossier, Lookup, Past, Surroundings, Task
from schemas.identifiers import agency_matches

VERSION = 1
DOSSIER, STATUS, BATCH, OWN_REQUEST = "open_dossier", "status_sync", "batch_job", "own_request"
REVIEW, CORRECTION, EMERGENCY, UNEXPLAINED = "assigned_review", "correction", "emergency", "unexplained"
KINDS = (DOSSIER, STATUS, BATCH, OWN_REQUEST, REVIEW, CORRECTION, EMERGENCY, UNEXPLAINED)
"""In the order in which they are tried."""
REPORTED_WITHIN = timedelta(days=3)
"""How much later a dossier may be reported than it was opened and still explain."""
PREPARED_WITHIN = timedelta(hours=2)
"""How long before a dossier is filed its officer may look things up at the counter."""
CORRECTED_WITHIN = timedelta(minutes=30)
FINISHED_WITHIN = timedelta(hours=24)
"""After a dossier's end its officers still print and file."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The reason, in one of `KINDS`, and what it rests on. Never personal data."""

    kind: str
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def explained(self) -> bool:
        """Whether there is one."""
        return self.kind != UNEXPLAINED


def explain(lookup: Lookup, around: Surroundings) -> Explanation:
    """Return the first explanation that holds."""
    for reason in (_dossier, _status, _batch, _own_request, _review, _correction, _emergency):
        found = reason(lookup, around)
        if found is not None:
            return found
    return Explanation(UNEXPLAINED, {"why": why_not(lookup, around)})


def why_not(lookup: Lookup, around: Surroundings) -> str:  # noqa: PLR0911 — one word a line, in order
    """Return a word for what kept the dossier from explaining the look-up; `''` where nothing did."""
    dossier = around.dossier
    if lookup.dossier is None and dossier is None:
        return "no-dossier"
    if dossier is None:
        return "unknown-dossier"
    if dossier.client != lookup.client:
        return "foreign-dossier"
    if dossier.ended_at is not None and lookup.at > dossier.ended_at + FINISHED_WITHIN:
        return "closed-dossier"
    if lookup.at < dossier.opened_at - PREPARED_WITHIN:
        return "opened-afterwards"
    if dossier.recorded_at > lookup.at + REPORTED_WITHIN:
        return "reported-too-late"
    if not dossier.has_party(lookup):
        return "not-a-party"
    if lookup.procedure is not None and lookup.procedure != dossier.procedure:
        return "other-procedure"
    if around.needs is not None and lookup.service not in around.needs:
        return "not-needed"
    return ""


def _dossier(lookup: Lookup, around: Surroundings) -> Explanation | None:
    """Find the dossier it names, or, where it names none, one that was filed for the person right afterwards."""
    candidates = (around.dossier,) if lookup.dossier is not None else around.dossiers
    for dossier in candidates:
        if dossier is None or why_not(lookup, replace(around, dossier=dossier)):
            continue
        if lookup.dossier is None and not lookup.at <= dossier.opened_at <= lookup.at + PREPARED_WITHIN:
            continue
        roles = sorted({role for role, one in dossier.parties if one in lookup.people})
        return Explanation(DOSSIER, {"dossier": dossier.code, "roles": roles})
    return None


def _status(lookup: Lookup, _: Surroundings) -> Explanation | None:
    return Explanation(STATUS) if lookup.kind == "status" else None


def _batch(lookup: Lookup, around: Surroundings) -> Explanation | None:
    job = next((job for job in around.staff.jobs if _assigned(job, lookup)), None)
    return Explanation(BATCH, {"approval": job.approval}) if job else None


def _own_request(lookup: Lookup, around: Surroundings) -> Explanation | None:
    """Find that the citizen asked: consent, and the person is the applicant of an open dossier of the same caller."""
    if lookup.legal_basis != "consent":
        return None
    own = next((one for one in around.dossiers if _applies(one, lookup)), None)
    return Explanation(OWN_REQUEST, {"dossier": own.code}) if own else None


def _applies(dossier: Dossier, lookup: Lookup) -> bool:
    applicant = any(role == "applicant" and one in lookup.people for role, one in dossier.parties)
    reported = dossier.recorded_at <= lookup.at + REPORTED_WITHIN
    return applicant and reported and dossier.client == lookup.client and dossier.is_open(lookup.at)


def _review(lookup: Lookup, around: Surroundings) -> Explanation | None:
    review = next((review for review in around.staff.reviews if _assigned(review, lookup)), None)
    return Explanation(REVIEW, {"approval": review.approval}) if review else None


def _assigned(task: Task, lookup: Lookup) -> bool:
    return (
        lookup.officer in task.officers
        and task.since <= lookup.at <= task.until
        and (task.client is None or task.client == lookup.client)
        and (not task.services or lookup.service in task.services)
        and (not task.agencies or _within(task.agencies, lookup.unit))
    )


def _within(patterns: tuple[str, ...], unit: str | None) -> bool:
    try:
        return unit is not None and any(agency_matches(pattern, unit) for pattern in patterns)
    except ValueError:
        return False


def _correction(lookup: Lookup, around: Surroundings) -> Explanation | None:
    """Find the same question by the same officer, around a mishap, that its dossier explains."""
    for past in around.about_person:
        same = past.officer == lookup.officer and past.service == lookup.service and past.question != lookup.question
        if same and past.explained == DOSSIER and abs(past.at - lookup.at) <= CORRECTED_WITHIN:
            mishap = _failed(past) or lookup.outcome in _FAILED or past.dossier != lookup.dossier
            if mishap:
                return Explanation(CORRECTION, {"of": past.question})
    return None


_FAILED = frozenset({"no_match", "mismatch", "review"})


def _failed(past: Past) -> bool:
    return past.outcome in _FAILED


def _emergency(lookup: Lookup, _: Surroundings) -> Explanation | None:
    return Explanation(EMERGENCY, {"sampled": True}) if lookup.legal_basis == "vital_interest" else None


def grace_ended(lookup: Lookup, now: datetime) -> bool:
    """Whether nothing that is reported from now on can explain the look-up any more."""
    return now > lookup.at + REPORTED_WITHIN
