"""`lienthong citizen`: who looked at a person, told to that person, and checking such a report."""

import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.administration import database_of, log_of
from gateway.citizen.api import YEAR
from gateway.citizen.page import as_html, masked_number
from gateway.citizen.report import Period, Report, Reporter
from gateway.citizen.shapes import as_json, check_report
from gateway.citizen.words import OUTCOMES
from gateway.cli.common import Exit, err, fail, guarded, out, print_json, run, settings
from gateway.client.identity import load_vkeys
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.log import utc_now
from gateway.settings import Settings
from schemas.dates import LOCAL
from schemas.identifiers import canonical
from signing.checkpoint import parse_vkey

group = typer.Typer(no_args_is_help=True, help="A citizen's own report: who looked, and why.")
_DAYS = ["%Y-%m-%d"]
_READER = "command line"


@group.command()
def report(
    number: Annotated[
        str, typer.Option("--id", help="The person's number; `-` reads it from standard input, where `ps` cannot see.")
    ],
    id_type: Annotated[str, typer.Option(help="What kind of number it is.")] = "personal_id",
    since: Annotated[datetime | None, typer.Option("--from", formats=_DAYS, help="First day; a year ago.")] = None,
    until: Annotated[datetime | None, typer.Option("--to", formats=_DAYS, help="Day after the last; now.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page to keep or print to this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, with what proves each row.")] = False,
) -> None:
    """Tell who looked at a person. The report is itself an entry of the log."""
    person = id_type, _number(id_type, number)
    made = run(_report(settings(), person, _period(since, until)))
    if html is not None:
        guarded(lambda: _write(html, as_html(made, masked_number(person[1]))))
        out.print(f"wrote {html}", markup=False)
    elif json:
        print_json(as_json(made))
    else:
        _print(made)


@group.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A report that `citizen report --json` or the interface gave.")],
    vkey: Annotated[Path | None, typer.Option(help="File of the log's verifier keys to trust.")] = None,
) -> None:
    """Check every row of a report offline: leaf, place, proof and checkpoint."""
    document = guarded(lambda: _document(file))
    keys = guarded(lambda: load_vkeys(vkey) if vkey else (parse_vkey(str(document.get("vkey"))),))
    verdict = guarded(lambda: check_report(document, keys))
    if vkey is None:
        err.print("the key is the one inside the file: name the log's own with --vkey", markup=False)
    out.print(f"the report verifies: {verdict.proved} rows proved, {verdict.promised} promised", markup=False)


async def _report(chosen: Settings, person: tuple[str, str], period: Period) -> Report:
    async with database_of(chosen) as database, log_of(chosen, database) as log:
        reporter = Reporter(database, log, EvidenceKeys.load(chosen), utc_now)
        return await reporter.report(person, period, _READER)


def _number(id_type: str, text: str) -> str:
    """Return the canonical number, or end the command without repeating what was typed."""
    try:
        return canonical(id_type, sys.stdin.readline().strip() if text == "-" else text)
    except (ValueError, KeyError):
        fail("this is no number of that kind", Exit.USAGE)


def _period(since: datetime | None, until: datetime | None) -> Period:
    end = until.replace(tzinfo=LOCAL) if until else utc_now() + timedelta(seconds=1)
    begin = since.replace(tzinfo=LOCAL) if since else end - YEAR
    if begin >= end:
        fail("--from lies before --to", Exit.USAGE)
    return Period(begin, end)


def _document(file: Path) -> dict[str, Any]:
    try:
        document = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        fail("this is no report: not JSON")
    return document if isinstance(document, dict) else fail("this is no report")


def _print(made: Report) -> None:
    for row in made.told.rows:
        when = row.at.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S")
        outcome = OUTCOMES.get(row.outcome, row.outcome)
        out.print(f"{when}  {row.client_name}: {row.purpose} ({row.service}; {outcome})", markup=False)
    out.print(f"{len(made.told.rows)} look-ups", markup=False)
    if made.told.withheld_until is not None:
        until = made.told.withheld_until.astimezone(LOCAL).strftime("%d/%m/%Y")
        out.print(f"{made.told.withheld} more are withheld by law, until {until} at the latest", markup=False)
    if not made.complete:
        err.print("there are older ones: ask for shorter periods", markup=False)


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="citizen")
