"""The console's process: opens what the screens share, serves, and leaves cleanly on SIGTERM (DESIGN section 7)."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import structlog
from aiohttp import web

from gateway.addresses import Proxies
from gateway.console.app import application
from gateway.console.citizen_door import citizen_routes
from gateway.console.desk import Desk
from gateway.console.doorman import Doorman
from gateway.console.pages import Pages, Place
from gateway.console.registry import SCREENS
from gateway.console.settings import ConsoleSettings
from gateway.console.texts import load_texts
from gateway.evidence.keys import LogKeys
from gateway.evidence.log import EvidenceLog, utc_now
from gateway.evidence.pins import FilePin
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.reads import EvidenceReads
from gateway.evidence.reopening import pin_check
from gateway.settings import LogSettings
from gateway.store.console import ConsoleStore
from gateway.store.database import Database, StoreError

_TIDY_S = 300.0
_POOL = 8
_log = structlog.get_logger("gateway.console")


def console_database_url(url: str) -> str:
    """Return the URL with plans made for each query's own values: its filters may each be absent."""
    return f"{url}{'&' if '?' in url else '?'}plan_cache_mode=force_custom_plan"


@asynccontextmanager
async def open_desk(
    console: ConsoleSettings, settings: LogSettings, clock: Callable[[], datetime] = utc_now
) -> AsyncIterator[Desk]:
    """Open database and log (a writer slot of its own), and close them at the end.

    Raises as `Database.connect`, `WriterKeys.load` and `EvidenceLog.start` do.
    """
    keys, pins = console.keys(settings), FilePin(settings.checkpoint_pin)
    database = await Database.connect(console_database_url(console.database_url), max_size=_POOL)
    try:
        evidence = await EvidenceLog.start(
            database, keys=keys, origin_base=settings.origin, check=pin_check(database, keys, pins)
        )
        try:
            yield _desk(console, settings, database, evidence, keys, pins, clock)
        finally:
            await evidence.close()
    finally:
        await database.close()


def _desk(
    console: ConsoleSettings,
    settings: LogSettings,
    database: Database,
    evidence: EvidenceLog,
    keys: LogKeys,
    pins: FilePin,
    clock: Callable[[], datetime],
) -> Desk:
    idle, life = timedelta(minutes=console.idle_minutes), timedelta(hours=console.session_hours)
    places = [Place(screen.name, screen.number, screen.path) for screen in SCREENS if screen.number is not None]
    return Desk(
        console=console,
        settings=settings,
        database=database,
        evidence=evidence,
        keys=keys,
        pseudonyms=Pseudonyms(keys.pseudonyms),
        reads=EvidenceReads(database, keys),
        pins=pins,
        doorman=Doorman(ConsoleStore(database), console.key_bytes(), idle=idle, life=life),
        pages=Pages(load_texts(), places),
        proxies=Proxies(settings.proxies),
        clock=clock,
    )


async def serve(console: ConsoleSettings, settings: LogSettings, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the URL once requests are taken."""
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with open_desk(console, settings) as desk:
        app = application(desk, SCREENS)
        app.add_routes(citizen_routes(desk))
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        host, _, port = console.listen.rpartition(":")
        await web.TCPSite(runner, host.strip("[]"), int(port)).start()
        tidying = asyncio.create_task(_tidy(desk), name="tidy")
        ready(console.public_url)
        await ended.wait()
        for task in (tidying, *desk.jobs):
            task.cancel()
        await asyncio.gather(tidying, *desk.jobs, return_exceptions=True)
        await runner.cleanup()


async def _tidy(desk: Desk) -> None:
    while True:
        with contextlib.suppress(StoreError):
            await desk.doorman.tidy(desk.clock())
        await asyncio.sleep(_TIDY_S)
