"""Whether a log may be served, and how an operator lets go of one that lost entries (DESIGN section 3).

The rule: while any log of the installation is suspended, behind its pin or beside it, no log of it is
served: its database was set back. An operator who cannot restore the entries reopens: the old log stays
as it is, with its pin, and a new one begins under a new origin.
"""

import re
from dataclasses import dataclass

from gateway.evidence.keys import LogKeys
from gateway.evidence.lease import PinCheck
from gateway.evidence.pins import LogBehindPin, Pin, pinned_checkpoint
from gateway.evidence.sealer import require_not_behind
from gateway.evidence.trees import stored_root
from gateway.store.database import Database
from gateway.store.logs import LogState, log_states, reopen_log
from signing.checkpoint import Checkpoint
from signing.errors import SignatureError

_REOPENED = "reopened"
_ORIGIN = re.compile(r"/(\d{4})/(\d+)(?:\.\d+)?$")


@dataclass(frozen=True, slots=True)
class Behind:
    """A log that may not be served, and why."""

    origin: str
    why: str


def pin_check(database: Database, keys: LogKeys, pins: Pin) -> PinCheck:
    """Return the check that `EvidenceLog.start` runs at every lease."""

    async def check(_origin: str) -> None:
        found = await logs_behind(database, keys, pins)
        if found:
            raise LogBehindPin(found[0].why)

    return check


async def logs_behind(database: Database, keys: LogKeys, pins: Pin) -> list[Behind]:
    """Return the logs that are suspended, lost entries or differ from their pin, but were not reopened.

    Raises `StoreError`, and `LogBehindPin` where a pin itself does not verify.
    """
    states = {state.origin: state for state in await log_states(database)}
    base = f"{keys.verifier.name}/"
    found = []
    for origin in sorted({*states, *(pinned for pinned in pins.origins() if pinned.startswith(base))}):
        state = states.get(origin) or LogState(0, origin, 0, 0, 0, None, None)
        if state.closed_why is not None and state.closed_why.startswith(_REOPENED):
            continue
        why = state.suspended or await _difference(database, state, pinned_checkpoint(pins, origin, keys.verifier))
        if why is not None:
            found.append(Behind(origin, why))
    return found


async def _difference(database: Database, state: LogState, pinned: Checkpoint | None) -> str | None:
    if pinned is None:
        return None
    try:
        require_not_behind(state, pinned)
        if pinned.size <= state.sealed and await stored_root(database, state.log_id, pinned.size) != pinned.root:
            return f"log {state.origin} differs from its pinned checkpoint of {pinned.size} entries"
    except LogBehindPin as behind:
        return str(behind)
    except SignatureError:
        return f"log {state.origin} lacks tiles of its sealed tree"
    return None


async def reopen(database: Database, keys: LogKeys, pins: Pin, why: str) -> list[Behind]:
    """Close every log that is behind, so that new ones are opened; return them.

    Signatures made until 60 s from now are refused from here on, since spent nonces may be lost with the
    entries. The caller appends an `admin` entry to the new log. Raises `StoreError`.
    """
    found = await logs_behind(database, keys, pins)
    for behind in found:
        match = _ORIGIN.search(behind.origin)
        year, slot = (int(match[1]), int(match[2])) if match else (0, 0)
        await reopen_log(database, behind.origin, slot, year, why)
    return found
