"""The pictures of a report as SVG, drawn by Altair and vl-convert: no script, no network. Pure.

The rule: charts get publishable numbers only, and a number is always written beside what is drawn.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

from gateway.reuse.report.words import number_vi, percent_vi

EVIDENCED, DECLARED, LOST, HELD = "#0b4f8a", "#c9a227", "#c8553d", "#6b8aa8"
_INK, _SOFT, _FAINT, _FONT = (
    "#1d2733",
    "#5b6b7b",
    "#d9e0e7",
    "'Be Vietnam Pro', 'Noto Sans', 'Segoe UI', Arial, sans-serif",
)
_WIDTH = 940
_SIZE = re.compile(r'^<svg ([^>]*?)width="([0-9.]+)" height="([0-9.]+)"')
Data = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of the waterfall: what it is, how many, and whether it is a standing total or a loss."""

    label: str
    number: int | None
    kind: str
    """`total`, `held`, `loss` or `used`."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One group's two rates; None where withheld or nothing was counted."""

    label: str
    declared: float | None
    evidenced: float | None


@dataclass(frozen=True, slots=True)
class Tile:
    """One field of one procedure in the heat map; `rate` None where withheld."""

    row: str
    column: str
    rate: float | None


def waterfall(steps: Sequence[Step]) -> str:
    """Draw needs, what was lost to each cause, and what was reused."""
    data: Data = []
    level = 0
    for step in steps:
        number = step.number or 0
        start = level if step.kind == "loss" else 0
        level = level - number if step.kind == "loss" else number
        text = "< 10" if step.number is None else ("−" if step.kind == "loss" and number else "") + number_vi(number)
        data.append(
            {"label": step.label, "low": min(start, level), "high": max(start, level), "text": text, "kind": step.kind}
        )
    order = [step.label for step in steps]
    colours = alt.Scale(domain=["total", "held", "loss", "used"], range=[_INK, HELD, LOST, EVIDENCED])
    base = alt.Chart({"values": data}).encode(
        y=alt.Y(
            "label:N",
            sort=order,
            title=None,
            axis=alt.Axis(labelLimit=400, labelFontSize=13, labelPadding=10, ticks=False),
        )
    )
    bars = base.mark_bar(height=20, cornerRadius=2).encode(
        x=alt.X("low:Q", title=None, axis=None),
        x2="high:Q",
        color=alt.Color("kind:N", scale=colours, legend=None),
    )
    texts = base.mark_text(align="left", dx=6, fontSize=13, fontWeight="bold", color=_INK).encode(
        x="high:Q", text="text:N"
    )
    return _svg((bars + texts).properties(width=_WIDTH - 430, height=30 * len(order)))


def dumbbells(pairs: Sequence[Pair]) -> str:
    """Draw declared beside evidenced, one line a group, the widest gap first."""
    ordered = sorted(pairs, key=lambda pair: ((pair.evidenced or 0) - (pair.declared or 0), pair.label))
    order = [pair.label for pair in ordered]
    lines: Data = [
        {"label": pair.label, "a": pair.evidenced, "b": pair.declared}
        for pair in ordered
        if pair.evidenced is not None and pair.declared is not None
    ]
    dots: Data = [
        {"label": pair.label, "rate": rate, "what": what, "text": percent_vi(rate), "place": place}
        for pair in ordered
        for what, rate, other in (
            ("Khai báo · declared", pair.declared, pair.evidenced),
            ("Có bằng chứng · evidenced", pair.evidenced, pair.declared),
        )
        if rate is not None
        for place in ("right" if other is None or rate >= other else "left",)
    ]
    withheld: Data = [
        {"label": pair.label, "rate": 0, "text": "không công bố"} for pair in ordered if pair.evidenced is None
    ]
    axis = alt.Axis(labelFontSize=13, ticks=False, labelLimit=200)
    y = alt.Y("label:N", sort=order, scale=alt.Scale(domain=order), title=None, axis=axis)
    percent = alt.Scale(domain=[-6, 106], nice=False)
    grid = alt.Axis(values=[0, 25, 50, 75, 100], labelExpr="datum.value + ' %'", gridColor=_FAINT)
    rule = alt.Chart({"values": lines}).mark_rule(strokeWidth=3, color=_FAINT)
    rules = rule.encode(y=y, x=alt.X("a:Q", scale=percent, title=None, axis=grid), x2="b:Q")
    colour = alt.Color(
        "what:N",
        title=None,
        scale=alt.Scale(domain=["Khai báo · declared", "Có bằng chứng · evidenced"], range=[DECLARED, EVIDENCED]),
        legend=alt.Legend(orient="top", labelFontSize=13, symbolSize=160, labelLimit=300),
    )
    points = alt.Chart({"values": dots}).mark_circle(size=150, opacity=1)
    marks = points.encode(y=y, x=alt.X("rate:Q", scale=percent), color=colour)
    layers = [rules, marks]
    for place, shift in (("right", 10), ("left", -10)):
        text = alt.Chart({"values": [dot for dot in dots if dot["place"] == place]}).mark_text(
            align="left" if place == "right" else "right", dx=shift, fontSize=12, color=_INK
        )
        layers.append(text.encode(y=y, x=alt.X("rate:Q", scale=percent), text="text:N"))
    unsaid = alt.Chart({"values": withheld}).mark_text(align="left", dx=6, fontSize=12, color=_SOFT)
    layers.append(unsaid.encode(y=y, x=alt.X("rate:Q", scale=percent), text="text:N"))
    chart = alt.layer(*layers).properties(width=_WIDTH - 150, height=max(34 * len(order), 60))
    return _svg(chart)


def heat_map(tiles: Sequence[Tile]) -> str:
    """Draw how often each field that a procedure needs came from a registry."""
    data: Data = [
        {
            "row": tile.row,
            "column": tile.column,
            "rate": tile.rate,
            "text": "·" if tile.rate is None else f"{tile.rate:.0f}",
            "dark": tile.rate is not None and tile.rate > 50,  # noqa: PLR2004 — white on the scale's dark half
        }
        for tile in tiles
    ]
    rows = list(dict.fromkeys(tile.row for tile in tiles))
    columns = list(dict.fromkeys(tile.column for tile in tiles))
    base = alt.Chart({"values": data}).encode(
        x=alt.X(
            "column:N",
            sort=columns,
            title=None,
            axis=alt.Axis(labelAngle=-40, labelLimit=220, labelFontSize=12, orient="top", grid=False),
        ),
        y=alt.Y("row:N", sort=rows, title=None, axis=alt.Axis(labelLimit=340, labelFontSize=12, ticks=False)),
    )
    scale = alt.Scale(domain=[0, 100], range=["#eef3f8", "#8fb4d6", EVIDENCED])
    boxes = base.mark_rect(stroke="white", strokeWidth=2).encode(
        color=alt.condition("isValid(datum.rate)", alt.Color("rate:Q", scale=scale, legend=None), alt.value("#f6f6f4"))
    )
    texts = base.mark_text(fontSize=12).encode(
        text="text:N", color=alt.condition("datum.dark", alt.value("white"), alt.value(_INK))
    )
    step = max(26, min(64, (_WIDTH - 360) // max(len(columns), 1)))
    return _svg((boxes + texts).properties(width=step * len(columns), height=30 * len(rows)))


def bars(values: Sequence[tuple[str, float | None]]) -> str:
    """Draw shares in percent, in the order given."""
    data: Data = [
        {"label": label, "rate": rate or 0, "text": "< 10" if rate is None else percent_vi(rate)}
        for label, rate in values
    ]
    order = [label for label, _ in values]
    base = alt.Chart({"values": data}).encode(
        x=alt.X("label:N", sort=order, title=None, axis=alt.Axis(labelAngle=0, labelFontSize=13, ticks=False)),
        y=alt.Y("rate:Q", title=None, axis=None),
    )
    columns = base.mark_bar(color=EVIDENCED, cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
    texts = base.mark_text(dy=-9, fontSize=12, fontWeight="bold", color=_INK).encode(text="text:N")
    return _svg((columns + texts).properties(width=_WIDTH - 40, height=180))


def trend(months: Sequence[Pair]) -> str:
    """Draw declared and evidenced through the months."""
    data: Data = [
        {"month": pair.label, "what": what, "rate": rate, "text": percent_vi(rate)}
        for pair in months
        for what, rate in (("Khai báo · declared", pair.declared), ("Có bằng chứng · evidenced", pair.evidenced))
        if rate is not None
    ]
    base = alt.Chart({"values": data}).encode(
        x=alt.X("month:N", title=None, axis=alt.Axis(labelAngle=0, labelFontSize=13, ticks=False)),
        y=alt.Y(
            "rate:Q",
            title=None,
            scale=alt.Scale(domainMin=0, padding=12),
            axis=alt.Axis(labelExpr="datum.value + ' %'", gridColor=_FAINT, tickCount=5),
        ),
        color=alt.Color(
            "what:N",
            title=None,
            scale=alt.Scale(domain=["Khai báo · declared", "Có bằng chứng · evidenced"], range=[DECLARED, EVIDENCED]),
            legend=alt.Legend(orient="top", labelFontSize=13, symbolSize=160, labelLimit=300),
        ),
    )
    texts = base.mark_text(dy=-12, fontSize=12).encode(text="text:N")
    lines = base.mark_line(strokeWidth=3, point=alt.OverlayMarkDef(size=70, filled=True))
    return _svg((lines + texts).properties(width=_WIDTH - 80, height=220))


def _svg(chart: Any) -> str:
    styled = (
        chart.configure(font=_FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(domain=False, labelColor=_INK, grid=True, gridColor=_FAINT)
        .configure_axisY(grid=False)
    )
    spec = styled.to_dict()
    spec.pop("usermeta", None)
    drawn: str = vl_convert.vegalite_to_svg(spec)
    return _SIZE.sub(r'<svg \1style="max-width:100%;height:auto" width="\2" height="\3"', drawn, count=1)
