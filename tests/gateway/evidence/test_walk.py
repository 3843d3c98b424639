"""The frontier of a growing tree gives its root at every size."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.walk import Frontier
from signing.merkle import leaf_hash, root_of


@given(st.integers(0, 70))
def test_a_frontier_has_the_root_of_what_was_pushed(size: int):
    """Pushed one by one, leaves give the root of RFC 9162 section 2.1.1."""
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]
    frontier = Frontier()
    for leaf in leaves:
        frontier.push(leaf)
    assert frontier.size == size
    assert frontier.root() == root_of(leaves)


def test_past_a_hole_a_frontier_only_counts():
    """A hole breaks the tree; counting goes on, so that later entries still have their places."""
    frontier = Frontier()
    frontier.push(leaf_hash(b"0"))
    frontier.skip(10**12)
    frontier.push(leaf_hash(b"1"))
    assert (frontier.size, frontier.broken) == (10**12 + 1, True)
