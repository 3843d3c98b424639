"""Where simulated requests come from."""

from collections import defaultdict
from datetime import date

from gateway.audit.simulation.country import CLIENTS
from gateway.audit.simulation.running import plan_of


def test_callers_have_two_servers_and_one_of_them_moves():
    """Clean traffic of a month comes from seven places; a stolen key is used from places of its own."""
    _, plan = plan_of(11, 30, date(2026, 11, 20), 3, units=1)
    places, thieves = defaultdict(set), set()
    for one in plan.lookups:
        assert one.address
        (thieves if one.address.startswith("203.0.113.") else places[one.client]).add(one.address)
    assert sorted(len(places[client]) for client in CLIENTS) == [2, 2, 3]
    assert len(thieves) == 3
    assert not any(places[one] & places[other] for one in CLIENTS for other in CLIENTS if one != other)
