"""A simulation from the seed to the figures, in a database of its own that is gone afterwards.

The rule: never a production log. The only database it ever writes to is one that it made itself, or one that its
caller made for it, empty; a log that holds entries is refused.
"""

import asyncio
import os
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from gateway.audit.simulation.clean import CleanTraffic
from gateway.audit.simulation.country import UNITS, Country
from gateway.audit.simulation.measuring import Measured, measure
from gateway.audit.simulation.misuse import Misuse
from gateway.audit.simulation.plan import Plan
from gateway.audit.simulation.servers import Servers
from gateway.audit.simulation.writing import Written, write_events, write_lookups
from gateway.audit.staff import pseudonymised
from gateway.audit.streaming import Auditor
from gateway.dossiers.receiving import Receiver
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.log import EvidenceLog
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import MinuteSealer
from gateway.store.configuration import ConfigurationStore
from gateway.store.database import Database
from gateway.store.embedded import APPLICATION, OWNER, EmbeddedPostgres
from gateway.store.findings import heads
from gateway.store.housekeeping import make_partitions
from gateway.store.migrations import migrate
from schemas.dates import LOCAL
from signing.algorithms import Algorithm
from signing.keys import SigningKey

ORIGIN = "simulation.lienthong.invalid"


class SimulationError(Exception):
    """The simulation does not run here."""


def plan_of(seed: int, days: int, last: date, each: int, units: int = UNITS) -> tuple[Country, Plan]:
    """Return a labelled period that ends with `last`: clean traffic, and `each` misuses for every rule.

    `units` of four officers has every caller.
    """
    random = Random(seed)  # noqa: S311 — a simulation has to be repeatable, not secret
    country, plan = Country(random, units), Plan()
    clean = CleanTraffic(country, plan, random)
    period = [last - timedelta(days=step) for step in reversed(range(days))]
    for day in period:
        clean.day(day)
    Misuse(country, plan, clean, random).seed(period, each)
    Servers(random, period).place(plan)
    return country, plan


async def simulate(database: Database, seed: int, days: int, last: date, each: int, units: int = UNITS) -> Measured:
    """Write a labelled period into an empty database and measure what the rules find.

    Raises `SimulationError` where its log holds anything, `StoreError` or `EvidenceUnavailable`.
    """
    if any((await heads(database)).values()):
        raise SimulationError("this database has a log with entries: a simulation writes only into an empty one")
    country, plan = plan_of(seed, days, last, each, units)
    first = datetime.combine(last - timedelta(days=days), time(), LOCAL)
    await make_partitions(database, first, 14)
    keys = _keys(first.year)
    pseudonyms = Pseudonyms(keys.pseudonyms)
    documents = country.documents(first.isoformat(), (first + timedelta(days=days + 2)).isoformat())
    await ConfigurationStore(database).apply(pseudonymised(documents, pseudonyms), by="simulation")
    receiver = Receiver(database, pseudonyms=pseudonyms, sealer=MinuteSealer(keys.reveal))
    await write_events(receiver, plan)
    log = await EvidenceLog.start(database, keys=keys, origin_base=ORIGIN)
    try:
        written = await write_lookups(log, plan.lookups)
    finally:
        await log.close()
    await Auditor(database, clock=lambda: datetime.now(UTC)).catch_up()
    return await _measured(database, plan, written)


async def _measured(database: Database, plan: Plan, written: list[Written]) -> Measured:
    first, last = min(one.planned.at for one in written), max(one.planned.at for one in written)
    alerts = await database.fetch("findings.alerts_standing")
    explained = await database.fetch("findings.explanations_of", first, last + timedelta(days=1))
    return measure(plan.incidents, written, alerts, {str(row["entry_id"]): row["kind"] for row in explained})


def _keys(year: int) -> EvidenceKeys:
    pseudonyms = {year + step: os.urandom(32) for step in (0, 1)}
    reveal = X25519PrivateKey.generate().public_key()
    return EvidenceKeys(SigningKey.generate(Algorithm.ED25519, ORIGIN), reveal, pseudonyms)


def simulate_apart(seed: int, days: int, last: date, each: int) -> Measured:
    """Simulate in a PostgreSQL of its own, in a temporary directory that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lt-sim-") as directory:
        Path(directory).chmod(0o755)
        server = EmbeddedPostgres(Path(directory) / "pg", scratch=True)
        server.start()
        try:
            return asyncio.run(_apart(server, seed, days, last, each))
        finally:
            server.stop()
            server.remove()


async def _apart(server: EmbeddedPostgres, seed: int, days: int, last: date, each: int) -> Measured:
    await migrate(server.url(OWNER), APPLICATION)
    database = await Database.connect(server.url(APPLICATION), timeout_s=30.0)
    try:
        return await simulate(database, seed, days, last, each)
    finally:
        await database.close()
