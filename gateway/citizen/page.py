"""The report as a page to keep or print: one file, no script, nothing loaded from anywhere.

The rule: everything from the log is escaped; whoever prints it gets a paper that can be checked later.
"""

from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment

from gateway.citizen.report import Report
from gateway.citizen.words import LEGAL_BASES, OUTCOMES, REGISTRIES, field_names
from gateway.templating import templates
from schemas.dates import LOCAL


@cache
def _templates() -> Environment:
    return templates(Path(__file__).with_name("templates"), {"moment": _moment, "day": _day})


def as_html(report: Report, masked: str) -> str:
    """Return the page; `masked` tells whose it is without the whole number (`masked_number`)."""
    rows = zip(report.told.rows, report.proofs, strict=True)
    return (
        _templates()
        .get_template("report.html")
        .render(
            report=report,
            rows=list(rows),
            masked=masked,
            legal=LEGAL_BASES,
            outcomes=OUTCOMES,
            registries=REGISTRIES,
            field_names=field_names,
        )
    )


def masked_number(number: str) -> str:
    """Return a number with its middle hidden: `099••••••001`."""
    shown = 3
    hidden = max(len(number) - 2 * shown, 0)
    return f"{number[:shown]}{'•' * hidden}{number[-shown:]}" if hidden else "•" * len(number)


def _moment(value: datetime) -> str:
    return value.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S")


def _day(value: datetime) -> str:
    return value.astimezone(LOCAL).strftime("%d/%m/%Y")
