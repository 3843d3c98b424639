"""The service of one worker: everything a request needs, made once, in order, and ended in reverse.

The order of `Service.start` is the order of dependence: settings → keys → database → configuration →
registries → evidence → flow → edge → server.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TypeVar

import structlog
from prometheus_client import REGISTRY

from gateway.addresses import Proxies
from gateway.compat.door import Door
from gateway.dossiers.binding import Binding
from gateway.dossiers.receiving import Receiver
from gateway.evidence.contract import EvidenceUnavailable
from gateway.evidence.floods import RefusalQueue
from gateway.evidence.leaf import uuid7
from gateway.evidence.lease import NoFreeSlot
from gateway.evidence.log import EvidenceLog, utc_now
from gateway.evidence.pins import FilePin, LogBehindPin
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.reopening import pin_check
from gateway.evidence.sealing import MinuteSealer
from gateway.flow.asking import Asking
from gateway.flow.enumeration import EnumerationGuard
from gateway.installation import Installation
from gateway.live import LiveConfiguration
from gateway.registries.pool import RegistryPool
from gateway.routes import routes_of
from gateway.settings import Settings
from gateway.store.configuration import ConfigurationStore
from gateway.store.database import Database, StoreError, StoreRefused
from gateway.telemetry import Telemetry
from gateway.web.dossiers import Dossiers
from gateway.web.edge import Edge
from gateway.web.problems import ProblemWriter
from gateway.web.reuse import Reuse
from gateway.web.server import GatewayServer
from gateway.web.signer import AnswerSigner
from gateway.web.target import Targets

_RETRY_S = 0.5
_log = structlog.get_logger("gateway.app")
_T = TypeVar("_T")


@dataclass(slots=True)
class Service:
    """One worker's service. `server` makes protocols for accepted connections."""

    database: Database
    evidence: EvidenceLog
    strangers: RefusalQueue
    registries: RegistryPool
    edge: Edge
    server: GatewayServer
    telemetry: Telemetry
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    async def start(cls, settings: Settings, *, workers: int = 1, telemetry: Telemetry | None = None) -> "Service":
        """Make the service; waits for a database that is not there yet.

        Raises `ConfigurationError`, `EvidenceKeyError`, `KeyFormatError` or `StoreRefused` for what waiting
        does not mend.
        """
        installation = Installation.load(settings)
        telemetry = telemetry or Telemetry(REGISTRY)
        database = await _patiently(lambda: Database.connect(settings.database_url))
        registries = RegistryPool(settings.secrets_dir, telemetry.called)
        live = await _patiently(lambda: LiveConfiguration.load(ConfigurationStore(database), registries.load))
        evidence = await _patiently(
            lambda: EvidenceLog.start(
                database,
                keys=installation.evidence,
                origin_base=settings.origin,
                check=pin_check(database, installation.evidence, FilePin(settings.checkpoint_pin)),
            )
        )
        strangers = RefusalQueue(evidence, clock=utc_now, monotonic=monotonic)
        edge = _edge(settings, workers, installation, telemetry, database, live, registries, evidence, strangers)
        server = GatewayServer(
            edge, problems=ProblemWriter(settings.public_url), new_id=_new_id, refused=telemetry.refused_by_parser
        )
        service = cls(database, evidence, strangers, registries, edge, server, telemetry)
        service.tasks = [
            asyncio.create_task(ConfigurationStore(database).watch(lambda _: live.refresh()), name="configuration"),
            asyncio.create_task(strangers.run(), name="strangers"),
            asyncio.create_task(telemetry.run(), name="telemetry"),
        ]
        telemetry.up.set(1)
        return service

    async def stop(self) -> None:
        """End in reverse order; what is queued for the log is committed."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.telemetry.flush()
        await self.evidence.close()
        await self.registries.close()
        await self.database.close()


def _edge(
    settings: Settings,
    workers: int,
    installation: Installation,
    telemetry: Telemetry,
    database: Database,
    live: LiveConfiguration,
    registries: RegistryPool,
    evidence: EvidenceLog,
    strangers: RefusalQueue,
) -> Edge:
    problems = ProblemWriter(settings.public_url)
    guard = EnumerationGuard(
        max(4, settings.enumeration_limit // workers),
        on_refusal=lambda client: telemetry.alert("enumeration", client),
    )
    pseudonyms = Pseudonyms(installation.evidence.pseudonyms)
    receiver = Receiver(
        database,
        pseudonyms=pseudonyms,
        sealer=MinuteSealer(installation.evidence.reveal),
        count=telemetry.events,
    )
    asking = Asking(
        live=live,
        registries=registries,
        evidence=evidence,
        guard=guard,
        guess_limit=settings.guess_limit,
        problem=lambda exchange, refusal: problems.write(exchange.request_id, refusal),
        facts=Binding(database, pseudonyms).facts,
    )
    return Edge(
        routes=routes_of(
            asking=asking,
            live=live,
            registries=registries,
            database=database,
            installation=installation,
            dossiers=Dossiers(database, evidence, live, receiver, settings.public_url),
            reuse=Reuse(database, evidence, live),
            door=Door(database, evidence, strangers, live, receiver, settings.secrets_dir),
        ),
        targets=Targets(settings.public_urls),
        live=live,
        evidence=evidence,
        strangers=strangers,
        problems=problems,
        signer=AnswerSigner(installation.http_key),
        telemetry=telemetry,
        new_id=_new_id,
        max_waiting=settings.max_waiting,
        proxies=Proxies(settings.proxies),
    )


async def _patiently(make: Callable[[], Awaitable[_T]]) -> _T:
    """Try until the database is there: a worker that is started while it is away must not end the gateway."""
    told = False
    while True:
        try:
            return await make()
        except StoreRefused:
            raise
        except (StoreError, NoFreeSlot, LogBehindPin, EvidenceUnavailable) as error:
            if not told:
                _log.warning("waiting for the database", reason=str(error) or type(error).__name__)
                told = True
            await asyncio.sleep(_RETRY_S)


def _new_id() -> str:
    return uuid7(int(utc_now().timestamp() * 1000))
