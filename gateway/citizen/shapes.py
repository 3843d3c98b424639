"""The report as JSON: Estonia's data tracker v2 (`findUsage`), with what proves each row beside it; and checking that.

Pure. The rule: members of the tracker's `Usage` keep their names and meaning (`logtime`, `action`, `receiverCode`,
`receiverName`, `receiverSystem`); ours stand beside them. What was proved can be checked from the JSON alone.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gateway.citizen.report import Proof, Report
from gateway.citizen.rows import Row
from gateway.citizen.words import LEGAL_BASES, OUTCOMES, field_names
from schemas.dates import LOCAL
from signing.checkpoint import Checkpoint, VerifierKey, verify_checkpoint
from signing.errors import SignatureError
from signing.merkle import leaf_hash, verify_inclusion


class NotProved(Exception):  # noqa: N818 — the verdict's own name
    """A report that does not hold; the text names the first row that is false."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many rows a checkpoint proves, and how many are promises still."""

    proved: int
    promised: int


def as_json(report: Report, offset: int = 0, limit: int | None = None) -> dict[str, Any]:
    """Return the report, or a page of it, as `findUsage` answers."""
    end = None if limit is None else offset + limit
    pairs = list(zip(report.told.rows, report.proofs, strict=True))[offset:end]
    withheld = report.told.withheld_until
    return {
        "totalUsages": len(report.told.rows),
        "usages": [_usage(row, proof) for row, proof in pairs],
        "withheld": {
            "count": report.told.withheld,
            "until": withheld.astimezone(LOCAL).isoformat() if withheld else None,
        },
        "periodStart": report.since.astimezone(LOCAL).isoformat(),
        "periodEnd": report.until.astimezone(LOCAL).isoformat(),
        "complete": report.complete,
        "report": report.entry_id,
        "checkpoints": {origin: note for origin, note in report.checkpoints.items() if _used(origin, pairs)},
        "vkey": report.vkey,
    }


def _used(origin: str, pairs: Sequence[tuple[Row, Proof | None]]) -> bool:
    return any(row.log == origin for row, _ in pairs)


def _usage(row: Row, proof: Proof | None) -> dict[str, Any]:
    return {
        "logtime": row.at.astimezone(LOCAL).isoformat(timespec="milliseconds"),
        "action": row.purpose,
        "receiverCode": row.agency or row.client,
        "receiverName": row.client_name,
        "receiverSystem": row.client,
        "service": row.service,
        "mode": row.mode,
        "outcome": row.outcome,
        "outcomeText": OUTCOMES.get(row.outcome, row.outcome),
        "fields": list(row.fields),
        "fieldNames": list(field_names(row.fields)),
        "legalBasis": LEGAL_BASES.get(row.legal_basis or "", row.legal_basis),
        "procedure": row.procedure,
        "dossier": row.dossier,
        "thirdParty": row.neutral,
        "entry": row.entry_id,
        "log": row.log,
        "index": row.index,
        "leafHash": b64encode(row.leaf_hash).decode(),
        "leaf": b64encode(row.leaf).decode() if row.leaf is not None else None,
        "proof": None
        if proof is None
        else {"size": proof.size, "hashes": [b64encode(value).decode() for value in proof.hashes]},
    }


def check_report(document: Mapping[str, Any], keys: Sequence[VerifierKey]) -> Verdict:
    """Check every row of a report in JSON against its checkpoints and the log's keys. Raises `NotProved`."""
    notes, usages = document.get("checkpoints"), document.get("usages")
    if not isinstance(notes, dict) or not isinstance(usages, list):
        raise NotProved("this is no report")
    signed = {origin: _signed(origin, note, keys) for origin, note in notes.items()}
    proved = sum(_check_row(number, usage, signed) for number, usage in enumerate(usages))
    return Verdict(proved, len(usages) - proved)


def _signed(origin: str, note: Any, keys: Sequence[VerifierKey]) -> Checkpoint:
    for key in keys:
        try:
            return verify_checkpoint(str(note), key, origin)
        except SignatureError:
            continue
    raise NotProved("a checkpoint is not signed by a key of the log that is trusted")


def _check_row(number: int, usage: Any, signed: Mapping[str, Checkpoint]) -> bool:
    """Whether a checkpoint proves the row. Raises `NotProved` where it is false."""
    try:
        hashed = b64decode(usage["leafHash"], validate=True)
        if usage["leaf"] is not None:
            _check_leaf(usage, b64decode(usage["leaf"], validate=True), hashed)
        if usage["proof"] is None:
            return False
        checkpoint, index = signed[usage["log"]], int(usage["index"])
        hashes = [b64decode(text, validate=True) for text in usage["proof"]["hashes"]]
        if int(usage["proof"]["size"]) != checkpoint.size:
            raise NotProved(f"row {number}: its proof is for another checkpoint")
        verify_inclusion(hashed, index, checkpoint.size, hashes, checkpoint.root)
    except (KeyError, TypeError, ValueError):
        raise NotProved(f"row {number}: it cannot be read") from None
    except SignatureError as error:
        raise NotProved(f"row {number}: {error.detail}") from None
    return True


def _check_leaf(usage: Mapping[str, Any], leaf: bytes, hashed: bytes) -> None:
    """Hold what the row says against the log's own bytes."""
    entry = orjson.loads(leaf)
    said = (usage["entry"], usage["service"], usage["outcome"], usage["dossier"], usage["procedure"], usage["fields"])
    meant = (entry["id"], entry["service"], entry["outcome"], entry.get("dossier"), entry.get("procedure"))
    if leaf_hash(leaf) != hashed or said != (*meant, entry.get("fields", [])):
        raise ValueError("the row does not say what its leaf says")
