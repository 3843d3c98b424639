"""`GET /v1/reuse` and what is behind its numbers (PROTOCOL section 7).

The rule: a caller sees the agencies it reports for, or all where an agreement has `reuse_all`; every look is one
entry of kind `read`, written before the answer goes out.
"""

from collections.abc import Awaitable, Mapping
from datetime import date, timedelta
from typing import Any, TypeVar

from gateway.agreements import reporting_scope
from gateway.dossiers.recording import act_draft, caller_of, record
from gateway.evidence.contract import Draft, Evidence, EvidenceUnavailable, Kind
from gateway.flow.exchange import Exchange, Reply, json_reply
from gateway.live import LiveConfiguration
from gateway.refusals import Refusal
from gateway.reuse.behind import RATED, Question, behind
from gateway.reuse.definitions import DEFINITIONS
from gateway.reuse.judging import CAUSES
from gateway.reuse.measuring import GROUPS, Rollups, as_json, measure
from gateway.snapshot import Snapshot
from gateway.store.database import Database, StoreError
from gateway.store.reuse import Span
from gateway.store.scope import Scope
from schemas.dates import local_day
from schemas.pointers import FieldError

BEHIND_LIMIT, BEHIND_DEFAULT = 500, 100
_LONGEST = timedelta(days=3_700)
_REFRESH_S = 1.5
_FILTERS = ("agency", "procedure", "province", "registry", "cause")
_MEASURED = frozenset({"from", "to", "group_by"})
_LISTED = frozenset({"from", "to", "group_by", "of", "limit", "cursor", "month", *_FILTERS})
_T = TypeVar("_T")


class Reuse:
    """The handlers of one worker."""

    def __init__(self, database: Database, evidence: Evidence, live: LiveConfiguration) -> None:
        self._database, self._evidence, self._live = database, evidence, live
        self._rollups = Rollups(database)

    async def measured(self, exchange: Exchange, _: dict[str, str]) -> Reply:
        """Answer the metrics of a period by agency, procedure, province, registry or month."""
        query = exchange.query
        _known(query, _MEASURED)
        group_by = _word(query, "group_by", GROUPS, "agency")
        span = Span(*_period(query), group_by)
        scope = await self._read(exchange, {"group_by": group_by})
        complete = await _available(self._rollups.refresh(_REFRESH_S))
        rows = await _available(measure(self._database, scope, span, today=local_day(exchange.at)))
        return json_reply(
            {
                "from": str(span.first),
                "to": str(span.past),
                "rows": as_json(rows, group_by),
                "definitions": {name: definition.as_json() for name, definition in DEFINITIONS.items()},
                "complete": complete,
            }
        )

    async def evidence(self, exchange: Exchange, params: dict[str, str]) -> Reply:
        """List the dossiers and look-ups behind a metric's numerator or denominator, a page at a time."""
        query, metric = exchange.query, params["metric"]
        _known(query, _LISTED)
        _word(query, "group_by", GROUPS, "agency")  # the question about the numbers may be asked again as it stands
        first, past = _period(query)
        if "month" in query:
            first, past = _month(query["month"], first, past)
        question = Question(
            metric,
            first,
            past,
            _word(query, "of", ("numerator", "denominator"), "numerator"),
            *(query.get(name, "") for name in _FILTERS),
        )
        if question.cause and (metric != "missed" or question.cause not in CAUSES):
            raise _refused("cause", f"For the metric missed, one of {', '.join(CAUSES)}.")
        limit = _limit(query)
        scope = await self._read(exchange, {"metric": metric, "of": question.of})
        try:
            listing = await _available(
                behind(
                    self._database,
                    scope,
                    question,
                    today=local_day(exchange.at),
                    limit=limit,
                    cursor=query.get("cursor"),
                )
            )
        except ValueError:
            raise _refused("cursor", "This is not a cursor of an earlier page.") from None
        return json_reply({"metric": metric, "dossiers": list(listing.items), "next": listing.next})

    async def _read(self, exchange: Exchange, detail: Mapping[str, Any]) -> Scope:
        """Record the look and return what may be seen. Raises `Refusal` or `EvidenceUnavailable`."""
        client, scope = caller_of(exchange).client.client, Scope.of(())

        def draft(snapshot: Snapshot) -> Draft:
            nonlocal scope
            scope = visible(snapshot, client)
            return act_draft(exchange, Kind.READ, snapshot, outcome="found", detail={**exchange.query, **detail})

        await record(self._evidence, self._live, exchange, draft)
        return scope


def rated(params: dict[str, str]) -> bool:
    """Whether a metric has dossiers behind it."""
    return params["metric"] in RATED - {"repeat_ask"}


def visible(snapshot: Snapshot, client: str) -> Scope:
    """Return whose dossiers a client sees measured. Raises `Refusal` where it reports for nobody."""
    agreements = snapshot.configuration.agreements.values()
    if any(agreement.reuse_all for agreement in agreements if agreement.client == client):
        return Scope.everything()
    scope = reporting_scope(snapshot, client)
    if not scope:
        raise Refusal("agreement-missing", "push-agencies", detail="The agreement names no agency to report for.")
    return scope


async def _available(work: Awaitable[_T]) -> _T:
    try:
        return await work
    except StoreError as error:
        raise EvidenceUnavailable(str(error)) from None


def _refused(name: str, sentence: str) -> Refusal:
    return Refusal("request-invalid", "query", errors=(FieldError(f"/{name}", sentence),))


def _known(query: Mapping[str, str], names: frozenset[str]) -> None:
    if not query.keys() <= names:
        raise Refusal("request-invalid", "query", errors=(FieldError("", f"Known are {', '.join(sorted(names))}."),))


def _word(query: Mapping[str, str], name: str, words: tuple[str, ...], default: str) -> str:
    word = query.get(name, default)
    if word not in words:
        raise _refused(name, f"One of {', '.join(words)} is needed here.")
    return word


def _period(query: Mapping[str, str]) -> tuple[date, date]:
    first, past = _day(query, "from"), _day(query, "to")
    if not first < past <= first + _LONGEST:
        raise _refused("to", "This day must lie after from, by at most ten years; it is not part of the period.")
    return first, past


def _day(query: Mapping[str, str], name: str) -> date:
    try:
        text = query[name]
        day = date.fromisoformat(text)
    except (KeyError, ValueError):
        raise _refused(name, "A day is needed here, as 2026-11-21.") from None
    if str(day) != text or not 1900 < day.year < 9000:  # noqa: PLR2004 — what both calendars and the database hold
        raise _refused(name, "A day is needed here, as 2026-11-21.")
    return day


def _month(text: str, first: date, past: date) -> tuple[date, date]:
    try:
        start = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise _refused("month", "A month is needed here, as 2026-11.") from None
    end = (start + timedelta(days=32)).replace(day=1)
    if max(first, start) >= min(past, end):
        raise _refused("month", "This month must lie within the period.")
    return max(first, start), min(past, end)


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(BEHIND_DEFAULT))
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(BEHIND_LIMIT))):
        raise _refused("limit", f"A number from 1 to {BEHIND_LIMIT} is needed here.")
    if not 1 <= int(text) <= BEHIND_LIMIT:
        raise _refused("limit", f"A number from 1 to {BEHIND_LIMIT} is needed here.")
    return int(text)
