"""The keeper process: the operations port, the log's housekeeping, deliveries; beside the workers (DESIGN 6, 7).

`python -m gateway.keeper`, started by `lienthong serve`. It serves `/healthz`, `/readyz` and `/metrics` on an
address that is never public, and seals, sweeps and cleans the log while it holds the lead.
"""

import asyncio
import os
import signal
import sys
from time import monotonic

import structlog
import uvloop
from aiohttp import web
from prometheus_client import REGISTRY

from gateway.audit.streaming import Auditor
from gateway.delivery.metrics import DeliveryMetrics
from gateway.delivery.running import Delivering
from gateway.dossiers.carrying import Carrier
from gateway.evidence.keeper import Keeper
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.lease import NoFreeSlot
from gateway.evidence.log import EvidenceLog, utc_now
from gateway.evidence.pins import FilePin, LogBehindPin
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.reopening import pin_check
from gateway.export.signing import sign_manifests
from gateway.operations import Operations
from gateway.reuse.keeping import keep_counted
from gateway.settings import Settings, load_settings
from gateway.store.database import Database, StoreError
from gateway.telemetry import configure_logging, where

_RETRY_S = 0.5
_NICENESS = 5
"""Where processors are short, look-ups come first: what is kept here may follow seconds later."""
_log = structlog.get_logger("gateway.keeper")


async def keep(settings: Settings) -> int:
    """Serve the operations port at once, keep house as soon as the database allows; ends on SIGTERM or SIGINT.

    Returns the exit code: 1 where the house fell, so that whoever started the keeper starts it again.
    """
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    operations = Operations(settings, os.environ.get("PROMETHEUS_MULTIPROC_DIR"), clock=utc_now, monotonic=monotonic)
    runner = web.AppRunner(operations.application(), access_log=None)
    await runner.setup()
    host, _, port = settings.operations_listen.rpartition(":")
    await web.TCPSite(runner, host, int(port)).start()
    house = asyncio.create_task(_house(settings, operations), name="house")
    house.add_done_callback(lambda _: ended.set())
    await ended.wait()
    house.cancel()
    (end,) = await asyncio.gather(house, return_exceptions=True)
    await runner.cleanup()
    if isinstance(end, asyncio.CancelledError):
        return 0
    _log.error("keeper fell", error=type(end).__name__, where=where(end) if end else None)
    return 1


async def _house(settings: Settings, operations: Operations) -> None:
    keys, pins = EvidenceKeys.load(settings), FilePin(settings.checkpoint_pin)
    while True:
        try:
            database = await Database.connect(settings.database_url, max_size=8)
            break
        except StoreError as error:
            operations.problem = str(error)
            await asyncio.sleep(_RETRY_S)
    operations.database = database
    delivering = Delivering(
        database,
        Carrier(Pseudonyms(keys.pseudonyms)),
        settings.secrets_dir,
        metrics=DeliveryMetrics(REGISTRY),
        now=utc_now,
    )
    deliveries = asyncio.create_task(delivering.run(), name="deliveries")
    auditing = asyncio.create_task(Auditor(database, clock=utc_now).run(), name="audit")
    counting = asyncio.create_task(keep_counted(database), name="reuse")
    try:
        await _keep(settings, operations, database, keys, pins)
    finally:
        deliveries.cancel()
        auditing.cancel()
        counting.cancel()
        await asyncio.gather(deliveries, counting, auditing, return_exceptions=True)
        await database.close()


async def _keep(
    settings: Settings, operations: Operations, database: Database, keys: EvidenceKeys, pins: FilePin
) -> None:
    while True:
        try:
            evidence = await EvidenceLog.start(
                database, keys=keys, origin_base=settings.origin, check=pin_check(database, keys, pins)
            )
            break
        except (StoreError, NoFreeSlot, LogBehindPin) as error:
            operations.problem = str(error) or type(error).__name__
            await asyncio.sleep(_RETRY_S)
    also = {"manifests": lambda: sign_manifests(database, keys)}
    keeper = Keeper(database, evidence, keys=keys, pins=pins, clock=utc_now, also=also)
    operations.keeper, operations.problem = keeper, None
    try:
        await keeper.run()
    finally:
        await evidence.close()


def main() -> None:
    """Run the keeper with the settings of the environment."""
    settings = load_settings()
    configure_logging(settings.log_level)
    os.nice(_NICENESS)
    sys.exit(uvloop.run(keep(settings)))


if __name__ == "__main__":
    main()
