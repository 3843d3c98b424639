"""Where a request came from: what our own proxies say is believed, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses import Proxies

OURS = Proxies(("10.0.0.0/8", "fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "origin"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("::ffff:10.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("fd00::1", ["2001:db8::7"], "2001:db8::7"),
        ("10.0.0.1", ["198.51.100.1, 192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["198.51.100.1", "192.0.2.7"], "192.0.2.7"),
        ("10.0.0.1", ["198.51.100.1, 192.0.2.7 , 10.0.0.2"], "192.0.2.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["192.0.2.7, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["192.0.2.7, , 10.0.0.2"], "10.0.0.2"),
        ("", ["192.0.2.7"], ""),
    ],
)
def test_the_nearest_hop_that_is_not_ours_counts(peer, forwarded, origin):
    """Lines are read from the end, where our proxies append; what a caller wrote before them is not."""
    assert OURS.origin(peer, forwarded) == origin


@given(st.text(max_size=20), st.lists(st.text(max_size=60), max_size=4))
def test_nobody_is_believed_where_no_proxy_is_named(peer, forwarded):
    """Without proxies of our own, headers decide nothing."""
    assert Proxies().origin(peer, forwarded) == peer


@given(st.lists(st.text(max_size=60), max_size=4))
def test_odd_lines_do_no_harm(forwarded):
    """Whatever stands in the header, an address comes out."""
    assert OURS.origin("10.0.0.1", forwarded)


def test_a_network_that_is_none_is_refused():
    """A host bit, or a word, is an error at the start."""
    for network in ("10.0.0.1/8", "proxy"):
        with pytest.raises(ValueError, match=network):
            Proxies((network,))
