"""Entries of what operators do: configurations, keys, logs (DESIGN section 3, kind `admin`).

The rule: it is recorded before it is done, so no act is without its entry; the entry names what was to be done.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from gateway.evidence.audit import REOPEN
from gateway.evidence.contract import Draft, Evidence, EvidenceUnavailable, Kind, Recorded
from gateway.evidence.leaf import uuid7
from gateway.evidence.reopening import Behind
from gateway.store.configuration import ConfigurationStore, Documents, documents_digest


def admin_draft(
    action: str, by: str, at: datetime, detail: Mapping[str, Any], sealed: Mapping[str, Any] = MappingProxyType({})
) -> Draft:
    """Return the entry of one administrative act; `by` (a person's login) is sealed as `sealed` is, `detail` is not."""
    request_id = uuid7(int(at.timestamp() * 1000))
    return Draft(Kind.ADMIN, request_id, at, mode=action, detail=dict(detail), sealed={**sealed, "by": by})


async def apply_recorded(
    store: ConfigurationStore,
    evidence: Evidence,
    documents: Documents,
    *,
    by: str,
    clock: Callable[[], datetime],
    expected: int | None = None,
) -> tuple[int, Recorded]:
    """Record that `documents` are about to be put in force, then do it; return the version and its entry.

    Raises `EvidenceUnavailable` (nothing was applied), `ConfigurationConflict` or `StoreError`.
    """
    before = expected if expected is not None else await store.version()
    detail = {"digest": documents_digest(documents).hex(), "replaces": before, "version": before + 1}
    recorded = await record_act(evidence, admin_draft("configuration", by, clock(), detail))
    return await store.apply(documents, expected=before, by=by), recorded


async def record_reopening(
    evidence: Evidence, reopened: Sequence[Behind], *, by: str, why: str, clock: Callable[[], datetime]
) -> Recorded:
    """Tell, in a new log, which logs were let go of with the entries they lost (`reopening.reopen`).

    Raises `EvidenceUnavailable`.
    """
    detail = {"origins": [behind.origin for behind in reopened], "why": why}
    return await record_act(evidence, admin_draft(REOPEN, by, clock(), detail))


async def record_act(evidence: Evidence, draft: Draft) -> Recorded:
    """Append an administrative entry. Raises `EvidenceUnavailable`."""
    recorded = await evidence.append(draft)
    if not isinstance(recorded, Recorded):
        raise EvidenceUnavailable("an administrative entry reserves nothing, yet it lost")
    return recorded
