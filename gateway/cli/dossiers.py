"""`lienthong dossiers`: report a file of events; show and reopen a dossier as the operator (PROTOCOL section 5)."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.call import ClientOption, UrlOption
from gateway.cli.caller import Caller, caller_of
from gateway.cli.common import EXIT_CODES, Exit, err, fail, guarded, operator, out, print_json, run, settings
from gateway.client import Client
from gateway.dossiers import operating, pushing
from gateway.dossiers.files import HEADER, EventFileError, read_events
from gateway.dossiers.views import dossier_json

app = typer.Typer(no_args_is_help=True, help="Report dossiers' events, and look after dossiers.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_T = TypeVar("_T")


def register(root: typer.Typer) -> None:
    """Add the group to the command line."""
    root.add_typer(app, name="dossiers")


@app.command(
    epilog=f"CSV columns: {', '.join(HEADER)}. Rows in succession with one event_id are one event. {EXIT_CODES}"
)
def push(
    file: Annotated[Path, typer.Argument(help="NDJSON, one event a line, or .csv with a header.")],
    client: ClientOption = None,
    url: UrlOption = None,
    json: Json = False,
) -> None:
    """Report a file of events in batches of 100, and go on where an earlier run stopped (FILE.state).

    Exit code 1 where an event was rejected: FILE.state then names the first hundred of them.
    """
    caller = guarded(lambda: caller_of(client, url))
    progress = guarded(lambda: pushing.load_progress(file))
    total = _read(lambda: sum(1 for _ in read_events(file)))
    if progress.done:
        err.print(f"going on after {progress.done} events, as {pushing.state_path(file).name} says", markup=False)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err
    )
    with bar:
        task = bar.add_task("events", total=total, completed=progress.done)

        def reported(at: pushing.Progress) -> None:
            pushing.save_progress(file, at)
            bar.update(task, completed=at.done)

        done = _read(lambda: run(_pushed(caller, file, progress, reported)))
    pushing.save_progress(file, done)
    _summary(file, done, json=json)
    if done.counts["rejected"]:
        raise typer.Exit(Exit.FAILED)


@app.command()
def show(code: Annotated[str, typer.Argument(help="The dossier's code.")], json: Json = False) -> None:
    """Show a dossier's state and history, whosesoever it is. The look is an entry of the log."""
    _show(dossier_json(_known(operating.shown(settings(), code, operator()))), json=json)


@app.command()
def reopen(
    code: Annotated[str, typer.Argument(help="The dossier's code.")],
    reason: Annotated[str, typer.Option(help="Why; goes into the log, sealed.")],
    json: Json = False,
) -> None:
    """Let a dossier go on after a final status: what was kept meanwhile takes effect. An entry of the log."""
    if not reason.strip():
        fail("say why with --reason", Exit.USAGE)
    _show(dossier_json(_known(operating.reopened(settings(), code, operator(), reason))), json=json)


async def _pushed(
    caller: Caller, file: Path, progress: pushing.Progress, reported: Callable[[pushing.Progress], None]
) -> pushing.Progress:
    async with Client(caller.url, caller.identity) as client:
        return await pushing.push_file(client, read_events(file), progress, reported=reported)


def _read(work: Callable[[], _T]) -> _T:
    try:
        return guarded(work)
    except EventFileError as error:
        fail(str(error))


def _known(work: Coroutine[Any, Any, _T]) -> _T:
    try:
        return run(work)
    except operating.NoSuchDossier as error:
        fail(str(error))


def _summary(file: Path, done: pushing.Progress, *, json: bool) -> None:
    if json:
        print_json({"file": str(file), "events": done.done, **done.counts, "rejections": done.rejected})
        return
    told = ", ".join(f"{count} {word}" for word, count in done.counts.items())
    out.print(f"{done.done} events: {told}", markup=False)
    for rejected in done.rejected[:10]:
        place = f" {rejected['member']}" if rejected["member"] else ""
        err.print(f"line {rejected['line']}: {rejected['code']}{place}: {rejected['detail']}", markup=False)


def _show(dossier: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(dossier)
        return
    ended = ", final" if dossier["final"] else ""
    head = f"{dossier['dossier']}: procedure {dossier['procedure']}, agency {dossier['agency']}"
    out.print(f"{head}, status {dossier['status']}{ended}", markup=False)
    for event in dossier["events"]:
        words = [word for word in ("late" if event["late"] else "", event["warning"] or "") if word]
        told = f"{event['occurred_at']} status {event['status']} #{event['sequence']} {event['event_id']}"
        out.print(f"  {told} {' '.join(words)}".rstrip(), markup=False)
