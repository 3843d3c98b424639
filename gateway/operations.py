"""The operations port: alive, ready, and measured (PROTOCOL section 8). Never public, never about persons."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from aiohttp import ClientError, ClientSession, ClientTimeout, web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from gateway.evidence.keeper import Keeper
from gateway.settings import Settings
from gateway.store.database import Database, StoreError

MAX_SKEW = timedelta(seconds=2)
_PROBE = ClientTimeout(total=2.0)
Check = Callable[[], Awaitable[str | None]]


class Operations:
    """What the keeper process tells of the installation. `database` and `keeper` are set once they are there."""

    def __init__(
        self,
        settings: Settings,
        metrics_dir: str | None,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._metrics_dir = metrics_dir
        self._clock = clock
        self._monotonic = monotonic
        self._started = monotonic()
        self.database: Database | None = None
        self.keeper: Keeper | None = None
        self.problem: str | None = "starting"

    def application(self) -> web.Application:
        """Return the application of the three routes."""
        app = web.Application()
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        return app

    async def checks(self) -> dict[str, str | None]:
        """Every check by name; `None` where it holds, else a short reason."""
        named: dict[str, Check] = {
            "database": self._database_answers,
            "clock": self._clock_agrees,
            "log": self._log_is_kept,
            "workers": self._workers_answer,
        }
        return {name: await check() for name, check in named.items()}

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive", "seconds": round(self._monotonic() - self._started)})

    async def _readyz(self, request: web.Request) -> web.Response:
        found = await self.checks()
        ready = all(reason is None for reason in found.values())
        body: dict[str, Any] = {"ready": ready}
        if "verbose" in request.query:
            body["checks"] = {name: reason or "ok" for name, reason in found.items()}
        return web.Response(status=200 if ready else 503, body=orjson.dumps(body), content_type="application/json")

    async def _metrics(self, _: web.Request) -> web.Response:
        registry = CollectorRegistry()
        if self._metrics_dir is not None:
            MultiProcessCollector(registry, self._metrics_dir)  # type: ignore[no-untyped-call]
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _database_answers(self) -> str | None:
        if self.database is None:
            return self.problem or "not connected"
        try:
            await self.database.fetchval("database.server_version")
        except StoreError as error:
            return str(error)
        return None

    async def _clock_agrees(self) -> str | None:
        if self.database is None:
            return "unknown"
        try:
            theirs: datetime = await self.database.fetchval("database.now")
        except StoreError:
            return "unknown"
        skew = abs(self._clock() - theirs)
        return None if skew < MAX_SKEW else f"{skew.total_seconds():.1f} s off the database's clock"

    async def _log_is_kept(self) -> str | None:
        if self.keeper is None:
            return self.problem or "starting"
        return self.keeper.problem

    async def _workers_answer(self) -> str | None:
        url = f"http://{self._settings.listen}/.well-known/jwks.json"
        host = self._settings.public_url.partition("://")[2]
        try:
            async with (
                ClientSession(timeout=_PROBE) as session,
                session.get(url, headers={"Host": host}) as response,
            ):
                return None if response.ok else f"status {response.status}"
        except (ClientError, TimeoutError, OSError) as error:
            return type(error).__name__
