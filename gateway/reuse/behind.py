"""The dossiers and look-ups behind a number (PROTOCOL section 7): each judged anew by the pure functions.

The rule: what is listed for a metric adds up to its number. A page may be short of its limit, since dossiers that do
not count are passed over; only a page without a cursor is the last.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from gateway.reuse.catalogue import Catalogue, in_force
from gateway.reuse.counting import count
from gateway.reuse.facts import Dossier, midnight
from gateway.reuse.judging import Verdict, judge
from gateway.reuse.loading import load_catalogues, load_page
from gateway.reuse.metrics import Rate, Sums, metrics, open_in_time
from gateway.store.database import Database
from gateway.store.reuse import Page
from gateway.store.scope import Scope
from schemas.dates import LOCAL

RATED = frozenset(metrics(Sums()).rates)
"""The metrics that are rates, and so have dossiers behind them."""
_AT_ONCE, _PAGES = 250, 20


@dataclass(frozen=True, slots=True)
class Question:
    """What to list: the dossiers in a metric's numerator (or denominator) of a period; empty filters match all."""

    metric: str
    first: date
    past: date
    of: str = "numerator"
    agency: str = ""
    procedure: str = ""
    province: str = ""
    registry: str = ""
    cause: str = ""
    """For `missed`: only components with this cause."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of dossiers, and the cursor of the next; None on the last."""

    items: tuple[dict[str, Any], ...]
    next: str | None


async def behind(
    database: Database, scope: Scope, question: Question, *, today: date, limit: int, cursor: str | None = None
) -> Listing:
    """List up to `limit` dossiers behind a number. Raises `ValueError` for a broken cursor, or `StoreError`."""
    since, until = midnight(question.first), midnight(question.past)
    after = _opened(cursor) if cursor else (since, "")
    catalogues = await load_catalogues(database)
    items: list[dict[str, Any]] = []
    end = min(question.past, today)
    for _ in range(_PAGES):
        page = Page(since, until, after, _AT_ONCE, question.agency, question.procedure, question.province)
        dossiers = await load_page(database, scope, page)
        for dossier in dossiers:
            after = (dossier.received_at, dossier.code)
            item = item_of(dossier, catalogues, question, end)
            if item is not None:
                items.append(item)
                if len(items) == limit:
                    return Listing(tuple(items), _sealed(after))
        if len(dossiers) < _AT_ONCE:
            return Listing(tuple(items), None)
    return Listing(tuple(items), _sealed(after))


def item_of(dossier: Dossier, catalogues: Sequence[Catalogue], question: Question, end: date) -> dict[str, Any] | None:
    """Tell what a dossier adds to a metric, and why; None where it adds nothing."""
    rate = _rate(dossier, catalogues, question, end)
    verdicts = [
        verdict
        for verdict in judge(dossier, in_force(catalogues, dossier.received_at))
        if not question.registry or verdict.registry == question.registry
    ]
    if question.cause:
        verdicts = [verdict for verdict in verdicts if verdict.needed and verdict.cause == question.cause]
    if not (rate.numerator if question.of == "numerator" else rate.denominator) or (question.cause and not verdicts):
        return None
    return {
        "dossier": dossier.code,
        "agency": dossier.agency,
        "procedure": dossier.procedure,
        "received_at": dossier.received_at.astimezone(LOCAL).isoformat(timespec="milliseconds"),
        "acknowledged": dossier.acknowledged,
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "components": [_component(dossier, verdict) for verdict in verdicts],
    }


def _rate(dossier: Dossier, catalogues: Sequence[Catalogue], question: Question, end: date) -> Rate:
    counts = count([dossier], catalogues)
    for key, cell in counts.cells.items():
        if key.registry == question.registry:
            due = {day: number for (owner, day), number in counts.open.items() if owner == key}
            sums = Sums(cell, sum(due.values()), open_in_time(due, end))
            return metrics(sums).rates[question.metric]
    return Rate(0, 0)


def _component(dossier: Dossier, verdict: Verdict) -> dict[str, Any]:
    stated = {component.code: component for component in dossier.components}.get(verdict.component)
    return {
        "component": verdict.component,
        "needed": verdict.needed,
        "obtained": stated.obtained if stated else None,
        "reused": stated.reused if stated else None,
        "service": verdict.service,
        "stage": verdict.stage.name.lower(),
        "cause": verdict.cause,
        "lookups": list(verdict.lookups),
    }


def _sealed(after: tuple[datetime, str]) -> str:
    return urlsafe_b64encode(f"{after[0].astimezone(UTC).isoformat()}|{after[1]}".encode()).decode().rstrip("=")


def _opened(cursor: str) -> tuple[datetime, str]:
    moment, _, code = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition("|")
    at = datetime.fromisoformat(moment)
    if at.tzinfo is None or "\0" in code:
        raise ValueError("this is not a cursor")
    return at, code
