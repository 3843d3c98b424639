"""Network addresses, and where a request came from when our own proxies stand in front of the gateway.

The rule: `X-Forwarded-For` decides nothing (any caller may write it); only a line that a proxy of ours appended is
believed, for the log and for floods. Whom a caller speaks for is the signature's business alone.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address
_HOPS = 16
"""Hops read, from the nearest."""


def address_of(text: str) -> Address | None:
    """Return an address of either family, an IPv4 one as such however it is written; None where it is none."""
    try:
        parsed = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed


class Proxies:
    """The networks of this installation's proxies, as CIDR (RFC 4632). Raises `ValueError` for what is none."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(map(ip_network, networks))
        self._ours = lru_cache(maxsize=1024)(self._is_ours)

    def origin(self, peer: str, forwarded: Sequence[str]) -> str:
        """Return the address a request came from: the connection's, or the nearest that is no proxy of ours.

        `forwarded` are the values of its `X-Forwarded-For` lines, in order.
        """
        if not self._networks or not forwarded or not self._ours(peer):
            return peer
        address = peer
        for hop in reversed(",".join(forwarded).split(",")[-_HOPS:]):
            parsed = address_of(hop.strip())
            if parsed is None:
                break
            address = str(parsed)
            if not self._ours(address):
                break
        return address

    def _is_ours(self, address: str) -> bool:
        parsed = address_of(address)
        return parsed is not None and any(parsed in network for network in self._networks)
