"""Gathering a case's evidence: its entries, what belongs to their exchanges, and their proofs.

The rule: what is exported is in the log before it is handed out, and each entry is proved against the newest checkpoint
of its log; what none covers yet is said to be a promise.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson

from gateway.evidence.keys import EvidenceKeys, LogKeys
from gateway.evidence.reads import EvidenceReads
from gateway.export.bundle import Exported, Unsigned, pack, prepare
from gateway.store.cases import CaseEntry, CaseRow, CaseStep, RevealRow
from gateway.store.database import Database
from gateway.store.logs import StoredEntry, entries_of_request

MOST_ENTRIES = 10_000


class ExportRefused(Exception):  # noqa: N818 — named for what happened
    """The case cannot be exported; the text says why."""


class CaseParts(Protocol):
    """A case with all that belongs to it (`gateway.cases.desk.Whole`)."""

    @property
    def row(self) -> CaseRow:
        """How it stands."""
        ...

    @property
    def steps(self) -> Sequence[CaseStep]:
        """Its steps."""
        ...

    @property
    def entries(self) -> Sequence[CaseEntry]:
        """Its entries."""
        ...

    @property
    def reveals(self) -> Sequence[RevealRow]:
        """Its reveals."""
        ...


async def gather(database: Database, reads: EvidenceReads, case: CaseParts) -> list[Exported]:
    """Return the whole exchanges of a case's entries, with their proofs, by log and index.

    Raises `ExportRefused` where there are more than `MOST_ENTRIES`, `StoreError`.
    """
    requests = {_request_id(item.entry) for item in case.entries if item.entry is not None}
    found: dict[tuple[str, int], StoredEntry] = {}
    for request_id in sorted(requests):
        for entry in await entries_of_request(database, request_id):
            found[entry.origin, entry.index] = entry
        if len(found) > MOST_ENTRIES:
            raise ExportRefused(f"the case has more than {MOST_ENTRIES} entries: split it")
    proved = [await reads.proved(found[place]) for place in sorted(found)]
    return [Exported(entry.log, entry.index, entry.leaf, entry.checkpoint, entry.proof) for entry in proved]


def case_document(case: CaseParts) -> dict[str, Any]:
    """Return the case as the file tells it: how it stands, its steps with the log's entry of each, its reveals."""
    row = case.row
    return {
        "case": row.case_id,
        "source": row.source,
        "agency": row.agency,
        "title": row.title,
        "opened_at": row.opened_at,
        "opened_by": row.opened_by,
        "state": row.state,
        "verdict": row.verdict,
        "proposed_by": row.proposed_by,
        "closed_by": row.closed_by,
        "closed_at": row.closed_at,
        "steps": [
            {"at": step.at, "by": step.by, "action": step.action, "note": step.note, "entry": step.entry_id}
            for step in case.steps
        ],
        "reveals": [
            {"at": seen.at, "by": seen.by, "second": seen.second, "of": seen.entry_id, "entry": seen.recorded}
            for seen in case.reveals
        ],
        "entries": [item.entry_id for item in case.entries],
    }


def packed(case: CaseParts, entries: Sequence[Exported], keys: EvidenceKeys, made_at: datetime) -> bytes:
    """Return the evidence file's bytes, signed with the log key."""
    vkey = keys.verifier.encode()
    return pack(case_document(case), entries, key=keys.log_key, vkey=vkey, made_at=made_at)


def prepared(case: CaseParts, entries: Sequence[Exported], keys: LogKeys, made_at: datetime) -> Unsigned:
    """Return the evidence file but for its signature, for whoever cannot sign."""
    verifier = keys.verifier
    return prepare(case_document(case), entries, origin=verifier.name, vkey=verifier.encode(), made_at=made_at)


def export_detail(case_id: int, entries: Sequence[Exported]) -> Mapping[str, Any]:
    """Return the plain part of the log's entry of an export."""
    return {"case": case_id, "entries": len(entries), "unproved": sum(entry.proof is None for entry in entries)}


def _request_id(entry: StoredEntry) -> str:
    return str(orjson.loads(entry.leaf)["request_id"])
