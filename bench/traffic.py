"""Look-ups in order, each for a dossier of its person, and some that are not: the audit has to tell them apart.

The rule: dossiers are reported through the API before anybody is looked up, so the streaming judge finds what it needs.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import randrange
from time import time
from typing import Any

import asyncpg

from bench.load import look_up, officer, people
from gateway.client import Client

SERVICE, FIELDS = "insurance/health-card", ("card_number", "full_name", "status", "valid_to")
PERSONS, WRONG, BATCH = 4000, 40, 100
RUN = randrange(1000)
"""Other persons and dossiers in every run: an alert is raised once a person, officer and day."""
_POLL_S, _PATIENCE_S = 0.2, 90.0
_FRESH = "SELECT officer, at FROM lienthong.alert WHERE rule = 'no-dossier' AND client = $1 AND at > $2"


def asked(person: dict[str, Any], dossier: str, who: dict[str, str]) -> bytes:
    """Return the body of a look-up by an officer."""
    return look_up(person, "9.999909", dossier, who, FIELDS)


def wrongdoer(number: int) -> dict[str, str]:
    """Return an officer who makes no other look-up: numbers end beyond those of `officer`."""
    return {"id": f"099085000{number + 60:03d}", "name": "Trần Văn Cán", "unit": "H99.01"}


def dossier_of(number: int) -> str:
    """Return a dossier's code: another in every run, so that a sandbox can be used again."""
    return f"H99.01-261121-{RUN:03}{number:04}"


def events(persons: Sequence[dict[str, Any]], first: int, steps: Sequence[int]) -> list[dict[str, Any]]:
    """Return the events that bring each person's dossier, numbered from `first`, through `steps`."""
    begun = datetime.now(UTC) - timedelta(days=2)
    return [
        {
            "event_id": f"{RUN:03}-{first + number}-{status}",
            "dossier": dossier_of(first + number),
            "procedure": "9.999909",
            "agency": "H99.01",
            "status": status,
            "occurred_at": (begun + timedelta(minutes=status)).isoformat(),
            "received_at": begun.isoformat(),
            "due_at": (begun + timedelta(days=5)).isoformat(),
            "channel": "online",
            "parties": [{"id_type": "personal_id", "id": person["personal_id"], "role": "applicant"}],
        }
        for number, person in enumerate(persons)
        for status in steps
    ]


async def prepare(url: str, client: Path) -> tuple[list[bytes], list[bytes]]:
    """Report every dossier; return the bodies of look-ups that are in order, and of those that are not."""
    everybody = people(PERSONS + WRONG, RUN, SERVICE)
    good, wrong = everybody[:PERSONS], everybody[PERSONS:]
    reported = [*events(good, 0, (1, 2)), *events(wrong, PERSONS, (1, 2, 4, 9, 10))]  # the last have ended
    async with Client(url, client) as caller:
        for at in range(0, len(reported), BATCH):
            answer = await caller.request(
                "POST", "/v1/dossiers/events", json.dumps({"events": reported[at : at + BATCH]}).encode()
            )
            if any(result["result"] != "accepted" for result in answer.value["results"]):
                raise SystemExit(f"an event was not accepted: {answer.value['results'][0]}")
    return (
        [asked(person, dossier_of(number), officer(number)) for number, person in enumerate(good)],
        [asked(person, dossier_of(PERSONS + number), wrongdoer(number)) for number, person in enumerate(wrong)],
    )


async def misuse(url: str, client: Path, wrong: Sequence[bytes], every_s: float) -> list[float]:
    """Send one look-up that is not in order every so often; return when each was answered (Unix time)."""
    answered: list[float] = []
    async with Client(url, client) as caller:
        for body in wrong:
            await caller.request("POST", f"/v1/lookups/{SERVICE}", body)
            answered.append(time())
            await asyncio.sleep(every_s)
    return answered


class Watch:
    """Sees alerts as they are committed."""

    def __init__(self, owner: asyncpg.Connection, client: str) -> None:
        self._owner, self._client, self._since = owner, client, datetime.now(UTC)
        self.seen: list[float] = []
        """Unix times at which alerts were first seen."""

    async def run(self, expected: int) -> None:
        """Watch until as many alerts were seen, at most for `_PATIENCE_S` after the last."""
        known: set[bytes] = set()
        quiet = time()
        while len(known) < expected and time() - quiet < _PATIENCE_S:
            for row in await self._owner.fetch(_FRESH, self._client, self._since):
                if row["officer"] not in known:
                    known.add(row["officer"])
                    self.seen.append(time())
                    quiet = time()
            await asyncio.sleep(_POLL_S)
