"""So many look-ups a second, no more and no fewer: `python -m bench.pacing CLIENT URL PATH BODIES RATE SECONDS`.

The rule: a request has its time, and its latency counts from there, whether a connection was free or not; so a
gateway that stalls is not asked less. BODIES holds one body a line; each is signed when it is sent. Prints one line
of JSON: what was sent, percentiles in ms, errors.
"""

import asyncio
import json
import secrets
import sys
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import uvloop

from bench.load import Client
from signing.message import Request, sign_request

CONNECTIONS, LIMIT_S = 32, 15.0
_OK = 200


class Told(NamedTuple):
    """What became of a request: when it was due (`time.perf_counter`), the ms it took, its status; 0 for no answer."""

    at: float
    ms: float
    status: int


class Caller:
    """A client's connections, kept, and what became of each request."""

    def __init__(self, client: Client, url: str, path: str, connections: int = CONNECTIONS) -> None:
        self._client, self._path, self._parts = client, path, urlsplit(url)
        self._free: asyncio.LifoQueue[tuple[asyncio.StreamReader, asyncio.StreamWriter] | None] = asyncio.LifoQueue()
        for _ in range(connections):
            self._free.put_nowait(None)
        self.told: list[Told] = []

    async def send(self, body: bytes, due: float) -> None:
        """Sign and send one request that was due at `due` (of `time.perf_counter`) and note what became of it."""
        await self.send_signed(self.signed(body), due)

    async def send_signed(self, request: bytes, due: float) -> None:
        """Send the bytes of a signed request; see `send`."""
        kept = await self._free.get()
        if kept is not None and kept[0].at_eof():  # closed by the gateway while it was idle
            kept = None
        try:
            async with asyncio.timeout(LIMIT_S):
                kept = kept or await asyncio.open_connection(self._parts.hostname, self._parts.port)
                kept[1].write(request)
                head = await kept[0].readuntil(b"\r\n\r\n")
                await kept[0].readexactly(_length(head))
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            self._free.put_nowait(None)
            self._note(due, 0)
            return
        self._free.put_nowait(None if b"\r\nconnection: close" in head.lower() else kept)
        self._note(due, int(head[9:12]))

    def _note(self, due: float, status: int) -> None:
        self.told.append(Told(due, (time.perf_counter() - due) * 1000, status))

    def signed(self, body: bytes) -> bytes:
        """Return the bytes of a request, signed now."""
        headers = [("host", self._parts.netloc), ("content-type", "application/json")]
        request = Request("POST", self._parts.scheme, self._parts.netloc, self._path, headers)
        nonce = secrets.token_urlsafe(18)
        signed = sign_request(self._client.key, request, body, created=int(time.time()), nonce=nonce)
        lines = [f"POST {self._path} HTTP/1.1", *(f"{name}: {value}" for name, value in [*headers, *signed])]
        return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def _length(head: bytes) -> int:
    name = b"content-length:"
    line = next(line for line in head.split(b"\r\n") if line.lower().startswith(name))
    return int(line[len(name) :])


async def paced(caller: Caller, bodies: list[bytes], rate: float, seconds: float) -> dict[str, float]:
    """Send for so long; return the number sent, percentiles in ms and errors."""
    todo, begun = cycle(bodies), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * seconds)):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(caller.send(next(todo), due))
    answered = [one.ms for one in caller.told if one.status == _OK]
    return {
        "sent": int(rate * seconds),
        "errors": len(caller.told) - len(answered),
        "p50_ms": percentile(answered, 0.5),
        "p99_ms": percentile(answered, 0.99),
        "max_ms": percentile(answered, 1.0),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of them lie; not a number where there is none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def main(client: str, url: str, path: str, bodies: str, rate: str, seconds: str) -> None:
    """Send as the arguments say and print what was seen."""
    caller = Caller(Client.load(Path(client)), url, path)
    lines = Path(bodies).read_bytes().splitlines()
    print(json.dumps(uvloop.run(paced(caller, lines, float(rate), float(seconds)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
