"""C2SP tlog-tiles: a Merkle tree kept as tiles of up to 256 hashes. Pure: a reader goes in, tiles to write come out.

Tile (level, index) holds the hashes of tree level 8 × level, from number 256 × index on; the last tile of a level may
be narrower. A reader may return a wider version of a tile than it was asked for, since a tile only ever grows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from signing.errors import SignatureError
from signing.merkle import (
    HASH_LENGTH,
    Node,
    consistency_path,
    fold,
    inclusion_path,
    leaf_hash,
    pairs_up,
    range_root,
)

__all__ = ["Extension", "ReadTile", "Tile", "consistency", "extend", "inclusion", "leaf_hash", "root", "tile_path"]

WIDTH = 256
HEIGHT = 8
"""A full tile is 2^8 hashes wide."""

ReadTile = Callable[[int, int, int], bytes]
"""`read_tile(level, index, width)` returns at least `width` hashes of 32 octets, joined."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile to be written: `width` hashes of 32 octets, joined, in `data`."""

    level: int
    index: int
    width: int
    data: bytes


class Extension(NamedTuple):
    """What an extension leads to: the new size and root, and the tiles that are new or wider than before."""

    size: int
    root: bytes
    tiles: list[Tile]


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Return the tile's path, "tile/0/x001/234.p/5": groups of three digits, `.p/` and the width when partial."""
    groups = f"{index % 1000:03d}"
    while index >= 1000:  # noqa: PLR2004 — groups of three decimal digits
        index //= 1000
        groups = f"x{index % 1000:03d}/{groups}"
    return f"tile/{level}/{groups}" + ("" if width == WIDTH else f".p/{width}")


def _hashes(read_tile: ReadTile, level: int, index: int, width: int) -> list[bytes]:
    data = read_tile(level, index, width) if width else b""
    if len(data) < width * HASH_LENGTH:
        raise SignatureError("malformed", "a tile is missing or too short")
    return [data[place : place + HASH_LENGTH] for place in range(0, width * HASH_LENGTH, HASH_LENGTH)]


def _tile_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a power of two of hashes."""
    level = list(hashes)
    while len(level) > 1:
        level = pairs_up(level)
    return level[0]


def _perfect(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the perfect subtrees, largest first, that a partial tile stands for."""
    roots, start = [], 0
    while start < len(hashes):
        size = 1 << (len(hashes) - start).bit_length() - 1
        roots.append(_tile_root(hashes[start : start + size]))
        start += size
    return roots


def extend(size: int, leaf_hashes: Sequence[bytes], read_tile: ReadTile) -> Extension:
    """Append leaf hashes to the tree of `size` leaves kept in tiles.

    Reads one partial tile a level. Raises `SignatureError` (`malformed`) for a hash or a tile of the wrong length.
    """
    if any(len(value) != HASH_LENGTH for value in leaf_hashes):
        raise SignatureError("malformed", "a leaf hash has the wrong length")
    tiles: list[Tile] = []
    edge: list[list[bytes]] = []
    added, before, level = list(leaf_hashes), size, 0
    while before or added:
        first, partial = divmod(before, WIDTH)
        hashes = _hashes(read_tile, level, first, partial) + added
        if added:
            chunks = (hashes[start : start + WIDTH] for start in range(0, len(hashes), WIDTH))
            tiles += [Tile(level, first + n, len(chunk), b"".join(chunk)) for n, chunk in enumerate(chunks)]
        full = len(hashes) // WIDTH * WIDTH
        added = [_tile_root(hashes[start : start + WIDTH]) for start in range(0, full, WIDTH)]
        edge.append(_perfect(hashes[full:]))
        before, level = first, level + 1
    subtrees = [subtree for roots in reversed(edge) for subtree in roots]
    return Extension(size + len(leaf_hashes), fold(subtrees), tiles)


def node_reader(size: int, read_tile: ReadTile) -> Node:
    """Return a reader of perfect subtrees of the tree of `size` leaves. It reads each tile once."""
    seen: dict[tuple[int, int], list[bytes]] = {}

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        start = index << height
        place = (tile_level, start // WIDTH)
        if place not in seen:
            width = min(WIDTH, (size >> HEIGHT * tile_level) - place[1] * WIDTH)
            seen[place] = _hashes(read_tile, tile_level, place[1], width)
        offset = start % WIDTH
        return _tile_root(seen[place][offset : offset + (1 << height)])

    return node


def root(size: int, read_tile: ReadTile) -> bytes:
    """Return the root of the tree of `size` leaves. Raises `SignatureError` (`malformed`) where a tile is missing."""
    return range_root(0, size, node_reader(size, read_tile))


def inclusion(index: int, size: int, read_tile: ReadTile) -> list[bytes]:
    """Return the inclusion path (RFC 9162 section 2.1.3.1) from O(log size) tiles. Raises `SignatureError`."""
    return inclusion_path(index, size, node_reader(size, read_tile))


def consistency(first: int, second: int, read_tile: ReadTile) -> list[bytes]:
    """Return the consistency path (RFC 9162 section 2.1.4.1) from O(log second) tiles. Raises `SignatureError`."""
    return consistency_path(first, second, node_reader(second, read_tile))
