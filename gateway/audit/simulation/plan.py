"""What will be written: look-ups, refusals and dossier events, each with the label of the misuse it belongs to."""

from dataclasses import dataclass, field
from datetime import datetime

from gateway.audit.simulation.country import SimOfficer


@dataclass(frozen=True, slots=True)
class PlannedLookup:
    """A look-up (or, with `refused`, a refusal). `incident` is None for clean traffic."""

    at: datetime
    client: str | None
    unit: str | None
    officer: str | None
    subject: str | None
    service: str | None
    procedure: str | None
    dossier: str | None
    fields: tuple[str, ...] = ()
    outcome: str = "found"
    legal_basis: str = "law"
    keyid: str | None = None
    incident: int | None = None
    refused: bool = False
    reason: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """A dossier's event, and when it was reported."""

    dossier: str
    client: str
    agency: str
    procedure: str
    status: int
    occurred_at: datetime
    recorded_at: datetime
    parties: tuple[tuple[str, str], ...] | None = None
    """(role, number)."""


@dataclass(slots=True)
class SimDossier:
    """A dossier of the simulation."""

    code: str
    officer: SimOfficer
    procedure: str
    parties: dict[str, str]
    opened_at: datetime
    ended_at: datetime | None = None
    pushed: bool = True


@dataclass(frozen=True, slots=True)
class Incident:
    """A seeded misuse: which rule was made for it, and where else a right alert about it may stand."""

    number: int
    rule: str
    officer: str | None
    day: str


@dataclass(slots=True)
class Plan:
    """A whole period."""

    lookups: list[PlannedLookup] = field(default_factory=list)
    events: list[PlannedEvent] = field(default_factory=list)
    dossiers: list[SimDossier] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
