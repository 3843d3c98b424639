"""The keeper's delivery task: a deliverer for the portal in force, begun anew when its configuration changes.

Without `portal.toml` nothing is delivered; events wait in the outbox until it is there.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from adapters.errors import MappingError
from adapters.factory import build_portal
from gateway.delivery.deliverer import DatabasesOf, Deliverer, Pace
from gateway.delivery.metrics import DeliveryMetrics
from gateway.dossiers.carrying import Carrier
from gateway.store.configuration import ConfigurationStore
from gateway.store.database import Database, StoreError
from gateway.store.delivery import backlog, drop_payloads
from schemas.configuration import Configuration, ConfigurationError, load_configuration

MEASURE_S, KEEP_CONTENT_S = 5.0, 86_400.0
_log = structlog.get_logger("gateway.delivery")


class Delivering:
    """Runs deliverers for as long as the keeper runs."""

    def __init__(
        self,
        database: Database,
        carrier: Carrier,
        secrets_dir: Path,
        *,
        metrics: DeliveryMetrics,
        now: Callable[[], datetime],
    ) -> None:
        self._database, self._carrier, self._secrets_dir = database, carrier, secrets_dir
        self._metrics, self._now = metrics, now
        self._running: asyncio.Task[None] | None = None
        self._in_force: tuple[object, object] | None = None

    async def run(self) -> None:
        """Deliver, measure and drop until cancelled."""
        store = ConfigurationStore(self._database)
        measuring = asyncio.create_task(self._measure(), name="delivery-backlog")
        try:
            await store.watch(self._changed)
        finally:
            measuring.cancel()
            await self._stop()

    async def _changed(self, _version: int) -> None:
        try:
            configuration = load_configuration((await ConfigurationStore(self._database).current())[1])
        except (ConfigurationError, StoreError) as error:
            _log.error("delivery keeps its configuration", error=type(error).__name__)
            return
        wanted = (configuration.portal, configuration.procedures)
        if wanted == self._in_force and (self._running is None or not self._running.done()):
            return
        await self._stop()
        self._in_force = wanted
        if configuration.portal is not None:
            self._running = asyncio.create_task(self._deliver(configuration), name="deliverer")

    async def _deliver(self, configuration: Configuration) -> None:
        settings = configuration.portal
        if settings is None:
            return
        try:
            portal = build_portal(settings, self._secrets_dir)
        except MappingError as error:
            _log.error("portal refused", reason=str(error))
            return
        pace = Pace(settings.batch, settings.concurrency, settings.deadline_s)
        deliverer = Deliverer(
            self._database,
            portal,
            self._carrier,
            pace,
            metrics=self._metrics,
            databases_of=databases_of(configuration),
            now=self._now,
        )
        try:
            await deliverer.run()
        finally:
            await portal.close()

    async def _stop(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _measure(self) -> None:
        while True:
            try:
                self._metrics.backlog(await backlog(self._database))
                await drop_payloads(self._database, KEEP_CONTENT_S)
            except StoreError as error:
                _log.warning("outbox not measured", reason=str(error))
            await asyncio.sleep(MEASURE_S)


def databases_of(configuration: Configuration) -> DatabasesOf:
    """Return which of the portal's registry codes a dossier's components stand for.

    A component that was obtained from a registry stands for the registry that the procedure's catalogue names first.
    """
    codes = configuration.portal.databases if configuration.portal is not None else {}
    registries = {
        (name, component.code): component.replaced_by[0].service.partition("/")[0]
        for name, procedure in configuration.procedures.items()
        for component in procedure.components
        if component.replaced_by
    }

    def found(procedure: str, components: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
        asked = (registries.get((procedure, part["code"])) for part in components if part.get("obtained") == "registry")
        return tuple(codes[registry] for registry in asked if registry in codes)

    return found
