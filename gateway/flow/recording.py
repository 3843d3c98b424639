"""Steps 5 and 8 and every refusal: the flow's way into the evidence log.

Nothing is asked before `question` returns and nothing is told before `answer` returns.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from gateway.authentication import Caller, Unfit
from gateway.evidence.contract import Draft, Evidence, Kind, Loss, Nonce, Recorded, Reservation
from gateway.flow.exchange import Exchange, receipt_value
from gateway.refusals import Refusal
from schemas.grants import Grant, Subject
from schemas.identifiers import person_key
from signing.digest import digest_of


class Stale(Exception):  # noqa: N818 — nothing went wrong: the world moved on
    """The question was granted under a configuration that is no longer in force: grant it again."""


class Question(NamedTuple):
    """A durable question: the leave to ask a registry about `grant.subject`, once."""

    grant: Grant
    draft: Draft
    recorded: Recorded


async def record_question(
    evidence: Evidence,
    exchange: Exchange,
    caller: Caller,
    grant: Grant,
    *,
    mode: str,
    deadline_s: float,
    guess_limit: int,
) -> Question:
    """Step 5. Raises `Stale`, `Refusal` (the caller lost a reservation) or `EvidenceUnavailable`."""
    person = person_key(grant.subject.id_type, grant.subject.id)
    reserve = Reservation(
        client=grant.client,
        quota_key=f"{grant.agreement}/{grant.row}",
        quota_limit=grant.daily_quota,
        subject=person,
        guess_limit=guess_limit,
    )
    draft = Draft(
        kind=Kind.ASKED,
        request_id=exchange.request_id,
        at=exchange.at,
        agreement=f"{grant.agreement}/{grant.row}",
        nonce=caller.nonce,
        reserve=reserve,
        deadline=exchange.at + timedelta(seconds=deadline_s),
        address=exchange.address,
        detail={"signed": caller.attested()},
        sealed={**caller.sealed_proof(), **_sealed_question(grant)},
        **_common(caller, grant, mode),
    )
    placed = await evidence.append(draft)
    if placed is Loss.STALE:
        raise Stale
    if isinstance(placed, Loss):
        raise Refusal(placed.value, "reservation", retry_after=_until_midnight(placed, exchange.at))
    exchange.nonce_spent = True
    return Question(grant, draft, placed)


async def record_answer(
    evidence: Evidence,
    question: Question,
    body: bytes,
    *,
    outcome: str,
    disclosed: tuple[str, ...] = (),
    person_id: str | None = None,
    reason: str | None = None,
    detail: dict[str, Any] | None = None,
) -> str:
    """Step 8: the answer's entry, "cleared for release". Returns the receipt; raises `EvidenceUnavailable`."""
    salt, digest = secrets.token_bytes(16), digest_of(body)
    commitment = digest_of(salt + digest)
    asked = question.draft
    draft = asked._replace(
        kind=Kind.ANSWERED,
        at=datetime.now(UTC),
        fields=disclosed,
        outcome=outcome,
        reason=reason,
        person_id=person_id,
        question=question.recorded.entry_id,
        commitment=commitment,
        detail=detail or {},
        sealed={"body_digest": digest.hex(), "salt": salt.hex()},
        nonce=None,
        reserve=None,
        give_back=asked.reserve if outcome in {"found", "match"} else None,
        deadline=None,
    )
    placed = await evidence.append(draft)
    if isinstance(placed, Loss):
        raise AssertionError(f"an answer reserves nothing, yet it lost: {placed}")  # noqa: TRY004 — a broken promise, not a wrong type
    return receipt_value(placed, salt, commitment)


async def record_refusal(evidence: Evidence, exchange: Exchange, refusal: Refusal) -> Refusal:
    """Write the one entry of a refusal after authentication; it spends the nonce. Returns what won.

    A nonce that was spent before turns any refusal into `signature-replayed` (PROTOCOL section 1).
    Raises `EvidenceUnavailable`.
    """
    caller = exchange.caller
    if caller is None:
        raise AssertionError("refusals before authentication have their own queue")
    final = refusal
    nonce = None if exchange.nonce_spent else caller.nonce
    while True:
        placed = await evidence.append(refusal_draft(exchange, final, nonce))
        if isinstance(placed, Recorded):
            return final
        final, nonce = Refusal(placed.value, "nonce"), None


async def record_unfit(evidence: Evidence, exchange: Exchange, refusal: Unfit) -> bool:
    """Write the one entry of a request that is signed but expired or altered; it spends the nonce.

    Returns False where the nonce was spent before: then it is a copy, which anybody may send, and nothing was
    written. Its nonce is remembered from now on, so that a far `created` never raises the nonce floor.
    Raises `EvidenceUnavailable`.
    """
    exchange.caller = refusal.caller
    nonce = refusal.caller.nonce._replace(created=int(exchange.at.timestamp()))
    placed = await evidence.append(refusal_draft(exchange, refusal, nonce))
    return isinstance(placed, Recorded)


def refusal_draft(exchange: Exchange, refusal: Refusal, nonce: Nonce | None) -> Draft:
    """Make the entry of a refused request, with whatever was known of it by then."""
    caller = exchange.caller
    return Draft(
        kind=Kind.REFUSED,
        request_id=exchange.request_id,
        at=exchange.at,
        client=caller.client.client if caller else None,
        keyid=caller.keyid if caller else None,
        mode=exchange.route,
        address=exchange.address,
        outcome=refusal.code,
        reason=refusal.reason or None,
        nonce=nonce,
        detail={"signed": caller.attested()} if caller else {},
        sealed=caller.sealed_proof() if caller else {},
        **exchange.context,
    )


def _common(caller: Caller, grant: Grant, mode: str) -> dict[str, Any]:
    purpose = grant.purpose
    return {
        "client": grant.client,
        "keyid": caller.keyid,
        "service": grant.service.name,
        "procedure": purpose.procedure,
        "dossier": purpose.dossier,
        "component": purpose.component,
        "legal_basis": purpose.legal_basis,
        "unit": purpose.officer.unit,
        "officer": purpose.officer.id,
        "subject": (grant.subject.id_type, grant.subject.id),
        "fields": grant.fields,
        "mode": mode,
        "config_version": grant.config_version,
    }


def _sealed_question(grant: Grant) -> dict[str, Any]:
    purpose = grant.purpose
    return {
        "subject": sealed_subject(grant.subject),
        "officer": {"id": purpose.officer.id, "name": purpose.officer.name},
        "consent_ref": purpose.consent_ref,
        "emergency_reason": purpose.emergency_reason,
    }


def sealed_subject(subject: Subject) -> dict[str, str | None]:
    """Return the subject as the log keeps it, sealed."""
    return {
        "id_type": subject.id_type,
        "id": subject.id,
        "full_name": subject.full_name,
        "birth_date": str(subject.birth_date) if subject.birth_date else None,
    }


def _until_midnight(loss: Loss, at: datetime) -> int | None:
    """Seconds until the daily counters start anew in Asia/Ho_Chi_Minh (UTC+7, no summer time)."""
    if loss not in {Loss.QUOTA, Loss.GUESSED}:
        return None
    local = at.astimezone(UTC) + timedelta(hours=7)
    return 86_400 - (local.hour * 3600 + local.minute * 60 + local.second)
