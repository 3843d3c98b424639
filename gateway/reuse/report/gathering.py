"""Everything a report shows, read once: the whole, by group, by province and month, fields, and lag."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gateway.reuse.measuring import Rollups, Row, measure, procedure_names, repeated
from gateway.reuse.metrics import LAG_BOUNDS_S, Metrics, Rate, Sums, metrics
from gateway.store.database import Database
from gateway.store.reuse import Span, attributes, lags
from gateway.store.scope import Scope


@dataclass(frozen=True, slots=True)
class Report:
    """A period's report, unpublished: no count is withheld yet."""

    first: date
    past: date
    group_by: str
    made_at: datetime
    origin: str
    whole: Metrics
    rows: Sequence[Row]
    provinces: Sequence[Row]
    months: Sequence[Row]
    fields: Sequence[tuple[str, str, str, int, int]]
    """(procedure, service, field, how often needed, how often covered)."""
    lag: Mapping[int, int]
    """Events by the upper bound of their lag in seconds."""
    names: Mapping[str, str]
    """Titles of procedures."""


async def gather(
    database: Database, scope: Scope, span: Span, *, made_at: datetime, today: date, origin: str, refresh: bool = True
) -> Report:
    """Bring the rollups up to date, unless somebody else does, and read a whole report. Raises `StoreError`."""
    if refresh:
        await Rollups(database).refresh()
    whole = Span(span.first, span.past)

    async def rows(group_by: str, repeats: Mapping[str, Rate] | None = None) -> list[Row]:
        grouped = Span(span.first, span.past, group_by)
        return await measure(database, scope, grouped, today=today, repeats=repeats)

    again = await repeated(database, scope, span)
    total = await rows("", {"": _sum(again.values())})
    lag = (await lags(database, scope, whole)).get("", {})
    return Report(
        span.first,
        span.past,
        span.group_by,
        made_at,
        origin,
        total[0].metrics if total else metrics(Sums(repeats=Rate(0, 0))),
        await rows(span.group_by, again),
        await rows("province"),
        await rows("month"),
        await attributes(database, scope, whole),
        {LAG_BOUNDS_S[min(bucket, len(LAG_BOUNDS_S) - 1)]: events for bucket, events in sorted(lag.items())},
        await procedure_names(database),
    )


def _sum(rates: Iterable[Rate]) -> Rate:
    parts = [(rate.numerator, rate.denominator) for rate in rates]
    return Rate(sum(part for part, _ in parts), sum(whole for _, whole in parts))
