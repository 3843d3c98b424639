"""What has to be told to the portal for one event: a dossier, a progress line, or its sender's own message. Pure.

The rule: an event in time sends the dossier's state and then its progress line; a late one sends progress only; one
that was kept after a final state sends nothing. A message that came in the portal's own dialect goes out unchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from adapters.portal_fields import PROGRESS, SYNC, DossierView, PortalProcedure, dossier_item, progress_item
from gateway.dossiers.carrying import Parcel
from gateway.store.delivery import Claimed


@dataclass(frozen=True, slots=True)
class Step:
    """One item of one call. `updating` is for dossiers: whether the portal should know it."""

    service: str
    item: Mapping[str, Any]
    updating: bool = False


class Unplannable(Exception):  # noqa: N818 — a state, no failure
    """Nothing can be sent for this event until somebody acts; the text is a short machine word."""


def steps_of(
    claimed: Claimed,
    parcel: Parcel,
    procedures: Mapping[str, PortalProcedure],
    databases: tuple[str, ...] = (),
) -> tuple[Step, ...]:
    """Return an event's steps, in order. Raises `Unplannable`."""
    if not claimed.applied:
        return ()
    event = parcel.event
    progress = Step(PROGRESS, progress_item(event, claimed.due_at))
    if parcel.original is not None:
        return _as_sent(parcel.original, progress, late=claimed.late)
    if claimed.late:
        return (progress,)
    procedure = procedures.get(event.procedure)
    if procedure is None:
        raise Unplannable("procedure-unknown")
    view = DossierView(
        claimed.first_at,
        claimed.received_at,
        claimed.due_at,
        claimed.channel,
        claimed.fee_due,
        claimed.result,
        claimed.components,
    )
    item = dossier_item(event, view, procedure, databases)
    return Step(SYNC, item, updating=claimed.acknowledged is not None), progress


def _as_sent(original: bytes, progress: Step, *, late: bool) -> tuple[Step, ...]:
    """Return the step that a message in the portal's dialect asks for; a late dossier must not turn the state back."""
    sent = orjson.loads(original)
    if sent["service"] == SYNC and late:
        return (progress,)
    return (Step(sent["service"], sent["item"], updating=sent["isUpdating"] == "True"),)


def remaining(steps: tuple[Step, ...], held: Mapping[str, Any] | None) -> tuple[Step, ...]:
    """Return the steps that what the portal holds does not show as done; None: it holds no such dossier."""
    if held is None:
        return tuple(replace(step, updating=False) for step in steps)
    return tuple(replace(step, updating=True) for step in steps if not _is_done(step, held))


def _is_done(step: Step, held: Mapping[str, Any]) -> bool:
    if step.service == PROGRESS:
        return step.item in held.get("QuaTrinhXuLy", ())
    return all(held.get(name) == value for name, value in step.item.items())
