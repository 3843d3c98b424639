"""One walk over one log: leaves, columns, order, tree and signed roots (THREATS F41).

The rule: leaves are held against the stored hashes of the tree, which names the very entry; the stored hashes
are held against every signed root, which nobody without the log key can forge. Memory does not grow with the log.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from gateway.evidence.leaf import LeafError, project
from gateway.evidence.report import Findings, Sight
from gateway.store.audit import checkpoint_pages, entry_pages, tiles
from gateway.store.database import Database
from gateway.store.logs import LogState
from signing.checkpoint import Checkpoint, VerifierKey, verify_checkpoint
from signing.errors import SignatureError
from signing.merkle import fold, leaf_hash, node_hash
from signing.tiles import WIDTH

_HASH = 32
_HOLE = 10_000  # holes up to this long are bridged by stored hashes, so that later roots are still compared
OnRow = Callable[[Mapping[str, Any]], None]


class Frontier:
    """The perfect subtrees of a growing tree, largest first (RFC 9162 section 2.1).

    Once `broken` by a hole it only counts.
    """

    def __init__(self) -> None:
        self.size = 0
        self.broken = False
        self._subtrees: list[bytes] = []

    def skip(self, upto: int) -> None:
        """Go on at `upto` without the leaves before it: no root can be computed any more."""
        self.broken, self.size = True, upto

    def push(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        number = self.size
        self.size += 1
        if self.broken:
            return
        while number & 1:
            leaf = node_hash(self._subtrees.pop(), leaf)
            number >>= 1
        self._subtrees.append(leaf)

    def root(self) -> bytes:
        """Return the root over what was pushed."""
        return fold(self._subtrees)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A checkpoint kept outside the database."""

    source: str
    checkpoint: Checkpoint


async def signed_roots(
    database: Database, state: LogState, verifier: VerifierKey, findings: Findings
) -> AsyncGenerator[Checkpoint, None]:
    """Yield the log's own checkpoints by size; what does not verify becomes a finding."""
    async for page in checkpoint_pages(database, state.log_id):
        for size, note in page:
            try:
                checkpoint = verify_checkpoint(note, verifier, state.origin)
            except SignatureError:
                findings.add(state.origin, None, f"the checkpoint of {size} entries is not signed by the log key")
                continue
            if checkpoint.size != size:
                findings.add(state.origin, None, f"the checkpoint stored as of {size} entries is of {checkpoint.size}")
                continue
            yield checkpoint


class Walk:
    """The state of one walk. `run` returns how many entries it saw in their right places."""

    def __init__(
        self, database: Database, state: LogState, verifier: VerifierKey, anchors: list[Anchor], findings: Findings
    ) -> None:
        self._database, self._state, self._verifier, self._findings = database, state, verifier, findings
        self._anchors = sorted(anchors, key=lambda anchor: anchor.checkpoint.size)
        self._frontier = Frontier()
        self._proved = 0
        self._forked = False
        self._next: Checkpoint | None = None

    async def run(self, on_row: OnRow, after_page: Callable[[], Awaitable[None]]) -> int:
        """Walk the whole log; `on_row` sees every row in its place, `after_page` is awaited now and then."""
        async with aclosing(signed_roots(self._database, self._state, self._verifier, self._findings)) as own:
            self._next = await anext(own, None)
            async for page in entry_pages(self._database, self._state.log_id):
                stored = await self._stored_hashes(page[0]["index"], page[-1]["index"])
                for row in page:
                    if row["index"] >= self._state.size:
                        continue  # appended since we began, or beyond the head: see `audit`
                    self._row(row, stored, on_row)
                    while self._next is not None and self._next.size <= self._frontier.size:
                        self._compare(self._next, "its checkpoint")
                        self._next = await anext(own, None)
                await after_page()
            await self._end(own)
        return self._frontier.size

    async def _stored_hashes(self, first: int, last: int) -> dict[int, bytes]:
        first, last = max(first - _HOLE, self._frontier.size), min(last, self._state.sealed - 1)
        if last < first:
            return {}
        found = await tiles(self._database, self._state.log_id, 0, first // WIDTH, last // WIDTH)
        return {
            tile * WIDTH + place: data[place * _HASH : (place + 1) * _HASH]
            for tile, data in found.items()
            for place in range(min(len(data) // _HASH, WIDTH))
        }

    def _row(self, row: Mapping[str, Any], stored: dict[int, bytes], on_row: OnRow) -> None:
        index, origin = row["index"], self._state.origin
        if index < self._frontier.size:
            self._findings.add(origin, index, "a second entry has this index" if index >= 0 else "no index is negative")
            return
        if index > self._frontier.size:
            self._missing(index, stored)
        computed = leaf_hash(row["leaf"])
        hashed = stored.get(index)
        if hashed is None and index < self._state.sealed:
            self._findings.add(origin, index, "the tree's tile for this entry is missing")
        elif hashed is not None and hashed != computed:
            self._findings.add(origin, index, "its leaf is not the one that was sealed into the tree")
        self._push(hashed or computed)
        self._columns(row)
        on_row(row)

    def _columns(self, row: Mapping[str, Any]) -> None:
        try:
            wanted = project(row["leaf"])
        except LeafError as error:
            self._findings.add(self._state.origin, row["index"], str(error))
            return
        for name, value in wanted.items():
            held = row[name]
            if value != (str(held) if name in {"entry_id", "question"} and held is not None else held):
                self._findings.add(self._state.origin, row["index"], f"column {name} is not what the leaf says")

    def _missing(self, upto: int, stored: dict[int, bytes]) -> None:
        self._findings.add(self._state.origin, self._frontier.size, f"missing, as all entries up to {upto - 1}")
        while self._frontier.size < upto:
            hashed = stored.get(self._frontier.size)
            if hashed is None:
                self._frontier.skip(upto)
            else:
                self._push(hashed)

    def _push(self, hashed: bytes) -> None:
        self._frontier.push(hashed)
        while self._anchors and self._anchors[0].checkpoint.size == self._frontier.size:
            anchor = self._anchors.pop(0)
            self._compare(anchor.checkpoint, anchor.source)

    def _compare(self, checkpoint: Checkpoint, source: str) -> None:
        if self._forked or self._frontier.broken or checkpoint.size < self._frontier.size:
            return
        if self._frontier.root() == checkpoint.root:
            self._proved = max(self._proved, checkpoint.size)
            return
        self._forked = True
        why = f"the entries up to {checkpoint.size - 1} are not those that {source} of {checkpoint.size} signed"
        self._findings.add(self._state.origin, self._proved, why, Sight.ROOT)

    async def _end(self, own: AsyncGenerator[Checkpoint, None]) -> None:
        origin, seen = self._state.origin, self._frontier.size
        if seen < self._state.size:
            self._findings.add(origin, seen, f"missing: the log's head stands at {self._state.size}")
        newest = self._next
        async for checkpoint in own:
            newest = checkpoint
        if newest is not None and newest.size > max(seen, self._state.sealed):
            newest = None  # sealed since we began
        if newest is not None and newest.size > seen:
            self._findings.add(origin, seen, f"missing: a signed checkpoint covers {newest.size} entries")
        for anchor in self._anchors:
            if anchor.checkpoint.size > seen:
                self._findings.add(origin, seen, f"missing: {anchor.source} covers {anchor.checkpoint.size} entries")
