"""Screen 5, *Officer*."""

from gateway.console.views.officer import standing
from gateway.store.console_screens import Peer, Unit


def test_an_officer_stands_among_the_colleagues_and_is_no_colleague_of_their_own():
    """The place counts those with more look-ups; the usual is the others' median."""
    peers = [Peer(b"me", 40, 1, 0), Peer(b"a", 90, 1, 0), Peer(b"b", 10, 1, 0), Peer(b"c", 20, 1, 0)]
    found = standing(Unit("H99.01", 40, 1, 1, 0, 0), peers, [b"me", b"me of last year"])
    assert (found.place, found.colleagues, found.usual) == (2, 3, 20)


def test_an_officer_without_colleagues_has_nobody_to_be_compared_with():
    """Alone in an agency: place 1 of none others."""
    found = standing(Unit("H99.01", 4, 1, 1, 0, 0), [Peer(b"me", 4, 1, 0)], [b"me"])
    assert (found.place, found.colleagues, found.usual) == (1, 0, 0.0)
