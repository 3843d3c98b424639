"""The citizen's report: gathered from the log, proved row by row, and itself an entry of the log.

The rule: the entry of kind `read` comes before the report is handed out; who asked is sealed in it. Every row stands
with its log, index and leaf hash, and, as far as its log is sealed, the path to a signed checkpoint.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.citizen.rows import Names, Row, Told, tell
from gateway.evidence.admin import record_act
from gateway.evidence.contract import Draft, Evidence, Kind
from gateway.evidence.keys import LogKeys
from gateway.evidence.leaf import uuid7
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.trees import Tiles, over_tiles
from gateway.reuse.catalogue import procedures_of
from gateway.store import citizen as store
from gateway.store.configuration import ConfigurationStore
from gateway.store.database import Database
from gateway.store.logs import newest_checkpoint
from signing.checkpoint import Checkpoint, verify_checkpoint
from signing.tiles import inclusion

MOST_ROWS = 10_000
"""More than this about one person in one period is told in several reports."""


@dataclass(frozen=True, slots=True)
class Proof:
    """That a row's leaf stands in its log: the path to the checkpoint of `size` entries."""

    size: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What a citizen is handed. `proofs` go with `told.rows`; None where no checkpoint covers the row yet."""

    told: Told
    proofs: tuple[Proof | None, ...]
    checkpoints: Mapping[str, str]
    """The newest signed checkpoint of each log, by origin."""
    vkey: str
    since: datetime
    until: datetime
    made_at: datetime
    complete: bool
    """False where there are more than `MOST_ROWS`: then the oldest are missing."""
    entry_id: str
    """The log's entry of this report."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` until `until`, exclusive."""

    since: datetime
    until: datetime


class Reporter:
    """Makes reports. `through` says in clear by what way: `console`, `portal`, or an operator's command; `made_by`, a
    login, stands in the list of requests alone.
    """

    def __init__(self, database: Database, evidence: Evidence, keys: LogKeys, clock: Callable[[], datetime]) -> None:
        self._database, self._evidence, self._clock = database, evidence, clock
        self._pseudonyms, self._verifier = Pseudonyms(keys.pseudonyms), keys.verifier

    async def report(self, person: tuple[str, str], period: Period, through: str, made_by: str | None = None) -> Report:
        """Make the report about a person, (id_type, canonical id), and enter it in the log.

        Raises `EvidenceUnavailable` (then nothing may be shown), `StoreError`.
        """
        now, known_as = self._clock(), self._pseudonyms.everywhere(*person)
        told, complete = await self._told(known_as, period, now)
        checkpoints, proofs = await self._proofs(told.rows)
        detail = {"rows": len(told.rows), "withheld": told.withheld, "through": through}
        draft = Draft(
            Kind.READ,
            uuid7(int(now.timestamp() * 1000)),
            now,
            subject=person,
            mode="citizen-report",
            detail=detail,
        )
        recorded = await record_act(self._evidence, draft)
        counts = len(told.rows), told.withheld
        await store.put_report(self._database, known_as, (now, made_by or through), counts, recorded.entry_id)
        return Report(
            told=told,
            proofs=proofs,
            checkpoints=checkpoints,
            vkey=self._verifier.encode(),
            since=period.since,
            until=period.until,
            made_at=now,
            complete=complete,
            entry_id=recorded.entry_id,
        )

    async def _told(self, known_as: Sequence[bytes], period: Period, now: datetime) -> tuple[Told, bool]:
        found = await store.usage_of(self._database, known_as, period.since, period.until, MOST_ROWS + 1)
        dossiers = sorted({entry.dossier for entry in found if entry.dossier})
        matters = await store.matters(self._database, dossiers, known_as)
        delays = await store.delays(self._database, dossiers, now)
        documents = (await ConfigurationStore(self._database).current())[1]
        return tell(found[:MOST_ROWS], matters, delays, names_of(documents), now), len(found) <= MOST_ROWS

    async def _proofs(self, rows: Sequence[Row]) -> tuple[dict[str, str], tuple[Proof | None, ...]]:
        notes: dict[str, str] = {}
        sealed: dict[str, Checkpoint] = {}
        tiles: dict[str, Tiles] = {}
        ids = await store.log_ids(self._database, sorted({row.log for row in rows}))
        for origin, log_id in ids.items():
            note = await newest_checkpoint(self._database, log_id)
            if note is not None:
                notes[origin], sealed[origin] = note, verify_checkpoint(note, self._verifier, origin)
        proofs: list[Proof | None] = []
        for row in rows:
            checkpoint = sealed.get(row.log)
            if checkpoint is None or row.index >= checkpoint.size:
                proofs.append(None)
                continue
            at, size = row.index, checkpoint.size
            path = await over_tiles(
                self._database,
                ids[row.log],
                lambda read, at=at, size=size: inclusion(at, size, read),  # type: ignore[misc]
                tiles.setdefault(row.log, {}),
            )
            proofs.append(Proof(size, tuple(path)))
        return notes, tuple(proofs)


def names_of(documents: Mapping[str, str]) -> Names:
    """Read the names of clients and procedures from a configuration's documents; what is unreadable has none."""
    clients: dict[str, str] = {}
    for path, text in documents.items():
        if path.startswith("clients/") and path.endswith(".toml"):
            try:
                table: dict[str, Any] = tomllib.loads(text)
            except tomllib.TOMLDecodeError:
                continue
            clients[str(table.get("client"))] = str(table.get("name"))
    return Names(clients, {code: procedure.name for code, procedure in procedures_of(documents).items()})
