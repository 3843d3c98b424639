"""`lienthong reuse`: reports of reuse and service quality, and counting a month again (PROTOCOL section 7)."""

import sys
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from gateway.administration import database_of
from gateway.cli.common import EXIT_CODES, Exit, err, fail, guarded, out, run, settings
from gateway.evidence.log import utc_now
from gateway.reuse.measuring import month_span
from gateway.reuse.recount import Recount, recount_abreast
from gateway.reuse.report.figures import Figure, figures, publishable
from gateway.reuse.report.files import FORMATS, write_whole
from gateway.reuse.report.gathering import Report, gather
from gateway.settings import Settings
from gateway.store.reuse import Span
from gateway.store.scope import Scope
from schemas.dates import local_day

group = typer.Typer(no_args_is_help=True, help="Reuse and service quality: reports, and counting again.")
_SHOWN_DIFFERENCES = 20


class By(StrEnum):
    """What a report is grouped by."""

    AGENCY = "agency"
    PROCEDURE = "procedure"
    PROVINCE = "province"
    REGISTRY = "registry"
    MONTH = "month"


class Format(StrEnum):
    """How a report is written."""

    TABLE = "table"
    CSV = "csv"
    PARQUET = "parquet"
    HTML = "html"
    JSON = "json"


@group.command("report", epilog=EXIT_CODES)
def report_command(
    first: Annotated[str, typer.Option("--from", help="First day of acceptance, YYYY-MM-DD.")],
    past: Annotated[str, typer.Option("--to", help="The day after the last one, YYYY-MM-DD.")],
    by: Annotated[By, typer.Option("--by", help="What the rows are.")] = By.AGENCY,
    format_: Annotated[Format, typer.Option("--format", help="How it is written.")] = Format.TABLE,
    file: Annotated[Path | None, typer.Option("--out", help="Where to; by default to standard output.")] = None,
) -> None:
    """Measure a period: declared beside evidenced reuse, why reuse was missed, and Decision 766's indicators.

    In everything but the table counts from 1 to 9 are withheld. HTML is one page with pictures that needs nothing else.
    """
    span = Span(_day(first, "--from"), _day(past, "--to"), by.value)
    if span.first >= span.past:
        fail("--to must lie after --from", Exit.USAGE)
    report = run(_gathered(settings(), span))
    if format_ is Format.TABLE:
        if file is not None:
            fail("a table goes to the terminal: choose another --format for a file", Exit.USAGE)
        _print(report, figures(report.rows))
        return
    content = guarded(lambda: _content(report, format_))
    if file is not None:
        guarded(lambda: write_whole(file, content))
        err.print(f"wrote {file}", markup=False)
        return
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


@group.command("recount", epilog=EXIT_CODES)
def recount_command(
    month: Annotated[str, typer.Option("--month", help="The month of acceptance, YYYY-MM.")],
) -> None:
    """Count a month again from the dossiers and the log; exit code 1 where the rollups differ."""
    try:
        span = month_span(month)
    except ValueError:
        fail("--month is written as 2026-11", Exit.USAGE)
    done = run(_recounted(settings(), span))
    for difference in done.differences[:_SHOWN_DIFFERENCES]:
        err.print(
            f"DIFFERS {difference.where} {difference.what}: rolled up {difference.rolled_up}, "
            f"recounted {difference.recounted}",
            markup=False,
        )
    if done.differences:
        fail(f"{len(done.differences)} numbers of {month} differ from the log")
    out.print(f"{month}: {done.dossiers} dossiers in {done.cells} cells counted again, every number agrees")


async def _gathered(chosen: Settings, span: Span) -> Report:
    now = utc_now()
    async with database_of(chosen) as database:
        return await gather(database, Scope.everything(), span, made_at=now, today=local_day(now), origin=chosen.origin)


async def _recounted(chosen: Settings, span: Span) -> Recount:
    async with database_of(chosen) as database:
        return await recount_abreast(database, chosen.database_url, span)


def _content(report: Report, format_: Format) -> bytes:
    if format_ is Format.HTML:  # drawing takes a second to load: only where it is wanted
        page: str = import_module("gateway.reuse.report.page").as_page(report)
        return page.encode()
    return FORMATS[format_.value](report, publishable(figures(report.rows)))


def _print(report: Report, found: Sequence[Figure]) -> None:
    table = Table("metric", report.group_by, "numerator", "denominator", "%", box=None, pad_edge=False)
    for figure in found:
        told = figure.rate if figure.seconds is None else f"{figure.seconds} s"
        cells = (figure.numerator, figure.denominator, told)
        table.add_row(
            f"{figure.title_vi} [{figure.metric}]".replace("[", "\\["),
            figure.group or "–",
            *("–" if cell is None else str(cell) for cell in cells),
        )
    out.print(table)
    if not found:
        out.print("no dossier was accepted in this period")


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{option} is written as 2026-11-21", Exit.USAGE)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="reuse")
