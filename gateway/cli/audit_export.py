"""`lienthong audit export` and `audit verify FILE`: evidence of a case in a file, and checking it anywhere."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.administration import database_of, log_of
from gateway.cases.desk import CaseDesk
from gateway.cli.common import err, fail, guarded, operator, out, print_json, run, settings
from gateway.client.identity import load_vkeys
from gateway.evidence.admin import admin_draft, record_act
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.log import utc_now
from gateway.evidence.reads import EvidenceReads
from gateway.export.bundle import Exported
from gateway.export.checking import Checked, check
from gateway.export.gathering import export_detail, gather, packed
from gateway.export.proofs import check_proof
from gateway.settings import Settings
from gateway.store.scope import Scope

_PAUSE_S = 0.5


def export(
    case: Annotated[int, typer.Option(min=1, help="The case's number.")],
    to: Annotated[Path | None, typer.Option("--out", help="The file to write; case-N.zip by default.")] = None,
    within: Annotated[float, typer.Option(min=0, help="Seconds to wait for a checkpoint that covers all.")] = 60.0,
) -> None:
    """Write a case's evidence into a signed file: entries, proofs, checkpoints, keys. The export is in the log."""
    path = to or Path(f"case-{case}.zip")
    if path.exists():
        fail(f"{path} exists already — choose another name")
    data, entries = run(_exported(settings(), case, within))
    guarded(lambda: _write(path, data))
    unproved = sum(entry.proof is None for entry in entries)
    out.print(f"wrote {path}: {len(entries)} entries of case {case}", markup=False)
    if unproved:
        err.print(f"{unproved} entries are not covered by a checkpoint yet: export again later", markup=False)


def verify_file(file: Path, vkey: Path | None, *, json: bool) -> None:
    """Check an evidence file, or the proof of one look-up, offline and print the verdict."""
    data = guarded(file.read_bytes)
    if data.lstrip()[:1] == b"{":
        _verify_proof(data, vkey, json=json)
        return
    verdict = guarded(lambda: check(data, load_vkeys(vkey) if vkey else ()))
    if json:
        print_json(_as_json(verdict))
    else:
        _print(verdict)
    if not verdict.trusted:
        err.print("the key is the one inside the file: name the log's own with --vkey", markup=False)


def _verify_proof(data: bytes, vkey: Path | None, *, json: bool) -> None:
    verdict = guarded(lambda: check_proof(data, load_vkeys(vkey) if vkey else ()))
    if json:
        print_json({"ok": True, **asdict(verdict)})
    else:
        for log, index in verdict.promised:
            out.print(f"promised, no checkpoint yet: {log} #{index}", markup=False)
        for log, index in verdict.proved:
            out.print(f"proved: {log} #{index}", markup=False)
    if not verdict.trusted:
        err.print("the key is the one inside the file: name the log's own with --vkey", markup=False)


def _print(verdict: Checked) -> None:
    proved = len(verdict.entries) - len(verdict.unproved)
    out.print(f"case {verdict.case} of {verdict.origin}, made {verdict.made_at}", markup=False)
    for log, index in verdict.unproved:
        out.print(f"promised, no checkpoint yet: {log} #{index}", markup=False)
    out.print(f"the evidence verifies: {len(verdict.entries)} entries, {proved} proved", markup=False)


def _as_json(verdict: Checked) -> dict[str, object]:
    def places(found: Sequence[tuple[str, int]]) -> list[dict[str, object]]:
        return [{"log": log, "index": index} for log, index in found]

    return {
        "ok": True,
        "case": verdict.case,
        "origin": verdict.origin,
        "made_at": verdict.made_at,
        "entries": places(verdict.entries),
        "unproved": places(verdict.unproved),
        "trusted": verdict.trusted,
    }


def _write(path: Path, data: bytes) -> None:
    """Write a new file that only its owner reads."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)


async def _exported(chosen: Settings, case_id: int, within: float) -> tuple[bytes, list[Exported]]:
    keys, until = EvidenceKeys.load(chosen), time.monotonic() + within
    async with database_of(chosen) as database:
        reads = EvidenceReads(database, keys)
        case = await CaseDesk(database).read(Scope.everything(), case_id)
        entries = await gather(database, reads, case)
        while any(entry.proof is None for entry in entries) and time.monotonic() + _PAUSE_S < until:
            await asyncio.sleep(_PAUSE_S)
            entries = await gather(database, reads, case)
        async with log_of(chosen, database) as log:
            now = utc_now()
            await record_act(log, admin_draft("audit-export", operator(), now, export_detail(case_id, entries)))
        return packed(case, entries, keys, now), entries
