"""The keeper's part: the rollups of reuse brought up to date every hour.

Several keepers do no harm: the functions of the database take turns by an advisory lock.
"""

import asyncio

import structlog

from gateway.reuse.measuring import Rollups
from gateway.store.database import Database, StoreError

EVERY_S, AGAIN_S = 3600.0, 60.0
_log = structlog.get_logger("gateway.reuse.keeping")


async def keep_counted(database: Database, every_s: float = EVERY_S, again_s: float = AGAIN_S) -> None:
    """Refresh now and every `every_s` seconds, after a failure every `again_s`; ends by cancellation."""
    rollups = Rollups(database)
    while True:
        pause = every_s
        try:
            await rollups.refresh()
        except StoreError as error:
            _log.warning("reuse not counted", error=type(error).__name__)
            pause = again_s
        await asyncio.sleep(pause)
