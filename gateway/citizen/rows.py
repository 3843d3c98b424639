"""What of the log a citizen is told, row by row: the rules of the report (issue: the citizen's report).

Pure. The rules: a look-up for somebody else's open dossier is told neutrally, without its leaf, which names the
dossier; what is lawfully delayed is left out and counted, with the date on which it will show; nothing is left out
silently.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from gateway.citizen.words import NEUTRAL, purpose
from gateway.store.citizen import Delay, Matter, UsageEntry
from signing.merkle import leaf_hash


@dataclass(frozen=True, slots=True)
class Names:
    """Names by code, from the configuration in force."""

    clients: Mapping[str, str]
    procedures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One look-up about the citizen. `leaf` is None where the row is neutral: its hash proves it all the same."""

    entry_id: str
    at: datetime
    client: str
    client_name: str
    agency: str | None
    purpose: str
    procedure: str | None
    dossier: str | None
    service: str
    mode: str
    outcome: str
    fields: tuple[str, ...]
    legal_basis: str | None
    neutral: bool
    log: str
    index: int
    leaf_hash: bytes
    leaf: bytes | None


@dataclass(frozen=True, slots=True)
class Told:
    """What is told: rows, and what is withheld for now."""

    rows: tuple[Row, ...]
    withheld: int
    withheld_until: datetime | None
    """When the last of the withheld rows will show; None where none is withheld."""


def tell(
    entries: Iterable[UsageEntry],
    matters: Mapping[str, Matter],
    delays: Mapping[str, Delay],
    names: Names,
    now: datetime,
) -> Told:
    """Return what a citizen is told of these entries, in their order.

    `matters`: what is known of dossiers; `delays`: by dossier.
    """
    rows, hidden = [], []
    for entry in entries:
        delay = delays.get(entry.dossier) if entry.dossier else None
        if delay is not None and delay.until > now:
            hidden.append(delay.until)
            continue
        matter = matters.get(entry.dossier) if entry.dossier else None
        rows.append(_row(entry, names, neutral=matter is not None and matter.others and not matter.closed))
    return Told(tuple(rows), len(hidden), max(hidden, default=None))


def _row(entry: UsageEntry, names: Names, *, neutral: bool) -> Row:
    leaf: dict[str, Any] = orjson.loads(entry.leaf)
    procedure = leaf.get("procedure")
    client = str(leaf.get("client") or "")
    return Row(
        entry_id=leaf["id"],
        at=entry.at,
        client=client,
        client_name=names.clients.get(client, client),
        agency=None if neutral else leaf.get("unit"),
        purpose=NEUTRAL if neutral else purpose(procedure, names.procedures),
        procedure=None if neutral else procedure,
        dossier=None if neutral else leaf.get("dossier"),
        service=str(leaf.get("service") or ""),
        mode=str(leaf.get("mode") or ""),
        outcome=str(leaf.get("outcome") or ""),
        fields=_strings(leaf.get("fields")),
        legal_basis=leaf.get("legal_basis"),
        neutral=neutral,
        log=entry.origin,
        index=entry.index,
        leaf_hash=leaf_hash(entry.leaf),
        leaf=None if neutral else entry.leaf,
    )


def _strings(values: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(map(str, values or ()))
