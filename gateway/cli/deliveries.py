"""`lienthong deliveries`: what waits for the National Portal, what is parked and why, and trying again."""

from datetime import datetime
from typing import Annotated, Any

import typer

from gateway.administration import database_of, log_of
from gateway.cli.common import fail, operator, out, print_json, run, settings
from gateway.delivery.parking import advice
from gateway.evidence.admin import admin_draft, record_act
from gateway.evidence.log import utc_now
from gateway.settings import Settings
from gateway.store import delivery as store
from schemas.dates import LOCAL

group = typer.Typer(no_args_is_help=True, help="Deliveries to the National Portal.")


@group.command("list")
def list_deliveries(
    parked: Annotated[bool, typer.Option("--parked", help="Parked dossiers alone.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many dossiers.")] = 100,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List dossiers with something to deliver, parked ones first, and how much waits in all."""
    found, heads = run(_listed(settings(), "parked" if parked else "all", limit))
    if json:
        totals = {"pending": found.pending, "lag_s": round(found.lag_s, 1), "parked": found.parked}
        print_json({**totals, "dossiers": [_head_json(head) for head in heads]})
        return
    for head in heads:
        out.print(_line(head), markup=False)
    out.print(f"{found.pending} events wait, the oldest for {found.lag_s:.0f} s; {found.parked} dossiers parked")


@group.command()
def show(
    dossier: Annotated[str, typer.Argument(help="The dossier's code.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how far the deliveries of one dossier are, event by event."""
    found = run(_shown(settings(), dossier))
    if found is None:
        fail("nothing of this dossier was ever queued for delivery")
    head, events = found
    if json:
        print_json({**_head_json(head), "events": [_event_json(event) for event in events]})
        return
    out.print(_line(head), markup=False)
    for event in events:
        when = f"{event.how} {_time(event.delivered_at)}" if event.delivered_at else "waits"
        late = ", late: progress only" if event.late else ""
        out.print(f"  {event.sequence}: queued {_time(event.queued_at)}, {when}{late}", markup=False)


@group.command()
def replay(
    dossier: Annotated[str, typer.Argument(help="The dossier's code.")],
    from_sequence: Annotated[
        int | None, typer.Option("--from", min=1, help="Also send what was delivered from this sequence number on.")
    ] = None,
    unasked: Annotated[
        bool,
        typer.Option("--unasked", help="Do not ask the portal first what it holds: for a dossier too large to tell."),
    ] = False,
) -> None:
    """Have a dossier delivered at once, parked or not. The portal is asked first what it holds."""
    pending = run(_replayed(settings(), dossier, from_sequence, unasked=unasked))
    if pending is None:
        fail("nothing of this dossier was ever queued for delivery")
    out.print(f"{pending} events will be delivered")


async def _listed(chosen: Settings, which: store.Which, limit: int) -> tuple[store.Backlog, list[store.Head]]:
    async with database_of(chosen) as database:
        return await store.backlog(database), await store.heads(database, which, limit)


async def _shown(chosen: Settings, dossier: str) -> tuple[store.Head, list[store.Outgoing]] | None:
    async with database_of(chosen) as database:
        return await store.head_of(database, dossier)


async def _replayed(chosen: Settings, dossier: str, from_sequence: int | None, *, unasked: bool) -> int | None:
    """Record the act, then do it."""
    async with database_of(chosen) as database:
        if await store.head_of(database, dossier) is None:
            return None
        async with log_of(chosen, database) as log:
            detail = {"dossier": dossier, "from": from_sequence, "unasked": unasked}
            await record_act(log, admin_draft("delivery-replay", operator(), utc_now(), detail))
        return await store.replay(database, dossier, from_sequence, unasked=unasked)


def _line(head: store.Head) -> str:
    state = (
        f"parked ({head.parked}: {advice(head.parked)})"
        if head.parked
        else f"due {_time(head.due_at)}"
        if head.pending
        else "delivered"
    )
    tried = f", tried {head.attempts} times ({head.last_error})" if head.attempts else ""
    return f"{head.dossier}: {head.pending} waiting, {state}{tried}"


def _head_json(head: store.Head) -> dict[str, Any]:
    return {
        "dossier": head.dossier,
        "pending": head.pending,
        "next": head.next,
        "attempts": head.attempts,
        "last_error": head.last_error,
        "parked": head.parked,
        "advice": advice(head.parked) if head.parked else None,
        "parked_at": _time(head.parked_at),
        "due_at": _time(head.due_at),
        "in_doubt": head.in_doubt,
        "acknowledged": head.acknowledged,
        "acknowledged_at": _time(head.acknowledged_at),
    }


def _event_json(event: store.Outgoing) -> dict[str, Any]:
    return {
        "sequence": event.sequence,
        "late": event.late,
        "queued_at": _time(event.queued_at),
        "delivered_at": _time(event.delivered_at),
        "how": event.how,
        "kept": event.kept,
    }


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(LOCAL).isoformat(timespec="seconds") if moment else None


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(group, name="deliveries")
