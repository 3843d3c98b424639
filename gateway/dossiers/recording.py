"""Entries of pushes, reads and outcomes: one each, before anything is changed or told (PROTOCOL section 6).

The rule: the entry spends the nonce and is held against the configuration in force; what was allowed under an
older one is allowed anew before it is done.
"""

from collections.abc import Callable
from typing import Any

from gateway.authentication import Caller
from gateway.evidence.contract import Draft, Evidence, Kind, Loss, Recorded
from gateway.flow.exchange import Exchange
from gateway.live import LiveConfiguration
from gateway.refusals import Refusal
from gateway.snapshot import Snapshot

_ATTEMPTS = 5


def caller_of(exchange: Exchange) -> Caller:
    """Return who signed an exchange of a signed route."""
    if exchange.caller is None:
        raise AssertionError("the route is signed")
    return exchange.caller


async def record(
    evidence: Evidence,
    live: LiveConfiguration,
    exchange: Exchange,
    draft: Callable[[Snapshot], Draft],
) -> Recorded:
    """Append the entry that `draft` makes of the snapshot in force; `draft` checks what must be allowed.

    Raises `Refusal` (also from `draft`) or `EvidenceUnavailable`.
    """
    caller = caller_of(exchange)
    for _ in range(_ATTEMPTS):
        placed = await evidence.append(draft(live.snapshot))
        if placed is Loss.STALE:
            await live.refresh()
            live.still_known(caller, exchange.at)
            continue
        if isinstance(placed, Loss):
            raise Refusal(placed.value, "nonce")
        exchange.nonce_spent = True
        return placed
    raise Refusal("evidence-unavailable", "configuration-moves", retry_after=1)


def act_draft(exchange: Exchange, kind: Kind, snapshot: Snapshot, **members: Any) -> Draft:
    """Return the entry of what a caller did, with its sealed proof; `members` are those of `Draft`."""
    caller = caller_of(exchange)
    sealed = {**caller.sealed_proof(), **members.pop("sealed", {})}
    return Draft(
        kind=kind,
        request_id=exchange.request_id,
        at=exchange.at,
        client=caller.client.client,
        keyid=caller.keyid,
        mode=exchange.route,
        address=exchange.address,
        nonce=caller.nonce,
        config_version=snapshot.version,
        sealed=sealed,
        **members,
    )
