"""Technical logs and metrics tell what the machine does and never about whom (THREATS F36)."""

import asyncio
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from gateway.telemetry import _BUCKETS, ALLOWED_KEYS, ForeignFormatter, Telemetry, redact, where

PERSONAL = {
    "subject": "099191000001",
    "id": "099191000001",
    "full_name": "NGUYỄN THỊ THỬ",
    "birth_date": "1991-05-02",
    "body": b"{}",
    "headers": {"signature": "x"},
    "query": "token=secret",
    "officer": "099085000009",
    "exc_info": ValueError("099191000001"),
    "stack_info": "099191000001",
    "password": "secret",
}


@pytest.mark.parametrize("name", PERSONAL)
def test_what_is_not_on_the_list_does_not_pass(name):
    """An allow-list: a key that nobody thought of is dropped, whatever its value."""
    assert name not in ALLOWED_KEYS
    assert redact(None, "info", {"event": "asked", name: PERSONAL[name]}) == {"event": "asked"}


def test_values_are_plain_and_short():
    """Numbers and short texts pass; an object is its type's name; a long text is cut."""
    event = {"event": "x" * 1_000_000, "count": 3, "seconds": 0.5, "client": None, "error": ValueError("099191000001")}
    assert redact(None, "info", event) == {
        "event": "x" * 300,
        "count": 3,
        "seconds": 0.5,
        "client": None,
        "error": "ValueError",
    }


@settings(max_examples=50, deadline=None)
@given(key=st.text(max_size=12), value=st.one_of(st.text(), st.integers(), st.binary(), st.lists(st.text())))
def test_any_event_keeps_listed_keys_alone(key, value):
    """Whatever is thrown at it: only listed keys, only plain values."""
    kept = redact(None, "info", {key: value})
    assert set(kept) <= ALLOWED_KEYS
    assert all(isinstance(kept_value, str | int | float | None) for kept_value in kept.values())


def test_where_names_the_place_and_no_value():
    """File and line are enough to find an error."""
    with pytest.raises(ValueError, match="invalid literal") as raised:
        int("NGUYỄN THỊ THỬ")
    assert re.fullmatch(r"test_telemetry\.py:[0-9]+", where(raised.value))
    assert where(ValueError("x")) == "?"


def _foreign(message, *arguments, error=None):
    record = logging.LogRecord("aiohttp.server", logging.ERROR, __file__, 1, message, arguments, None)
    if error is not None:
        record.exc_info = (type(error), error, error.__traceback__)
    line = ForeignFormatter().format(record)
    assert "\n" not in line
    assert line.isascii()
    return line, json.loads(line)


def test_a_librarys_arguments_stay_out():
    """The template says what happened; the values may be anybody's."""
    line, event = _foreign("Error handling request from %s", "099191000001", error=ValueError("099191000001"))
    assert "099191000001" not in line
    assert event["event"] == "Error handling request from %s"
    assert (event["error"], event["where"], event["level"]) == ("ValueError", "?", "error")
    assert _foreign("Worker (pid:%s) exited", 7)[1]["event"] == "Worker (pid:%s) exited"


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        (
            "Task exception was never retrieved\nfuture: <Task finished exception=ValueError('099191000001')>",
            "Task exception was never retrieved",
        ),
        ("Exception in callback send('099191000001')", "Exception in callback send"),
        ("Unclosed connection: {'body': '099191000001'}", "Unclosed connection:"),
        ("password=099191000001", "password"),
        ("'099191000001'", ""),
        (ValueError("099191000001"), "ValueError"),
    ],
)
def test_values_that_a_library_wrote_into_its_message_stay_out(message, kept):
    """Some format before it logs: what may quote a value is cut off."""
    line, event = _foreign(message)
    assert event["event"] == kept
    assert "099191000001" not in line


@pytest.mark.parametrize(
    "text", ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", "a\x85b", "a\x9b31mb", "%s %d {}", "\x00"]
)
def test_one_event_is_one_line(text):
    """Line breaks, terminal codes and format characters stay inside their one line."""
    _foreign(f"start {text}")
    _foreign("start %s", text)


SCRIPT = """
import logging, structlog
from gateway.telemetry import configure_logging
log = structlog.get_logger("gateway.test")
configure_logging("info")
log.info("served", route="lookup", subject="099191000001", code="a\\nb\\x1b[31m\\u2028\\x9b")
log.debug("hidden")
try:
    raise ValueError("099191000001")
except ValueError:
    log.exception("internal", error="ValueError", request_id="r-1")
logging.getLogger("aiohttp.server").error("Error from %s", "099191000001")
logging.getLogger("zeep").debug("envelope 099191000001")
structlog.get_logger("gateway.test").bind(client="H99.test").warning("bound")
structlog.get_logger().warning("nameless")
"""


def test_a_process_writes_json_lines_on_standard_error():
    """Ours and the libraries' alike: named, timed, one line each, nothing about anybody."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "099191000001" not in done.stderr
    assert done.stderr.isascii()
    events = [json.loads(line) for line in done.stderr.split("\n") if line]
    assert [(event["event"], event["logger"], event["level"]) for event in events] == [
        ("served", "gateway.test", "info"),
        ("internal", "gateway.test", "error"),
        ("Error from %s", "aiohttp.server", "error"),
        ("bound", "gateway.test", "warning"),
        ("nameless", "lienthong", "warning"),
    ]
    assert all("timestamp" in event for event in events)
    assert events[0]["route"] == "lookup"
    assert events[0]["code"] == "a\nb\x1b[31m\u2028\x9b"
    assert events[1]["request_id"] == "r-1"
    assert events[3]["client"] == "H99.test"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_line_that_cannot_be_written_is_lost_and_nobody_fails(unbuffered):
    """With standard error on a full disk a process goes on, ours and the libraries' lines alike."""
    script = SCRIPT + "\nprint('went on')\n"
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, stderr=full, text=True, check=False
        )
    assert done.stdout == "went on\n"


def test_every_level_of_the_settings_is_known():
    """What the settings allow, logging understands."""
    script = "from gateway.telemetry import configure_logging as c; [c(level) for level in %r]"
    subprocess.run([sys.executable, "-c", script % ["debug", "info", "warning", "error"]], check=True)


def test_metrics_count_by_route_and_code_alone():
    """Labels are words of ours; no caller, officer or person is one."""
    registry = CollectorRegistry()
    telemetry = Telemetry(registry)
    telemetry.answered("lookup", 200, 0.02)
    telemetry.refused("lookup", "field-not-granted")
    telemetry.refused_by_parser("slow-headers")
    telemetry.called("population", "answered", 0.01)
    telemetry.events("api", [("accepted", ""), ("rejected", "event-conflict"), ("accepted", "")])
    telemetry.alert("enumeration", "H99.test")
    telemetry.up.set(1)
    telemetry.flush()
    exposed = generate_latest(registry).decode()
    assert 'lienthong_requests_total{route="lookup",status="200"} 1.0' in exposed
    assert 'lienthong_refusals_total{code="field-not-granted",route="lookup"} 1.0' in exposed
    assert 'lienthong_http_refused_total{code="slow-headers"} 1.0' in exposed
    assert 'lienthong_registry_calls_total{outcome="answered",registry="population"} 1.0' in exposed
    assert 'lienthong_alerts_total{kind="enumeration"} 1.0' in exposed
    assert 'lienthong_dossier_events_total{reason="",result="accepted",source="api"} 2.0' in exposed
    assert 'lienthong_dossier_events_total{reason="event-conflict",result="rejected",source="api"} 1.0' in exposed
    assert "lienthong_worker_up 1.0" in exposed
    assert "H99.test" not in exposed


MULTIPROCESS = """
from prometheus_client import REGISTRY
from gateway.telemetry import Telemetry
telemetry = Telemetry(REGISTRY)
telemetry.answered("lookup", 200, 0.02)
telemetry.up.set(1)
telemetry.flush()
"""


def test_many_at_once_are_what_one_by_one_would_be():
    """The library's own histogram is the measure: the same values, each observed by itself."""
    registry, alone = CollectorRegistry(), CollectorRegistry()
    telemetry = Telemetry(registry)
    seconds = [0.0, 0.001, 0.002, 0.0021, 0.05, 9.9, 10.0, 11.0, 0.3, 0.3]
    single = Histogram("lienthong_request_seconds", "", ["route"], buckets=_BUCKETS, registry=alone)
    for amount in seconds:
        telemetry.answered("lookup", 200, amount)
        single.labels("lookup").observe(amount)
    telemetry.answered("dossier", 404, 0.5)
    telemetry.flush()
    telemetry.flush()
    told = {sample.name + str(sample.labels): sample.value for sample in _samples(alone)}
    seen = {sample.name + str(sample.labels): sample.value for sample in _samples(registry)}
    assert told.keys() <= seen.keys()
    assert {name: seen[name] for name in told} == pytest.approx(told)
    assert registry.get_sample_value("lienthong_requests_total", {"route": "lookup", "status": "200"}) == len(seconds)
    assert registry.get_sample_value("lienthong_request_seconds_count", {"route": "dossier"}) == 1


def _samples(registry):
    return [
        sample for metric in registry.collect() for sample in metric.samples if not sample.name.endswith("_created")
    ]


async def test_what_was_counted_is_written_soon():
    """Nobody has to ask for it: a running gateway's numbers are half a second old at most."""
    registry = CollectorRegistry()
    telemetry = Telemetry(registry)
    running = asyncio.create_task(telemetry.run())
    telemetry.called("population", "answered", 0.01)
    await asyncio.sleep(0.6)
    running.cancel()
    labels = {"registry": "population", "outcome": "answered"}
    assert registry.get_sample_value("lienthong_registry_calls_total", labels) == 1


def test_a_burst_is_written_before_it_grows():
    """Memory stays bounded where nothing writes in between."""
    registry = CollectorRegistry()
    telemetry = Telemetry(registry)
    for _ in range(500):
        telemetry.answered("lookup", 200, 0.01)
    assert registry.get_sample_value("lienthong_requests_total", {"route": "lookup", "status": "200"}) == 500


def test_several_processes_are_added_up(tmp_path):
    """Under gunicorn each worker writes its own file, and the parent adds them."""
    environment = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PATH": ""}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", MULTIPROCESS], env=environment, check=True)
    script = (
        "from prometheus_client import CollectorRegistry, Histogram, generate_latest, multiprocess as m\n"
        "r = CollectorRegistry(); m.MultiProcessCollector(r); print(generate_latest(r).decode())"
    )
    exposed = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True
    )
    assert 'lienthong_requests_total{route="lookup",status="200"} 2.0' in exposed.stdout
