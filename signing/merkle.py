"""RFC 9162 section 2.1: Merkle tree hashes, inclusion and consistency proofs. Pure, over a reader of perfect subtrees.

`Node` gives the hash of the perfect subtree over leaves `index << level` to `(index + 1) << level`; a list of leaf
hashes (`in_memory`) and a store of tiles (`signing.tiles`) are both such readers. Verifying raises.
"""

import hashlib
from collections.abc import Callable, Sequence
from hmac import compare_digest

from signing.errors import SignatureError

Node = Callable[[int, int], bytes]

HASH_LENGTH = 32
EMPTY_ROOT = hashlib.sha256().digest()
"""The root of the tree without leaves, section 2.1.1."""


def leaf_hash(entry: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ entry), section 2.1.1."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right), section 2.1.1."""
    return hashlib.sha256(b"\1" + left + right).digest()


def pairs_up(hashes: Sequence[bytes]) -> list[bytes]:
    """Return the next level over these neighbours; an odd last one is left out."""
    sha256 = hashlib.sha256
    paired = zip(hashes[::2], hashes[1::2], strict=False)
    return [sha256(b"\1" + left + right).digest() for left, right in paired]


def fold(subtrees: Sequence[bytes]) -> bytes:
    """Join the perfect subtrees of one tree, given from left (largest) to right; none is the empty tree."""
    if not subtrees:
        return EMPTY_ROOT
    joined = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        joined = node_hash(left, joined)
    return joined


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, section 2.1.1."""
    level, subtrees = list(hashes), []
    while level:
        if len(level) % 2:
            subtrees.append(level[-1])
        level = pairs_up(level)
    return fold(subtrees[::-1])


def in_memory(hashes: Sequence[bytes]) -> Node:
    """Return a reader of perfect subtrees over leaf hashes held in memory."""
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        levels.append(pairs_up(levels[-1]))
    return lambda level, index: levels[level][index]


def range_root(start: int, end: int, node: Node) -> bytes:
    """Return the root over leaves `start` to `end` (exclusive); `start` is a multiple of its top power of two."""
    subtrees = []
    while start < end:
        level = (end - start).bit_length() - 1
        subtrees.append(node(level, start >> level))
        start += 1 << level
    return fold(subtrees)


def _split(size: int) -> int:
    """Return the largest power of two that is smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def _outside(what: str) -> SignatureError:
    return SignatureError("malformed", f"the {what} lies outside the tree")


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """Return PATH(index, D[size]), section 2.1.3.1. Raises `SignatureError` for an index outside the tree."""
    if not 0 <= index < size:
        raise _outside("index")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(middle, end, node))
            end = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_path(first: int, second: int, node: Node) -> list[bytes]:
    """Return PROOF(first, D[second]), section 2.1.4.1; empty for an empty or an equal tree.

    Raises `SignatureError` unless 0 ≤ first ≤ second.
    """
    if not 0 <= first <= second:
        raise _outside("earlier size")
    if first in (0, second):
        return []
    path: list[bytes] = []
    start, end = 0, second
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(range_root(middle, end, node))
            end = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    if start:
        path.append(range_root(start, end, node))
    return path[::-1]


def _check_hashes(path: Sequence[bytes], *others: bytes) -> None:
    if any(len(value) != HASH_LENGTH for value in (*path, *others)):
        raise SignatureError("malformed", "a hash of the proof has the wrong length")


def _disproved() -> SignatureError:
    return SignatureError("invalid", "the proof does not lead to the root")


def _climb(index: int, last: int, path: Sequence[bytes], value: bytes) -> bytes:
    """Walk a path to the root, section 2.1.3.2."""
    for sibling in path:
        if last == 0:
            raise _disproved()
        if index & 1 or index == last:
            value = node_hash(sibling, value)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise _disproved()
    return value


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Verify that the leaf with hash `leaf` is number `index` of the tree of `size` leaves and that `root`.

    Section 2.1.3.2. Raises `SignatureError`: `malformed` for impossible numbers or hashes, `invalid` for a false proof.
    """
    if not 0 <= index < size:
        raise _outside("index")
    _check_hashes(path, leaf, root)
    if not compare_digest(_climb(index, size - 1, path, leaf), root):
        raise _disproved()


def _climb_both(first: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Walk a consistency path to both roots, section 2.1.4.2; `first` and `last` are the sizes less one."""
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise _disproved()
        if first & 1 or first == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise _disproved()
    return old, new


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> None:
    """Verify that the tree of `second` leaves begins with the tree of `first` leaves, section 2.1.4.2.

    Every tree begins with the empty one, and equal trees have equal roots and an empty path.
    Raises `SignatureError`: `malformed` for impossible numbers or hashes, `invalid` for a false proof.
    """
    if not 0 <= first <= second:
        raise _outside("earlier size")
    _check_hashes(path, first_root, second_root)
    if first in (0, second):
        known = EMPTY_ROOT if first == 0 else second_root
        if path or not compare_digest(known, first_root):
            raise _disproved()
        return
    if not path and first & (first - 1):
        raise _disproved()
    whole = path if first & (first - 1) else [first_root, *path]
    old, new = _climb_both(first - 1, second - 1, whole)
    if not (compare_digest(old, first_root) and compare_digest(new, second_root)):
        raise _disproved()
