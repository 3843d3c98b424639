"""Every route of the public port, and who answers it."""

from collections.abc import Awaitable
from functools import partial

from gateway.compat.door import Door
from gateway.evidence.reads import EvidenceReads
from gateway.flow import lookup, verification
from gateway.flow.asking import Asking, Parse
from gateway.flow.exchange import Exchange, Reply
from gateway.installation import Installation
from gateway.live import LiveConfiguration
from gateway.refusals import Refusal
from gateway.registries.pool import RegistryPool
from gateway.store.database import Database
from gateway.web.catalogue import Catalogue
from gateway.web.dossiers import Dossiers
from gateway.web.logs import LogReads
from gateway.web.openapi import Description
from gateway.web.pages import Pages
from gateway.web.reuse import Reuse, rated
from gateway.web.routes import Route, RouteTable
from gateway.web.wellknown import WellKnown


def routes_of(
    *,
    asking: Asking,
    live: LiveConfiguration,
    registries: RegistryPool,
    database: Database,
    installation: Installation,
    dossiers: Dossiers,
    reuse: Reuse,
    door: Door,
) -> RouteTable:
    """Return the route table of one worker."""
    catalogue = Catalogue(live, registries)
    logs = LogReads(EvidenceReads(database, installation.evidence))
    description = Description(live, installation.public_url)
    asked = partial(_asked, asking, live)

    def offered(params: dict[str, str]) -> bool:
        return _name(params) in live.snapshot.services

    table: list[Route] = [
        Route(
            "POST",
            "/v1/lookups/{registry}/{service}",
            "lookup",
            partial(asked, "lookup", lookup.parse),
            exists=offered,
        ),
        Route(
            "POST",
            "/v1/verifications/{registry}/{service}",
            "verification",
            partial(asked, "verification", verification.parse),
            exists=offered,
        ),
        Route("POST", "/v1/lookups/{lookup_id}/outcome", "lookup-outcome", dossiers.outcome),
        Route("POST", "/v1/dossiers/events", "dossier-push", dossiers.push),
        Route("GET", "/v1/dossiers/events", "dossier-feed", dossiers.feed),
        Route("GET", "/v1/dossiers/{dossier}", "dossier", dossiers.show),
        Route("GET", "/v1/reuse", "reuse", reuse.measured),
        Route("GET", "/v1/reuse/{metric}/evidence", "reuse-evidence", reuse.evidence, exists=rated),
        Route("POST", "/compat/dvcqg/{operation}", "compat", door.handle, exists=door.offered),
        Route("GET", "/v1/registries", "registries", catalogue.list, free=True),
        Route("GET", "/v1/registries/health", "registries-health", catalogue.health, free=True),
        Route("GET", "/v1/logs", "logs", logs.sizes, free=True),
        Route("GET", "/v1/logs/{slot}/checkpoint", "log-checkpoint", logs.checkpoint, free=True),
        Route("GET", "/v1/logs/{slot}/proof/inclusion", "log-inclusion", logs.inclusion, free=True),
        Route("GET", "/v1/logs/{slot}/proof/consistency", "log-consistency", logs.consistency, free=True),
        Route("GET", "/v1/logs/{slot}/entries/{index}", "log-entry", logs.entry, free=True),
        *_public(logs, description, installation),
    ]
    description.routes = RouteTable(table)
    return description.routes


def _public(logs: LogReads, description: Description, installation: Installation) -> list[Route]:
    """Return the routes that nobody signs for: keys, checkpoints and pages."""
    pages, known = Pages(), WellKnown(installation.answer_keys, installation.log_vkey)
    return [
        Route("GET", "/logs/{slot}/checkpoint", "public-checkpoint", logs.checkpoint),
        Route("GET", "/.well-known/jwks.json", "jwks", known.keys),
        Route("GET", "/.well-known/lienthong-log.vkey", "vkey", known.verifier_key),
        Route("GET", "/openapi.json", "openapi", description.show),
        Route("GET", "/docs", "docs", pages.docs),
        Route("GET", "/docs/assets/{name}", "docs-asset", pages.asset),
        Route("GET", "/problems", "problems", pages.problems),
        Route("GET", "/problems/{code}", "problem", pages.problem),
    ]


def _asked(
    asking: Asking, live: LiveConfiguration, mode: str, parse: Parse, exchange: Exchange, params: dict[str, str]
) -> Awaitable[Reply]:
    spec = live.snapshot.services.get(_name(params))
    if spec is None:  # withdrawn since the path was matched
        raise Refusal("not-found", "service")
    return asking.answer(exchange, spec, mode, parse)


def _name(params: dict[str, str]) -> str:
    return f"{params['registry']}/{params['service']}"
