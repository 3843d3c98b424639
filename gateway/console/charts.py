"""The console's own pictures as SVG, drawn by Altair and vl-convert: no script, no network. Pure.

The rule: beside every picture the page says the same in words or a table.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt
import vl_convert

_INK, _SOFT, _LINE, _ACCENT, _WARN = "#17212b", "#52606d", "#d5dce3", "#0b4f8a", "#8a2c0d"
_NUMBERS = {"decimal": ",", "thousands": "\u202f", "grouping": [3], "currency": ["", ""]}
_FONT = "'Noto Sans', 'DejaVu Sans', Arial, sans-serif"
WEEKDAYS = {
    "vi": ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}


def volume(days: Sequence[tuple[date, int, float | None]]) -> str:
    """Draw look-ups by day as bars, and the usual of that weekday as a mark; the last day in another colour."""
    data = [
        {"day": f"{day:%d/%m}", "number": number, "usual": usual, "today": place == len(days) - 1}
        for place, (day, number, usual) in enumerate(days)
    ]
    order = [f"{day:%d/%m}" for day, _, _ in days]
    base = alt.Chart({"values": data}).encode(
        x=alt.X("day:O", sort=order, title=None, axis=alt.Axis(labelAngle=0, labelFontSize=11, ticks=False))
    )
    axis = alt.Axis(title=None, tickCount=4, format=",d", gridColor=_LINE, labelFontSize=11)
    bars = base.mark_bar(cornerRadiusEnd=2).encode(
        y=alt.Y("number:Q", axis=axis), color=alt.condition("datum.today", alt.value("#6b9ac4"), alt.value(_ACCENT))
    )
    usual = base.transform_filter("isValid(datum.usual)").mark_tick(thickness=3, width=22, color=_WARN)
    return _svg((bars + usual.encode(y="usual:Q")).properties(width=620, height=150))


def hours(counts: Mapping[tuple[int, int], int], language: str) -> str:
    """Draw look-ups by hour and weekday; the number stands in each square that has one."""
    names = WEEKDAYS[language]
    most = max(counts.values(), default=0)
    data = [
        {
            "day": names[day - 1],
            "hour": f"{hour:02}",
            "number": counts.get((day, hour), 0),
            "text": str(counts.get((day, hour)) or ""),
            "dark": counts.get((day, hour), 0) > most / 2,
        }
        for day in range(1, 8)
        for hour in range(24)
    ]
    base = alt.Chart({"values": data}).encode(
        x=alt.X("hour:O", title=None, axis=alt.Axis(labelAngle=0, orient="top", ticks=False, labelFontSize=11)),
        y=alt.Y("day:O", sort=list(names), title=None, axis=alt.Axis(ticks=False, labelFontSize=12)),
    )
    scale = alt.Scale(domain=[0, max(most, 1)], range=["#f2f5f8", "#8fb4d6", _ACCENT])
    boxes = base.mark_rect(stroke="white", strokeWidth=2).encode(color=alt.Color("number:Q", scale=scale, legend=None))
    texts = base.mark_text(fontSize=11).encode(
        text="text:N", color=alt.condition("datum.dark", alt.value("white"), alt.value(_INK))
    )
    return _svg((boxes + texts).properties(width=24 * 29, height=7 * 26))


def _svg(chart: Any) -> str:
    styled = (
        chart.configure(font=_FONT, background="#ffffff", padding=12)
        .configure_view(stroke=None)
        .configure_axis(domain=False, labelColor=_SOFT)
    )
    spec = styled.to_dict()
    spec.pop("usermeta", None)
    drawn: str = vl_convert.vegalite_to_svg(spec, format_locale=_NUMBERS)
    return drawn
