"""A report of made-up sums."""

from datetime import UTC, date, datetime

import pytest

from gateway.reuse.measuring import Row
from gateway.reuse.metrics import Rate, Sums, metrics
from gateway.reuse.report.gathering import Report

COUNTS = {
    "dossiers": 400, "declared": 300, "evidenced": 60, "with_needs": 390, "full_once_only": 20, "covered": 380,
    "needed": 800, "held": 700, "looked_up": 500, "answered": 400, "matched": 300, "used": 150, "not_connected": 90,
    "not_looked_up": 200, "lookup_failed": 120, "stale": 80, "mismatch": 40, "paper_by_law": 60, "citizen_chose": 55,
    "unknown": 5, "disclosed": 900, "beyond": 90, "due_ended": 350, "due_met": 300,
}  # fmt: skip


def row(group, **changes):
    """Make a row; changes replace counts."""
    return Row(group, metrics(Sums({**COUNTS, **changes}, lag={5: 90, 30: 10}, repeats=Rate(30, 90))))


@pytest.fixture(scope="session")
def report():
    """Two provinces, the second with a handful of evidenced dossiers; a procedure whose name is no good HTML or CSV."""
    rows = [row("H98"), row("=H99<b>", evidenced=4)]
    return Report(
        date(2026, 5, 1), date(2026, 6, 1), "province", datetime(2026, 6, 2, tzinfo=UTC), "log.example",
        row("").metrics, rows, rows, [row("2026-04"), row("2026-05")],
        [("9.999901", "population/person", "full_name", 100, 80), ("9.999901", "civil-status/birth", "sex", 100, 97),
         ("9.999902", "tax/taxpayer", "odd_field", 12, 0)],
        {60: 90, 300: 4, 1_000_000: 40}, {"9.999901": "Đăng ký <i>thường trú</i>"},
    )  # fmt: skip
