"""The sweeper: closes questions that nobody answered (DESIGN section 3, kind `abandoned`).

The rule: every question ends in one entry. One whose deadline has passed was abandoned (its worker died, or its
caller hung up before anything came back) once it has stood open for as long again and 60 s more by a clock that
never jumps: the wall's may have jumped over a deadline while the question was under way. What it reserved stays
reserved.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from gateway.evidence.contract import Draft, Evidence, Kind
from gateway.store.database import Database
from gateway.store.housekeeping import OpenQuestion, advance_sweep, open_questions
from gateway.store.logs import log_states

GRACE_S = 60.0
_LIMIT = 5000
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


class Sweeper:
    """Sweeps again and again; knows since when it has seen each question overdue, by `monotonic` (seconds)."""

    def __init__(
        self, database: Database, evidence: Evidence, *, clock: Callable[[], datetime], monotonic: Callable[[], float]
    ) -> None:
        self._database, self._evidence, self._clock, self._monotonic = database, evidence, clock, monotonic
        self._since: dict[str, float] = {}

    async def sweep(self) -> int:
        """Close what is abandoned in every log; return how many. Raises `StoreError` or `EvidenceUnavailable`."""
        closed, since = 0, dict[str, float]()
        for state in await log_states(self._database):
            for question in await open_questions(self._database, state.log_id, self._clock(), _LIMIT):
                seen = self._since.get(question.entry_id, self._monotonic())
                if self._monotonic() - seen >= question.allowed_s + GRACE_S:
                    await self._evidence.append(abandoned_draft(question, self._clock()))
                    closed += 1
                else:
                    since[question.entry_id] = seen
            await advance_sweep(self._database, state.log_id)
        self._since = since
        return closed


def abandoned_draft(question: OpenQuestion, at: datetime) -> Draft:
    """Return the entry that closes a question, with what its leaf says in clear."""
    leaf: dict[str, Any] = orjson.loads(question.leaf)
    kept: dict[str, Any] = {name: leaf.get(name) for name in _KEPT}
    return Draft(kind=Kind.ABANDONED, at=at, outcome="abandoned", question=question.entry_id, **kept)
