"""One worker process under gunicorn: an event loop (uvloop), the service, and a graceful end.

`python -m gateway.worker --workers N [--pin]` is the master that `lienthong serve` starts. On SIGTERM a worker
stops accepting, asks its clients to reconnect elsewhere, finishes what it holds and leaves.
"""

import argparse
import asyncio
import gc
import logging
import os
from typing import Any

from aiohttp import web
from aiohttp.worker import GunicornUVLoopWebWorker
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from gateway.app import Service
from gateway.processors import choose
from gateway.settings import Settings, load_settings
from gateway.telemetry import ForeignFormatter, configure_logging

DRAIN_SECONDS = 1.0
GRACEFUL_SECONDS = 20.0


class JsonLogger(Logger):  # type: ignore[misc]  # gunicorn is untyped
    """Gunicorn's own messages, through the same filter as every library's."""

    def setup(self, cfg: Any) -> None:
        """Write errors to standard error as JSON lines; there is no access log (the evidence log is better)."""
        self.loglevel = logging.INFO
        self.error_log.setLevel(self.loglevel)
        handler = logging.StreamHandler()
        handler.setFormatter(ForeignFormatter())
        self.error_log.handlers = [handler]
        self.access_log.disabled = True
        self.cfg = cfg


class GatewayWorker(GunicornUVLoopWebWorker):
    """Serves the gateway in one process, on `processor` alone where it was given one."""

    processor: int | None = None

    async def _run(self) -> None:
        if self.processor is not None:
            os.sched_setaffinity(0, {self.processor})
        settings: Settings = self.wsgi
        configure_logging(settings.log_level)
        service = await Service.start(settings, workers=self.cfg.workers)
        runner = web.ServerRunner(service.server)
        await runner.setup()
        sites = [web.SockSite(runner, sock) for sock in self.sockets]
        for site in sites:
            await site.start()
        settle_garbage()
        self.booted = True
        master = self.ppid
        while self.alive and os.getppid() == master:
            self.notify()
            await self._wait_next_notify()
        for site in sites:
            await site.stop()
        service.edge.draining = True
        await asyncio.sleep(DRAIN_SECONDS)
        await runner.cleanup()
        await service.stop()


def settle_garbage() -> None:
    """Leave what a worker keeps for good out of every later collection, and collect the rest less often.

    A look-up leaves next to no cycles behind, but 32 under way look to the collector like 20,000 new objects.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def give_processor(server: Any, worker: GatewayWorker) -> None:
    """Tell a worker, before it is forked, on which processor to stay."""
    worker.processor = choose(os.sched_getaffinity(0), [one.processor for one in server.WORKERS.values()])


class GatewayApplication(BaseApplication):  # type: ignore[misc]  # gunicorn is untyped
    """Gunicorn, configured by our settings alone."""

    def __init__(self, settings: Settings, workers: int, *, pin: bool) -> None:
        self._settings = settings
        self._workers = workers
        self._pin = pin
        super().__init__()

    def load_config(self) -> None:
        """Set what gunicorn needs to know."""
        options: dict[str, Any] = {
            "bind": self._settings.listen,
            "workers": self._workers,
            "worker_class": "gateway.worker.GatewayWorker",
            "logger_class": JsonLogger,
            "graceful_timeout": int(GRACEFUL_SECONDS),
            "timeout": 30,
            "backlog": 2048,
            "proc_name": "lienthong",
            "control_socket_disable": True,
        }
        if self._pin:
            options["pre_fork"] = give_processor
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Settings:
        """Return what gunicorn hands to each worker: the settings (the service is made inside the worker's loop)."""
        return self._settings


def main() -> None:
    """Run the master until it is told to end."""
    parser = argparse.ArgumentParser(prog="python -m gateway.worker")
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--pin", action="store_true")
    arguments = parser.parse_args()
    settings = load_settings()
    configure_logging(settings.log_level)
    GatewayApplication(settings, arguments.workers, pin=arguments.pin).run()


if __name__ == "__main__":
    main()
