"""A log's Merkle tree as the database keeps it: pure tile arithmetic (`signing.tiles`) over stored tiles.

The rule: nothing is trusted because it was stored; whoever computes a root here compares it with a signed one.
"""

from collections.abc import Callable
from typing import TypeVar

from gateway.store.database import Database
from gateway.store.logs import read_tile
from signing.tiles import ReadTile, consistency, inclusion, root

_T = TypeVar("_T")
Tiles = dict[tuple[int, int], bytes]


class _Wanted(Exception):  # noqa: N818 — a signal between two functions, not an error
    """A pure computation asked for a tile that is not here yet."""

    def __init__(self, level: int, index: int) -> None:
        super().__init__()
        self.place = (level, index)


async def over_tiles(database: Database, log_id: int, compute: Callable[[ReadTile], _T], tiles: Tiles) -> _T:
    """Run a pure computation over a log's tiles, fetching into `tiles` what it asks for.

    Raises what `compute` raises (`SignatureError` where a tile is missing or too narrow) and `StoreError`.
    """

    def read(level: int, index: int, _width: int) -> bytes:
        if (level, index) not in tiles:
            raise _Wanted(level, index)
        return tiles[level, index]

    while True:
        try:
            return compute(read)
        except _Wanted as wanted:
            tiles[wanted.place] = await read_tile(database, log_id, *wanted.place) or b""


async def stored_root(database: Database, log_id: int, size: int, tiles: Tiles | None = None) -> bytes:
    """Return the root of the first `size` leaves from stored tiles, kept in `tiles`.

    Raises `SignatureError` where one is missing, `StoreError`.
    """
    return await over_tiles(database, log_id, lambda read: root(size, read), {} if tiles is None else tiles)


async def inclusion_proof(database: Database, log_id: int, index: int, size: int) -> list[bytes]:
    """Return the RFC 9162 inclusion path. Raises `SignatureError` for places outside the sealed tree, `StoreError`."""
    return await over_tiles(database, log_id, lambda read: inclusion(index, size, read), {})


async def consistency_proof(database: Database, log_id: int, first: int, second: int) -> list[bytes]:
    """Return the RFC 9162 consistency path. Raises `SignatureError` for sizes not sealed, `StoreError`."""
    return await over_tiles(database, log_id, lambda read: consistency(first, second, read), {})
