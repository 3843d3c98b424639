"""The figures of a report: every metric of every group as one flat row, and what must not be published. Pure.

The rule: in anything that leaves the house a count from 1 to 9 is not told, nor a rate that tells it, nor, where only
one group of a metric or one cause of a group is withheld, the next smallest, since the whole is told.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from gateway.reuse.definitions import CAUSES_EN, CAUSES_VI, DEFINITIONS, STAGES_VI
from gateway.reuse.measuring import Row
from gateway.reuse.metrics import Metrics, Rate

SMALLEST = 10
_CAUSE = "missed."


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `numerator`, `denominator` and `rate` are None where they are withheld or there is none."""

    group: str
    metric: str
    title_vi: str
    title_en: str
    numerator: int | None
    denominator: int | None
    rate: float | None
    seconds: int | None = None
    suppressed: bool = False
    definition_vi: str = ""
    definition_en: str = ""


def figures(rows: Sequence[Row]) -> list[Figure]:
    """Return every figure of every group, metric by metric in the order of the definitions."""
    by_metric = [figure for row in rows for figure in of_metrics(row.group, row.metrics)]
    order = {name: place for place, name in enumerate(DEFINITIONS)}
    return sorted(by_metric, key=lambda figure: order[figure.metric.partition(".")[0]])


def of_metrics(group: str, found: Metrics) -> Iterable[Figure]:
    """Yield the figures of one group: rates, causes (`missed.cause`), stages (`funnel.stage`), lag in seconds."""
    for name, rate in found.rates.items():
        yield _figure(group, name, rate)
    needed = found.rates["missed"].denominator
    for name, number in found.causes.items():
        yield _figure(group, f"missed.{name}", Rate(number, needed), f" – {CAUSES_VI[name]}", f" – {CAUSES_EN[name]}")
    for name, number in found.funnel.items():
        yield _figure(
            group, f"funnel.{name}", Rate(number, needed), f" – {STAGES_VI[name]}", f" – {name.replace('_', ' ')}"
        )
    for word, seconds in (("p50", found.lag_p50_s), ("p95", found.lag_p95_s)):
        base = _figure(group, f"status_lag.{word}", Rate(0, found.lag_events), f" {word}", f" {word}")
        yield replace(base, numerator=None, rate=None, seconds=seconds)


def _figure(group: str, metric: str, rate: Rate, more_vi: str = "", more_en: str = "") -> Figure:
    about = DEFINITIONS[metric.partition(".")[0]]
    return Figure(
        group,
        metric,
        about.title_vi + more_vi,
        about.title_en + more_en,
        rate.numerator,
        rate.denominator,
        rate.rate,
        definition_vi=about.vi,
        definition_en=about.en,
    )


def publishable(found: Sequence[Figure]) -> list[Figure]:
    """Withhold small counts, for anything that leaves the house."""
    told = [figure for metric in _sorted_by(found, lambda figure: figure.metric) for figure in _withheld(metric)]
    causes = [figure for figure in told if figure.metric.startswith(_CAUSE)]
    told = [figure for figure in told if not figure.metric.startswith(_CAUSE)]
    for group in _sorted_by(causes, lambda figure: figure.group):
        told += _covered(group)
    place = {(figure.group, figure.metric): number for number, figure in enumerate(found)}
    return sorted(told, key=lambda figure: place[figure.group, figure.metric])


def small(number: int | None) -> bool:
    """Whether a count is too small to be published."""
    return number is not None and 0 < number < SMALLEST


def _sorted_by(found: Iterable[Figure], key: Callable[[Figure], str]) -> list[list[Figure]]:
    return [list(group) for _, group in groupby(sorted(found, key=key), key=key)]


def _withheld(metric: list[Figure]) -> list[Figure]:
    """Hide one metric's small counts among the groups."""
    return _covered([_hide(item) if small(item.numerator) or small(item.denominator) else item for item in metric])


def _covered(found: list[Figure]) -> list[Figure]:
    """Hide the smallest told count beside a single hidden one, for these add up to something that is told."""
    if sum(item.suppressed for item in found) != 1:
        return found
    smallest = min((item.numerator for item in found if item.numerator), default=None)
    other = next((item for item in found if item.numerator and item.numerator == smallest), None)
    return [_hide(item) if item is other else item for item in found]


def _hide(figure: Figure) -> Figure:
    denominator = None if small(figure.denominator) else figure.denominator
    return replace(figure, numerator=None, denominator=denominator, rate=None, seconds=None, suppressed=True)
