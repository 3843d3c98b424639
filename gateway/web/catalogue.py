"""`GET /v1/registries` and `/v1/registries/health` (PROTOCOL section 3): what a caller may ask, and of whom."""

from typing import Any

from gateway.flow.exchange import Exchange, Reply, json_reply
from gateway.live import LiveConfiguration
from gateway.registries.pool import RegistryPool
from gateway.snapshot import GrantRow
from schemas.dates import local_day

_REQUIRES = {"none": [], "open_dossier": ["open_dossier"], "party": ["open_dossier", "party"]}


class Catalogue:
    """The two reads about registries."""

    def __init__(self, live: LiveConfiguration, registries: RegistryPool) -> None:
        self._live = live
        self._registries = registries

    async def list(self, exchange: Exchange, _: dict[str, str]) -> Reply:
        """List the caller's own grants in force today, one row each."""
        if exchange.caller is None:
            raise AssertionError("the route is signed")
        today = local_day(exchange.at)
        rows = [
            _row(row)
            for row in self._live.snapshot.grants_of(exchange.caller.client.client)
            if row.valid_from <= today <= row.valid_until
        ]
        return json_reply({"registries": rows})

    async def health(self, _: Exchange, __: dict[str, str]) -> Reply:
        """Tell how every registry has been answering this worker during the last minute."""
        return json_reply({"registries": [registry.health().as_json() for registry in self._registries.all()]})


def _row(row: GrantRow) -> dict[str, Any]:
    spec = row.service
    return {
        "registry": spec.registry,
        "service": spec.service,
        "modes": ["lookup", "verification"],
        "id_types": list(spec.id_types),
        "subject_requires": list(spec.subject_requires),
        "fields": list(row.field_order),
        "procedures": sorted(row.procedures),
        "legal_basis": sorted(row.legal_bases),
        "requires": _REQUIRES[row.dossier_rule],
        "explain": row.explain,
    }
