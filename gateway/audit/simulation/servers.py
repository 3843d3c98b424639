"""Where the simulated requests come from: every caller has two servers, and one of the callers moves to another place.

Addresses are of the ranges for private networks (RFC 1918) and, for a thief's, for documentation (RFC 5737).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from random import Random

from gateway.audit.simulation.country import CLIENTS
from gateway.audit.simulation.plan import Plan

_SERVERS = 2


class Servers:
    """The callers' servers over a period. The move is clean: nobody told the gateway of it, which is what happens."""

    def __init__(self, random: Random, period: Sequence[date]) -> None:
        self._random = random
        self._moved = {random.choice(CLIENTS): random.choice(period[len(period) // 3 :])}

    def place(self, plan: Plan) -> None:
        """Give every look-up its address, but for those that have one."""
        plan.lookups = [
            one if one.address else replace(one, address=self._of(one.client, one.at)) for one in plan.lookups
        ]

    def _of(self, client: str | None, at: datetime) -> str:
        server = self._random.randrange(_SERVERS)
        if client is None:
            return f"198.51.100.{server}"
        site = 1 if at.date() >= self._moved.get(client, date.max) else 0
        return f"10.{CLIENTS.index(client)}.{site}.{server if site == 0 else 0}"
