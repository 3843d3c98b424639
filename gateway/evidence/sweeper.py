"""The sweeper: closes questions that nobody answered (DESIGN section 3, kind `abandoned`).

The rule: every question ends in an entry. One whose deadline passed more than 60 s ago was abandoned: its
worker died, or its caller hung up before anything came back. What it reserved stays reserved.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson

from gateway.evidence.contract import Draft, Evidence, Kind
from gateway.store.database import Database
from gateway.store.housekeeping import OpenQuestion, advance_sweep, open_questions
from gateway.store.logs import log_states

GRACE = timedelta(seconds=60)
_LIMIT = 500
_KEPT = (
    "request_id",
    "client",
    "keyid",
    "service",
    "procedure",
    "dossier",
    "component",
    "legal_basis",
    "unit",
    "mode",
    "agreement",
)


async def sweep(database: Database, evidence: Evidence, clock: Callable[[], datetime]) -> int:
    """Close every overdue question of every log; return how many. Raises `StoreError` or `EvidenceUnavailable`."""
    closed = 0
    for state in await log_states(database):
        while True:
            overdue = await open_questions(database, state.log_id, clock() - GRACE, _LIMIT)
            for question in overdue:
                await evidence.append(abandoned_draft(question, clock()))
            closed += len(overdue)
            if len(overdue) < _LIMIT:
                break
        await advance_sweep(database, state.log_id)
    return closed


def abandoned_draft(question: OpenQuestion, at: datetime) -> Draft:
    """Return the entry that closes a question, with what its leaf says in clear."""
    leaf: dict[str, Any] = orjson.loads(question.leaf)
    kept: dict[str, Any] = {name: leaf.get(name) for name in _KEPT}
    return Draft(kind=Kind.ABANDONED, at=at, outcome="abandoned", question=question.entry_id, **kept)
