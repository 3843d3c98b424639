"""Pre-signed requests and a light generator (wrk): the load side of the benchmarks.

Signing happens before the clock runs, so the generator costs next to nothing on a machine that also carries
the gateway, PostgreSQL and the registries. A nonce is sent once; a run with any error is void.
"""

import json
import os
import secrets
import struct
import subprocess
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from bench.cpu import Stolen
from signing.keys import SigningKey
from signing.message import Request, sign_request

HERE = Path(__file__).resolve().parent
LIMIT_S = 120
OFFICERS = 4000


@dataclass(frozen=True, slots=True)
class Client:
    """A caller of the sandbox."""

    key: SigningKey

    @classmethod
    def load(cls, directory: Path) -> "Client":
        """Read `client.toml` and the private key beside it."""
        about = tomllib.loads((directory / "client.toml").read_text())
        return cls(SigningKey.from_pem((directory / about["key"]).read_bytes(), about["keyid"]))


@dataclass(frozen=True, slots=True)
class Run:
    """What wrk saw: requests, seconds, latencies in ms, errors; and how much of the machine was away."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    errors: int
    stolen: float
    """Share of the processors' time that the hypervisor gave to others meanwhile."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def presign(
    file: Path,
    client: Client,
    url: str,
    path: str,
    bodies: Iterator[bytes],
    count: int,
    components: Sequence[str] | None = None,
) -> None:
    """Write `count` signed requests for wrk, and all that was written to disk: commits would wait for it later."""
    scheme, _, authority = url.partition("://")
    created = int(time.time())
    with file.open("wb") as out:
        for body in (next(bodies) for _ in range(count)):
            headers = [("host", authority), ("content-type", "application/json")]
            request = Request("POST", scheme, authority, path, headers)
            signed = sign_request(
                client.key, request, body, created=created, nonce=secrets.token_urlsafe(18), components=components
            )
            lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in [*headers, *signed])]
            raw = "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body
            out.write(struct.pack(">I", len(raw)) + raw)
    os.sync()


def drive(file: Path, url: str, *, seconds: int, connections: int, start: int = 0) -> Run:
    """Send the file's requests over `connections` for `seconds`."""
    environment = {**os.environ, "SIGNED_FILE": str(file), "SIGNED_START": str(start)}
    command = [
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(HERE / "signed.lua"),
        url,
    ]
    stolen = Stolen()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("R "))
    requests, us, p50, p99, most, errors = (float(word) for word in line.split()[1:])
    return Run(int(requests), us / 1e6, p50 / 1000, p99 / 1000, most / 1000, int(errors), stolen.share())


def people(count: int, seed: int, service: str) -> list[dict[str, Any]]:
    """Return synthetic persons whom `service` finds."""
    from mocks.sample import people as sample  # noqa: PLC0415 — the only place that needs the population

    found: list[dict[str, Any]] = []
    for person in sample(count * 3, seed):
        if person["expect"][service] == "found":
            found.append(person)
            if len(found) == count:
                break
    return found


def look_up(
    person: dict[str, Any], procedure: str, dossier: str, officer: dict[str, str], fields: Sequence[str]
) -> bytes:
    """Return the body of one look-up."""
    subject = {"id_type": "personal_id", "id": person["personal_id"]}
    purpose = {
        "procedure": procedure,
        "dossier": dossier,
        "component": "TP01",
        "legal_basis": "law",
        "officer": officer,
    }
    named = {name: person[name] for name in ("full_name", "birth_date")}
    body = {"subject": subject | named, "purpose": purpose, "fields": list(fields)}
    return json.dumps(body, ensure_ascii=False).encode()


def lookups(persons: Sequence[dict[str, Any]], fields: Sequence[str]) -> Iterator[bytes]:
    """Bodies of look-ups, over the persons again and again."""
    for number, person in enumerate(cycle(persons)):
        yield look_up(person, "9.999901", f"H99.01-261121-{number % 9000 + 1000:04d}", officer(number), fields)


def officer(number: int) -> dict[str, str]:
    """Return one of 4,000 officers in 80 units, as many as so many look-ups a second would come from.

    Their numbers end in 001…050: the insurer does not know officers whose number ends in 054 or 055.
    """
    unit, place = divmod(number % OFFICERS, 50)
    return {"id": f"099085{unit:03d}{place + 1:03d}", "name": "Trần Văn Cán", "unit": f"H99.{unit + 1:02d}"}
