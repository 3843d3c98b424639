"""What every screen shares: database, log, pseudonyms, users, pages. Made once by `process.open_desk`."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web

from gateway.addresses import Proxies
from gateway.console.doorman import Doorman
from gateway.console.pages import Pages
from gateway.console.settings import ConsoleSettings
from gateway.evidence.contract import Evidence
from gateway.evidence.keys import LogKeys
from gateway.evidence.pins import Pin
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.reads import EvidenceReads
from gateway.settings import LogSettings
from gateway.store.database import Database


@dataclass(slots=True)
class Desk:
    """The console's parts. `settings` are the installation's, with the console's database role."""

    console: ConsoleSettings
    settings: LogSettings
    database: Database
    evidence: Evidence
    keys: LogKeys
    pseudonyms: Pseudonyms
    reads: EvidenceReads
    pins: Pin
    doorman: Doorman
    pages: Pages
    proxies: Proxies
    clock: Callable[[], datetime]
    jobs: set[asyncio.Task[None]] = field(default_factory=set)
    """Work in the background, such as a check of the whole log."""

    def origin(self, request: web.Request) -> str:
        """Return the network address that a request came from."""
        return self.proxies.origin(request.remote or "", request.headers.getall("X-Forwarded-For", []))

    def busy(self, name: str) -> bool:
        """Whether work of this name is going on."""
        return any(job.get_name() == name for job in self.jobs)
