"""`lienthong audit`: verify the whole log, and show the entries of one exchange (PROTOCOL section 6)."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from gateway.administration import database_of, pins_of
from gateway.cli.audit_export import export, verify_file
from gateway.cli.audit_rules import add_to
from gateway.cli.common import EXIT_CODES, Exit, err, fail, guarded, out, print_json, run, settings
from gateway.evidence.audit import audit_verify
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.report import Report
from gateway.settings import Settings
from gateway.store.findings import Explained, explanations_of
from gateway.store.logs import StoredEntry, entries_of_request

group = typer.Typer(no_args_is_help=True, help="Verify the log, show entries of it, and judge look-ups.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@group.command(epilog=EXIT_CODES)
def verify(
    file: Annotated[
        Path | None, typer.Argument(help="A file of `audit export`, or a proof from the console: check that, offline.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="File of a checkpoint that was kept elsewhere: shows a database set back.")
    ] = None,
    vkey: Annotated[
        Path | None, typer.Option(help="File of the log's verifier keys to trust, for an evidence file.")
    ] = None,
    json: Json = False,
) -> None:
    """Recompute every log and name the first bad entry. Runs beside a gateway that goes on writing.

    Anchors are the pinned checkpoints and the one given; exit code 3 where a log has none, since a database that
    was set back as a whole would not show. With FILE, that evidence file is checked instead, without database,
    settings or network.
    """
    if file is not None:
        verify_file(file, vkey, json=json)
        return
    chosen = settings()
    note = guarded(lambda: against.read_text(encoding="utf-8")) if against else None
    report = run(_verified(chosen, note))
    if json:
        print_json(_as_json(report))
    else:
        _print(report)
    if not report.ok:
        raise typer.Exit(Exit.FAILED)
    if note is None and _lacks_anchor(report):
        fail("no anchor: no checkpoint outside the database holds this log — give one with --against", Exit.NO_ANCHOR)


group.command()(export)
add_to(group)


@group.command()
def show(
    request_id: Annotated[str, typer.Option("--request-id", help="The X-Request-Id of an exchange.")],
    json: Json = False,
) -> None:
    """Show the entries of one exchange, as they stand in the log, and what explains it; sealed parts stay sealed."""
    entries, explained = run(_entries(settings(), request_id))
    if json:
        print_json([_entry(entry) for entry in entries])
    for entry in () if json else entries:
        leaf = orjson.loads(entry.leaf)
        word = leaf.get("outcome") or leaf.get("mode") or ""
        out.print(f"{entry.origin} #{entry.index} {entry.at.isoformat()} {entry.kind} {word}", markup=False)
    for kind, _, detail in () if json else explained.values():
        why = f" ({detail['why']})" if detail.get("why") else ""
        out.print(f"explained: {kind}{why}", markup=False)
    if not entries:
        fail("the log has no entry of this request")


async def _verified(chosen: Settings, against: str | None) -> Report:
    verifier = EvidenceKeys.load(chosen).verifier
    async with database_of(chosen) as database:
        return await audit_verify(database, verifier, against=against, pins=pins_of(chosen))


async def _entries(chosen: Settings, request_id: str) -> tuple[list[StoredEntry], dict[str, Explained]]:
    """Return an exchange's entries, and what was found beside the log about them."""
    async with database_of(chosen) as database:
        entries = await entries_of_request(database, request_id)
        return entries, await explanations_of(database, [orjson.loads(entry.leaf)["id"] for entry in entries])


def _lacks_anchor(report: Report) -> bool:
    """Whether a sealed log has no anchor, or nothing at all has one. A log's first second is not held against it."""
    return any(log.sealed and not log.anchored for log in report.logs) or not any(log.anchored for log in report.logs)


def _print(report: Report) -> None:
    for log in report.logs:
        out.print(f"{log.log}: {log.entries} entries, {log.sealed} sealed, {log.anchored} anchored", markup=False)
    for note in report.notes:
        out.print(f"note: {note}", markup=False)
    for problem in report.problems:
        err.print(f"BAD {problem}", markup=False)
    out.print("the log verifies" if report.ok else f"the log is BROKEN, first at {report.first}", markup=False)


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "entries": report.entries,
        "logs": [asdict(log) for log in report.logs],
        "problems": [asdict(problem) for problem in report.problems],
        "notes": list(report.notes),
        "unanchored": list(report.unanchored),
    }


def _entry(entry: StoredEntry) -> dict[str, Any]:
    return {
        "log": entry.origin,
        "index": entry.index,
        "at": entry.at.isoformat(),
        "kind": entry.kind,
        "client": entry.client,
        "entry": orjson.loads(entry.leaf),
    }


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="audit")
