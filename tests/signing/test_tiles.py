"""C2SP tiles: any way of growing gives the tree that RFC 9162 defines, and proofs from few tiles."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signing import merkle, tiles
from signing.errors import SignatureError

LEAVES = [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(70_000)]


class Store:
    """Tiles in memory, the newest version of each, with a count of readings."""

    def __init__(self) -> None:
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.read: list[tuple[int, int, int]] = []
        self.size = 0

    def __call__(self, level: int, index: int, width: int) -> bytes:
        """Read a tile."""
        self.read.append((level, index, width))
        return self.tiles.get((level, index), b"")

    def grow(self, leaves) -> tiles.Extension:
        """Extend the tree and keep the tiles."""
        extension = tiles.extend(self.size, leaves, self)
        for tile in extension.tiles:
            assert len(tile.data) == tile.width * 32
            self.tiles[tile.level, tile.index] = tile.data
        self.size = extension.size
        return extension


@pytest.fixture(scope="module")
def big():
    """Return a tree of three levels of tiles."""
    store = Store()
    store.grow(LEAVES)
    return store


@given(st.lists(st.sampled_from([0, 1, 2, 3, 100, 255, 256, 257, 512, 700]), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None)
def test_however_it_grows_it_is_the_same_tree(steps):
    """Any sequence of batches gives the same root and the same tiles as one batch."""
    store, whole = Store(), Store()
    for step in steps:
        extension = store.grow(LEAVES[store.size : store.size + step])
        assert extension.root == merkle.root_of(LEAVES[: store.size])
    whole.grow(LEAVES[: store.size])
    assert store.tiles == whole.tiles


def test_an_extension_writes_only_what_changed(big):
    """Five leaves behind 70,000 change one tile; it reads at most one tile a level."""
    big.read.clear()
    extension = tiles.extend(70_000, LEAVES[:5], big)
    assert [(tile.level, tile.index, tile.width) for tile in extension.tiles] == [(0, 273, 117)]
    assert len(big.read) == 3


def test_full_tiles_reach_the_levels_above(big):
    """70,000 leaves are 274 tiles of leaves, 2 of their roots and 1 above."""
    assert [sum(1 for level, _ in big.tiles if level == wanted) for wanted in range(3)] == [274, 2, 1]
    assert tiles.root(70_000, big) == merkle.root_of(LEAVES)


@pytest.mark.parametrize(
    ("index", "size"), [(0, 1), (0, 70_000), (69_999, 70_000), (65_535, 65_536), (65_536, 65_537), (12_345, 66_001)]
)
def test_inclusion_is_proved_from_few_tiles(index, size, big):
    """A proof in any earlier or present tree verifies and reads no more than two tiles a level."""
    big.read.clear()
    path = tiles.inclusion(index, size, big)
    assert len(big.read) <= 6
    merkle.verify_inclusion(LEAVES[index], index, size, path, merkle.root_of(LEAVES[:size]))


@pytest.mark.parametrize(
    ("first", "second"), [(1, 2), (255, 257), (256, 70_000), (65_536, 70_000), (12_345, 66_001), (69_999, 70_000)]
)
def test_consistency_is_proved_from_few_tiles(first, second, big):
    """A proof between any two trees verifies and reads no more than two tiles a level."""
    big.read.clear()
    path = tiles.consistency(first, second, big)
    assert len(big.read) <= 6
    roots = merkle.root_of(LEAVES[:first]), merkle.root_of(LEAVES[:second])
    merkle.verify_consistency(first, second, *roots, path)


def test_an_earlier_root_is_found_in_wider_tiles(big):
    """The roots of earlier trees come from tiles that have grown since."""
    for size in (0, 1, 255, 256, 257, 65_536, 65_537):
        assert tiles.root(size, big) == merkle.root_of(LEAVES[:size])


def test_missing_and_short_tiles_are_refused(big):
    """A tile that is not there, or too short, and a hash of the wrong length are errors."""
    with pytest.raises(SignatureError):
        tiles.root(70_000, Store())
    with pytest.raises(SignatureError):
        tiles.inclusion(5, 70_000, lambda *place: big(*place)[:-1])
    with pytest.raises(SignatureError):
        tiles.extend(0, [b"short"], big)
    with pytest.raises(SignatureError):
        tiles.inclusion(70_000, 70_000, big)


def test_a_changed_tile_shows(big):
    """One changed hash in any tile that is read gives a root that is not the checkpoint's."""
    root = tiles.root(70_000, big)
    for place, data in ((0, 273), (1, 1), (2, 0)):
        store = Store()
        store.tiles = dict(big.tiles)
        tile = store.tiles[place, data]
        store.tiles[place, data] = bytes([tile[0] ^ 1]) + tile[1:]
        assert tiles.root(70_000, store) != root


def test_paths_are_those_of_tlog_tiles():
    """Groups of three digits, all but the last with an x; a partial tile names its width."""
    assert tiles.tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tiles.tile_path(2, 5, 17) == "tile/2/005.p/17"
    assert tiles.tile_path(0, 0) == "tile/0/000"
