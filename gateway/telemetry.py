"""Technical logs and metrics: what the machine does, never about whom.

structlog writes JSON lines. An allow-list of event keys keeps personal data and secrets out: a key that
is not on the list is dropped, whatever its value. Metrics carry route names and problem codes alone.
"""

import asyncio
import json
import logging
import re
import sys
from bisect import bisect_left
from collections import Counter as TallyOf
from collections.abc import Iterable, MutableMapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from io import TextIOBase
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

ALLOWED_KEYS = frozenset(
    [
        "address",
        "backend_pid",
        "batch",
        "client",
        "code",
        "component",
        "count",
        "direction",
        "elapsed_ms",
        "entries",
        "error",
        "event",
        "exit_code",
        "index",
        "kind",
        "level",
        "limit",
        "listen",
        "log",
        "log_size",
        "logger",
        "mode",
        "name",
        "origin",
        "path_template",
        "pid",
        "reason",
        "registry",
        "request_id",
        "route",
        "seconds",
        "signal",
        "size",
        "slot",
        "state",
        "status",
        "step",
        "timestamp",
        "url",
        "version",
        "waiting",
        "where",
        "worker",
        "workers",
    ]
)
_MAX_TEXT = 300
_PLAIN = re.compile(r"([^\n<(\[{'\"=]*).*", re.DOTALL)
"""The part of a message without arguments before anything that may quote a value: asyncio writes `repr`s into its."""
_WRITE_S, _MOST_NOTED = 0.25, 500
_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not allowed; cut long texts; keep one event on one line."""
    kept: dict[str, Any] = {}
    for key, value in event.items():
        if key not in ALLOWED_KEYS:
            continue
        if isinstance(value, str):
            kept[key] = value[:_MAX_TEXT]
        else:
            kept[key] = value if isinstance(value, int | float | None) else type(value).__name__
    return kept


def where(error: BaseException) -> str:
    """Return the file and line an error came from: enough to find it, without values."""
    traceback = error.__traceback__
    place = "?"
    while traceback is not None:
        code = traceback.tb_frame.f_code
        place = f"{code.co_filename.rsplit('/', 1)[-1]}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def configure_logging(level: str) -> None:
    """JSON lines on standard error, ours through structlog and the libraries' through the same filter."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, redact, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=_NamedLoggers(),
        cache_logger_on_first_use=True,
    )
    foreign = logging.StreamHandler(_StandardError())
    foreign.setFormatter(ForeignFormatter())
    root = logging.getLogger()
    root.handlers = [foreign]
    root.setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a handler that fails would print the record, values and all


class _StandardError(TextIOBase):
    """Standard error, where a line that cannot be written (a full disk) is lost and nobody fails for it."""

    def write(self, text: str) -> int:
        with suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            sys.stderr.flush()


class _NamedLoggers:
    """Makes loggers that print to standard error and know their name."""

    def __call__(self, *names: Any) -> Any:
        logger = structlog.PrintLogger(_StandardError())  # type: ignore[arg-type]  # it only writes and flushes
        logger.name = str(names[0]) if names else "lienthong"  # type: ignore[attr-defined]
        return logger


class ForeignFormatter(logging.Formatter):
    """A library's record: its name, level and the plain start of its message, never its arguments or values."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON line."""
        message = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        template = message if record.args else _PLAIN.sub(r"\1", message).strip()
        error = record.exc_info[1] if record.exc_info else None
        event = {
            "event": template[:_MAX_TEXT],
            "logger": record.name,
            "level": record.levelname.lower(),
            "error": type(error).__name__ if error else None,
            "where": where(error) if error else None,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
        }
        return json.dumps({name: value for name, value in event.items() if value is not None})


class _Histogram(Histogram):
    """A histogram that takes many values at once."""

    def observe_all(self, amounts: Sequence[float]) -> None:
        """Observe each of them."""
        self._sum.inc(sum(amounts))
        for place, count in TallyOf(bisect_left(self._upper_bounds, amount) for amount in amounts).items():
            self._buckets[place].inc(count)


class _Timed:
    """A counter by two words and a histogram by the first, written together and not one by one.

    Each number in the files that the workers share costs a system call and a dozen Python calls to raise.
    """

    def __init__(self, count: Counter, seconds: _Histogram) -> None:
        self._count, self._seconds = count, seconds
        self._noted: list[tuple[str, str, float]] = []

    def note(self, name: str, outcome: str, seconds: float) -> None:
        """Count one, to be written soon."""
        self._noted.append((name, outcome, seconds))
        if len(self._noted) >= _MOST_NOTED:
            self.flush()

    def flush(self) -> None:
        """Write what was noted."""
        noted, self._noted = self._noted, []
        for (name, outcome), count in TallyOf((name, outcome) for name, outcome, _ in noted).items():
            self._count.labels(name, outcome).inc(count)
        for name in {name for name, _, _ in noted}:
            self._seconds.labels(name).observe_all([seconds for one, _, seconds in noted if one == name])


class Telemetry:
    """The metrics of one process (several processes are added up by prometheus' multiprocess files)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter("lienthong_requests", "Answered requests", ["route", "status"], registry=registry)
        self._seconds = _Histogram(
            "lienthong_request_seconds", "Seconds to answer", ["route"], buckets=_BUCKETS, registry=registry
        )
        self._refusals = Counter("lienthong_refusals", "Refused requests", ["route", "code"], registry=registry)
        self._parser = Counter("lienthong_http_refused", "Refused by the HTTP parser", ["code"], registry=registry)
        self._calls = Counter(
            "lienthong_registry_calls", "Calls to registries", ["registry", "outcome"], registry=registry
        )
        self._call_seconds = _Histogram(
            "lienthong_registry_seconds",
            "Seconds of a registry's answers",
            ["registry"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._events = Counter(
            "lienthong_dossier_events",
            "Reported dossier events",
            ["source", "result", "reason"],
            registry=registry,
        )
        self._alerts = Counter("lienthong_alerts", "Alerts", ["kind"], registry=registry)
        self.up = Gauge("lienthong_worker_up", "Workers serving", registry=registry, multiprocess_mode="livesum")
        self._answers = _Timed(self._requests, self._seconds)
        self._asked = _Timed(self._calls, self._call_seconds)

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._answers.note(route, str(status), seconds)

    def refused(self, route: str, code: str) -> None:
        """Count a refusal."""
        self._refusals.labels(route, code).inc()

    def refused_by_parser(self, code: str) -> None:
        """Count what never became a request."""
        self._parser.labels(code).inc()

    def called(self, registry: str, outcome: str, seconds: float) -> None:
        """Count a call to a registry."""
        self._asked.note(registry, outcome, seconds)

    def events(self, source: str, results: Iterable[tuple[str, str]]) -> None:
        """Count the events of one push: each a result and, for `rejected`, the problem code, else an empty text."""
        for (result, reason), count in TallyOf(results).items():
            self._events.labels(source, result, reason).inc(count)

    def alert(self, kind: str, client: str) -> None:
        """Count an alert and write it to the technical log."""
        self._alerts.labels(kind).inc()
        structlog.get_logger("gateway.alert").warning("alert", kind=kind, client=client)

    async def run(self) -> None:
        """Write what was counted, time and again, until cancelled."""
        while True:
            await asyncio.sleep(_WRITE_S)
            self.flush()

    def flush(self) -> None:
        """Write what was counted since."""
        self._answers.flush()
        self._asked.flush()
