"""`lienthong log`: which logs there are, and letting go of one that lost entries (DESIGN section 3)."""

from typing import Annotated

import typer

from gateway.administration import database_of, log_of, pins_of
from gateway.cli.common import fail, operator, out, print_json, run, settings
from gateway.evidence.admin import record_reopening
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.log import utc_now
from gateway.evidence.reopening import Behind, logs_behind
from gateway.evidence.reopening import reopen as reopen_logs
from gateway.settings import Settings
from gateway.store.logs import LogState, log_states

group = typer.Typer(no_args_is_help=True, help="The logs of this installation.")


@group.command("list")
def list_logs(json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the logs, their sizes, and why one is not served."""
    states, behind = run(_states(settings()))
    reasons = {found.origin: found.why for found in behind}
    if json:
        print_json(
            [
                {
                    "log": state.origin,
                    "slot": state.slot,
                    "size": state.size,
                    "sealed": state.sealed,
                    "closed": state.closed_why,
                    "refused": reasons.get(state.origin),
                }
                for state in states
            ]
        )
        return
    for state in states:
        told = reasons.get(state.origin) or state.closed_why or "served"
        out.print(f"{state.origin}: {state.size} entries, {state.sealed} sealed, {told}", markup=False)
    for origin in sorted(reasons.keys() - {state.origin for state in states}):
        out.print(f"{origin}: {reasons[origin]}", markup=False)


@group.command()
def reopen(
    why: Annotated[str, typer.Option(help="What happened to the entries; goes into the log.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it: entries that are lost stay lost.")] = False,
) -> None:
    """Let go of logs that are behind their pinned checkpoint, and begin new ones under new origins.

    First try to restore the entries. The old logs, their pins and their receipts stay as they are.
    """
    chosen = settings()
    if not yes:
        for found in run(_states(chosen))[1]:
            out.print(f"{found.origin}: {found.why}", markup=False)
        fail("nothing was done — repeat with --yes to let go of the logs listed above")
    reopened = run(_reopened(chosen, why))
    for found in reopened:
        out.print(f"reopened {found.origin}", markup=False)
    if not reopened:
        out.print("no log is behind its pin")


async def _states(chosen: Settings) -> tuple[list[LogState], list[Behind]]:
    async with database_of(chosen) as database:
        keys, pins = EvidenceKeys.load(chosen), pins_of(chosen)
        return await log_states(database), await logs_behind(database, keys, pins)


async def _reopened(chosen: Settings, why: str) -> list[Behind]:
    async with database_of(chosen) as database:
        found = await reopen_logs(database, EvidenceKeys.load(chosen), pins_of(chosen), why)
        if found:
            async with log_of(chosen, database) as log:
                await record_reopening(log, found, by=operator(), why=why, clock=utc_now)
        return found


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="log")
