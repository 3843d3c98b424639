"""From sums of counts to the metrics of PROTOCOL section 7: numerator, denominator, rate. Pure.

Rates are percent, rounded half up to two decimals; `None` where the denominator is zero.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from gateway.reuse.counting import FUNNEL
from gateway.reuse.judging import CAUSES

_CENT = Decimal("0.01")
_RATIOS = {
    "declared": ("declared", "dossiers"),
    "evidenced": ("evidenced", "dossiers"),
    "full_once_only": ("full_once_only", "with_needs"),
    "component": ("used", "needed"),
    "attribute": ("fields_covered", "fields_needed"),
    "digitised": ("digitised", "dossiers"),
    "electronic_results": ("result_electronic", "result_owed"),
    "online": ("online", "dossiers"),
    "over_collection": ("beyond", "disclosed"),
    "coverage": ("covered", "dossiers"),
    "acknowledged": ("acknowledged", "dossiers"),
    "evidenced_acknowledged": ("acknowledged_evidenced", "acknowledged"),
}
LAG_BOUNDS_S = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150, 180, 240, 300, 360, 480, 600, 720),
    *(900, 1200, 1500, 1800, 2400, 3000, 3600, 4500, 5400, 7200, 9000, 10800, 14400, 18000, 21600, 28800, 36000),
    *(43200, 54000, 64800, 86400, 108000, 129600, 172800, 216000, 259200, 345600, 432000, 518400, 604800, 864000),
    *(1209600, 1814400, 2592000),
)
"""Upper bounds, in seconds and exclusive, of the buckets of lag; the last bucket has none."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many of how many."""

    numerator: int
    denominator: int

    @property
    def rate(self) -> float | None:
        """Percent to two decimals; None where there is nothing to divide by."""
        if not self.denominator:
            return None
        return float((Decimal(100 * self.numerator) / self.denominator).quantize(_CENT, ROUND_HALF_UP))

    def as_json(self) -> dict[str, Any]:
        """Return the members of PROTOCOL section 7."""
        return {"numerator": self.numerator, "denominator": self.denominator, "rate": self.rate}


@dataclass(frozen=True, slots=True)
class Sums:
    """The counts of one group, added up."""

    counts: Mapping[str, int] = field(default_factory=dict)
    open_dossiers: int = 0
    open_in_time: int = 0
    """Of the unfinished dossiers, those not due before the period's end."""
    lag: Mapping[int, int] = field(default_factory=dict)
    """Events by bucket of lag."""
    repeats: Rate | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """Every metric of one group."""

    rates: Mapping[str, Rate]
    causes: Mapping[str, int]
    funnel: Mapping[str, int]
    lag_events: int
    lag_p50_s: int | None
    lag_p95_s: int | None

    def as_json(self) -> dict[str, Any]:
        """Return them by name."""
        found: dict[str, Any] = {name: rate.as_json() for name, rate in self.rates.items()}
        found["missed"]["causes"] = dict(self.causes)
        found["funnel"] = dict(self.funnel)
        found["status_lag"] = {"events": self.lag_events, "p50_s": self.lag_p50_s, "p95_s": self.lag_p95_s}
        return found


def metrics(sums: Sums) -> Metrics:
    """Return the metrics of one group."""
    counts = sums.counts
    rates = {name: Rate(counts.get(part, 0), counts.get(whole, 0)) for name, (part, whole) in _RATIOS.items()}
    needed = counts.get("needed", 0)
    rates["missed"] = Rate(needed - counts.get("used", 0), needed)
    rates["on_time"] = Rate(
        counts.get("due_met", 0) + sums.open_in_time, counts.get("due_ended", 0) + sums.open_dossiers
    )
    if sums.repeats is not None:
        rates["repeat_ask"] = sums.repeats
    return Metrics(
        rates,
        {name: counts.get(name, 0) for name in CAUSES},
        {name: counts.get(name, 0) for name in FUNNEL},
        sum(sums.lag.values()),
        percentile(sums.lag, 50),
        percentile(sums.lag, 95),
    )


def lag_bucket(seconds: float) -> int:
    """Return the bucket of a lag; events ahead of the clock are in the first."""
    return bisect_right(LAG_BOUNDS_S, seconds)


def percentile(histogram: Mapping[int, int], percent: int) -> int | None:
    """Return the upper bound, in seconds, of the bucket that holds the percentile; the last bound for the open bucket.

    None where nothing was counted.
    """
    total = sum(histogram.values())
    if not total:
        return None
    rank, seen, bucket = -(-total * percent // 100), 0, 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= rank:
            break
    return LAG_BOUNDS_S[min(bucket, len(LAG_BOUNDS_S) - 1)]


def open_in_time(due_days: Mapping[date, int], end: date) -> int:
    """Return how many unfinished dossiers are not late when `end`, a local day, begins: the period's end stands in."""
    return sum(number for day, number in due_days.items() if day >= end)
