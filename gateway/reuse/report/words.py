"""Numbers, days and durations as Vietnamese readers write them: 1.234,56 and 21/11/2026. Pure."""

from datetime import date

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def number_vi(number: int | None) -> str:
    """Write a count with dots between thousands; a dash where there is none."""
    return "–" if number is None else f"{number:,}".replace(",", ".")


def percent_vi(rate: float | None) -> str:
    """Write a rate with a comma and two decimals; a dash where there is none."""
    if rate is None:
        return "–"
    return f"{rate:,.2f}".translate(str.maketrans(",.", ".,")) + " %"


def day_vi(day: date) -> str:
    """Write a day as dd/mm/yyyy."""
    return f"{day:%d/%m/%Y}"


def duration_vi(seconds: int | None) -> str:
    """Write a duration in its largest whole unit and one decimal."""
    if seconds is None:
        return "–"
    for size, word in ((_DAY, "ngày"), (_HOUR, "giờ"), (_MINUTE, "phút")):
        if seconds >= size:
            return f"{seconds / size:.1f}".removesuffix(".0").replace(".", ",") + f" {word}"
    return f"{seconds} giây"
