"""What the log shows: sizes, checkpoints, a caller's own entries with proofs, an exchange for an auditor (PROTOCOL 6).

The rule: what is proved is proved against a published checkpoint, and a client reads no entry but its own.
"""

from dataclasses import dataclass

from gateway.evidence.keys import LogKeys
from gateway.evidence.trees import consistency_proof, inclusion_proof
from gateway.store.database import Database
from gateway.store.logs import (
    LogState,
    StoredEntry,
    entries_of_request,
    entry_at,
    entry_by_id,
    log_states,
    newest_checkpoint,
)
from signing.checkpoint import verify_checkpoint
from signing.errors import SignatureError


class NotInLog(Exception):  # noqa: N818 — a fact the web edge turns into 404
    """There is no such log, entry, size or proof, or it is not the asker's."""


@dataclass(frozen=True, slots=True)
class LogSize:
    """One log and how many entries are durably in it."""

    log: str
    slot: int
    size: int


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """An entry's exact leaf, with its inclusion path in the newest checkpoint; both None until one covers it."""

    log: str
    slot: int
    index: int
    leaf: bytes
    checkpoint: str | None
    proof: tuple[bytes, ...] | None


class EvidenceReads:
    """The read side. Every method raises `StoreError`; `NotInLog` where there is nothing to show."""

    def __init__(self, database: Database, keys: LogKeys) -> None:
        self._database, self._verifier = database, keys.verifier

    @property
    def vkey(self) -> str:
        """The C2SP verifier key of every log of this installation."""
        return self._verifier.encode()

    async def sizes(self) -> list[LogSize]:
        """Return every log, oldest first, the closed ones too."""
        return [LogSize(state.origin, state.slot, state.size) for state in await log_states(self._database)]

    async def checkpoint(self, slot: int, log: str | None = None) -> str:
        """Return the newest signed checkpoint of a slot's newest sealed log, or of the log named."""
        state = await self._sealed(slot, log)
        note = await newest_checkpoint(self._database, state.log_id)
        if note is None:
            raise NotInLog("no checkpoint yet")
        return note

    async def inclusion(self, slot: int, index: int, size: int, log: str | None = None) -> list[bytes]:
        """Return the inclusion path of an entry in the tree of `size` entries (RFC 9162 section 2.1.3)."""
        state = await self._sealed(slot, log, size)
        try:
            return await inclusion_proof(self._database, state.log_id, index, size)
        except SignatureError:
            raise NotInLog("the index lies outside the tree") from None

    async def consistency(self, slot: int, first: int, second: int, log: str | None = None) -> list[bytes]:
        """Return the consistency path between two sizes (RFC 9162 section 2.1.4)."""
        state = await self._sealed(slot, log, second)
        try:
            return await consistency_proof(self._database, state.log_id, first, second)
        except SignatureError:
            raise NotInLog("the sizes are not those of an earlier and a later tree") from None

    async def own_entry(self, client: str, slot: int, index: int, log: str | None = None) -> ProvedEntry:
        """Return a client's own entry; anybody else's is `NotInLog`, like one that does not exist."""
        for state in await self._candidates(slot, log):
            entry = await entry_at(self._database, state.log_id, index)
            if entry is not None and entry.client == client:
                return await self.proved(entry, state)
        raise NotInLog("no such entry")

    async def proved(self, entry: StoredEntry, state: LogState | None = None) -> ProvedEntry:
        """Return an entry with its proof, as far as it is sealed."""
        if state is None:
            state = next(log for log in await log_states(self._database) if log.log_id == entry.log_id)
        note = await newest_checkpoint(self._database, entry.log_id)
        checkpoint = verify_checkpoint(note, self._verifier, entry.origin) if note else None
        if checkpoint is None or checkpoint.size <= entry.index:
            return ProvedEntry(entry.origin, state.slot, entry.index, entry.leaf, None, None)
        path = await inclusion_proof(self._database, entry.log_id, entry.index, checkpoint.size)
        return ProvedEntry(entry.origin, state.slot, entry.index, entry.leaf, note, tuple(path))

    async def of_request(self, request_id: str) -> list[StoredEntry]:
        """Return every entry of an exchange, by time."""
        return await entries_of_request(self._database, request_id)

    async def by_id(self, entry_id: str) -> StoredEntry | None:
        """Return an entry by its id."""
        return await entry_by_id(self._database, entry_id)

    async def _candidates(self, slot: int, log: str | None) -> list[LogState]:
        """Return a slot's logs, the newest first; one of them where it is named."""
        states = await log_states(self._database)
        return [state for state in reversed(states) if state.slot == slot and log in {None, state.origin}]

    async def _sealed(self, slot: int, log: str | None, size: int = 1) -> LogState:
        for state in await self._candidates(slot, log):
            if 1 <= size <= state.sealed:
                return state
        raise NotInLog("no such log, or it is not sealed that far")
