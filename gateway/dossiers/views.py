"""Dossiers, events and results as JSON (PROTOCOL section 5). Pure.

The rule: times are told with Vietnam's offset, members nobody stated are null or left out, and people are never
shown: their numbers are sealed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.dossiers.receiving import EventResult
from gateway.flow.exchange import timestamp
from gateway.store.dossiers import StoredDossier, StoredEvent
from schemas.problems import PROBLEMS, problem_body

_TIMES = ("received_at", "due_at")


def results_json(results: Sequence[EventResult], *, public_url: str, request_id: str) -> list[dict[str, Any]]:
    """Return what became of each event; a rejected one carries its problem document (RFC 9457)."""
    told = []
    for result in results:
        line: dict[str, Any] = {"event_id": result.event_id, "result": result.result, "sequence": result.sequence}
        if result.warning is not None:
            line["warning"] = result.warning
        if result.rejection is not None:
            line["problem"] = problem_body(
                PROBLEMS[result.rejection.code],
                public_url=public_url,
                request_id=request_id,
                detail=result.rejection.errors[0].detail,
                errors=result.rejection.errors,
            )
        told.append(line)
    return told


def dossier_json(dossier: StoredDossier) -> dict[str, Any]:
    """Return a dossier's state and history."""
    return {
        "dossier": dossier.code,
        "procedure": dossier.procedure,
        "agency": dossier.agency,
        "status": dossier.status,
        "final": dossier.final,
        "occurred_at": _time(dossier.occurred_at),
        "received_at": _time(dossier.received_at),
        "due_at": _time(dossier.due_at),
        "channel": dossier.channel,
        "fee_due": dossier.fee_due,
        "result": dossier.result,
        "reopened_at": _time(dossier.reopened_at),
        "components": [_component(component) for component in dossier.components],
        "events": [
            {**event, "occurred_at": _time(event["occurred_at"]), "recorded_at": _time(event["recorded_at"])}
            for event in dossier.events
        ],
    }


def event_json(event: StoredEvent) -> dict[str, Any]:
    """Return one line of the feed: the event as it was reported, but for people."""
    content = {
        name: _time(datetime.fromisoformat(value)) if name in _TIMES else value for name, value in event.content.items()
    }
    return {
        "sequence": event.sequence,
        "event_id": event.event_id,
        "dossier": event.dossier,
        "procedure": event.procedure,
        "agency": event.agency,
        "status": event.status,
        "occurred_at": _time(event.occurred_at),
        "recorded_at": _time(event.recorded_at),
        "late": event.late,
        "warning": event.warning,
        "applied": event.applied,
        **content,
    }


def _component(component: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value) if name == "lookup_id" else value for name, value in component.items()}


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
