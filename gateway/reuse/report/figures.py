"""The figures of a report: every metric of every group as one flat row, and what must not be published. Pure.

The rule: in anything that leaves the house a count from 1 to 9 is not told, nor a rate that tells it, nor, where only
one group of a metric is withheld, the next smallest, from which it could be subtracted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from gateway.reuse.definitions import CAUSES_EN, CAUSES_VI, DEFINITIONS, STAGES_VI
from gateway.reuse.measuring import Row
from gateway.reuse.metrics import Metrics, Rate

SMALLEST = 10


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
    told: list[Figure] = []
    for _, group in groupby(sorted(found, key=lambda figure: figure.metric), key=lambda figure: figure.metric):
        told += _withheld(list(group))
    place = {(figure.group, figure.metric): number for number, figure in enumerate(found)}
    return sorted(told, key=lambda figure: place[figure.group, figure.metric])


def small(number: int | None) -> bool:
    """Whether a count is too small to be published."""
    return number is not None and 0 < number < SMALLEST


def _withheld(metric: list[Figure]) -> list[Figure]:
    hidden = {figure.group for figure in metric if small(figure.numerator) or small(figure.denominator)}
    if len(hidden) == 1 and len(metric) > 1:
        others = [figure for figure in metric if figure.group not in hidden and figure.numerator]
        if others:
            hidden.add(min(others, key=lambda figure: (figure.numerator or 0, figure.group)).group)
    return [_hide(figure) if figure.group in hidden else figure for figure in metric]


def _hide(figure: Figure) -> Figure:
    denominator = None if small(figure.denominator) else figure.denominator
    return replace(figure, numerator=None, denominator=denominator, rate=None, seconds=None, suppressed=True)
