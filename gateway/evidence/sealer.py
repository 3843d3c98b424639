"""The sealer: extends each log's RFC 9162 tree behind the hot path and signs C2SP checkpoints (DESIGN section 3).

The rule: a checkpoint is never signed below or beside the newest pinned one, and is pinned before it is
published. The tree goes on from what this sealer itself verified, never from tiles read back unverified.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.pins import LogBehindPin, Pin, pinned_checkpoint
from gateway.evidence.trees import Tiles, over_tiles, stored_root
from gateway.store.database import Database
from gateway.store.logs import LogState, leaf_hashes, log_states, newest_checkpoint, put_seal, suspend_log
from signing.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from signing.errors import SignatureError
from signing.tiles import WIDTH, Extension, extend

CHUNK = 40 * WIDTH
_HASH = 32


@dataclass(slots=True)
class _Edge:
    """A tree's verified state: its newest checkpoint's size and the partial tiles of its right edge."""

    size: int
    tiles: Tiles = field(default_factory=dict)


class LogSealer:
    """Seals every log of one database. One at a time serves a database: see `keeper`."""

    def __init__(self, database: Database, keys: EvidenceKeys, pins: Pin, clock: Callable[[], datetime]) -> None:
        self._database, self._keys, self._pins, self._clock = database, keys, pins, clock
        self._edges: dict[int, _Edge] = {}

    async def seal_all(self) -> int:
        """Seal every log that has news; return how many leaves were sealed.

        A log behind or beside its pin is suspended, and `LogBehindPin` is raised after the others were sealed.
        Raises `StoreError` or `OSError` (the pin could not be written: nothing was published).
        """
        sealed, behind = 0, None
        for state in await log_states(self._database):
            if state.size <= state.sealed or state.suspended:
                continue
            try:
                sealed += await self.seal(state)
            except LogBehindPin as error:
                await suspend_log(self._database, state.log_id, str(error))
                behind = error
        if behind is not None:
            raise behind
        return sealed

    async def seal(self, state: LogState) -> int:
        """Seal one log up to `state.size`; return how many leaves that were."""
        try:
            edge = self._edges.get(state.log_id)
            if edge is None or edge.size != state.sealed:
                edge = self._edges[state.log_id] = await self._verified_edge(state)
            while edge.size < state.size:
                await self._advance(state, edge)
        except SignatureError:
            self._edges.pop(state.log_id, None)
            raise LogBehindPin(f"log {state.origin}: its stored tree does not continue its last checkpoint") from None
        except BaseException:
            self._edges.pop(state.log_id, None)  # what was stored is unknown: verify it anew
            raise
        return state.size - state.sealed

    async def _verified_edge(self, state: LogState) -> _Edge:
        """Start from the newest stored checkpoint, once it and the pin are proved by the stored tiles."""
        edge = _Edge(state.sealed)
        note = await newest_checkpoint(self._database, state.log_id)
        if note is not None:
            newest = verify_checkpoint(note, self._keys.verifier, state.origin)
            if newest.size != state.sealed or await self._root(state, newest.size, edge.tiles) != newest.root:
                raise SignatureError("invalid", "the stored tree is not the signed one")
        pinned = pinned_checkpoint(self._pins, state.origin, self._keys.verifier)
        if pinned is not None:
            require_not_behind(state, pinned)
            if pinned.size <= state.sealed and await self._root(state, pinned.size, edge.tiles) != pinned.root:
                raise LogBehindPin(f"log {state.origin} differs from its pinned checkpoint of {pinned.size} entries")
        return edge

    async def _root(self, state: LogState, size: int, tiles: Tiles) -> bytes:
        return await stored_root(self._database, state.log_id, size, tiles)

    async def _advance(self, state: LogState, edge: _Edge) -> None:
        """Extend by one chunk, pin its checkpoint, then publish it."""
        pinned = pinned_checkpoint(self._pins, state.origin, self._keys.verifier)
        upto = min(state.size, edge.size + CHUNK)
        if pinned is not None and pinned.size > edge.size:
            require_not_behind(state, pinned)
            upto = pinned.size  # pinned, then interrupted: continue exactly there
        extension = await self._extension(state, edge, upto - edge.size)
        if pinned is not None and pinned.size == extension.size and pinned.root != extension.root:
            raise LogBehindPin(f"log {state.origin} differs from its pinned checkpoint of {pinned.size} entries")
        checkpoint = Checkpoint(state.origin, extension.size, extension.root)
        note = sign_checkpoint(checkpoint, self._keys.log_key, self._keys.verifier.name)
        if pinned is None or pinned.size < extension.size:
            await asyncio.to_thread(self._pins.put, state.origin, note)
        stored = [(tile.level, tile.index, tile.data) for tile in extension.tiles]
        await put_seal(self._database, state.log_id, stored, size=extension.size, signed_at=self._clock(), note=note)
        edge.size = extension.size
        edge.tiles = {(level, index): data for level, index, data in stored if len(data) < WIDTH * _HASH} | {
            place: data for place, data in edge.tiles.items() if place[0] > max(tile[0] for tile in stored)
        }

    async def _extension(self, state: LogState, edge: _Edge, count: int) -> Extension:
        joined = await leaf_hashes(self._database, state.log_id, edge.size, count)
        if len(joined) < count * _HASH:
            raise LogBehindPin(f"log {state.origin} lacks the entry {edge.size + len(joined) // _HASH}")
        leaves = [joined[place : place + _HASH] for place in range(0, len(joined), _HASH)]
        size = edge.size
        return await over_tiles(self._database, state.log_id, lambda read: extend(size, leaves, read), edge.tiles)


def require_not_behind(state: LogState, pinned: Checkpoint) -> None:
    """Raise `LogBehindPin` where a log has fewer entries than were pinned."""
    if pinned.size > state.size:
        raise LogBehindPin(
            f"log {state.origin} has {state.size} entries, its pinned checkpoint {pinned.size}: entries were lost — "
            "restore them, or open a new log with `lienthong log reopen`"
        )
