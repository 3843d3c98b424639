"""`python -m bench month --dir DIR`: a sandbox in which a simulated country has worked for a month, to look around in.

The labelled month of `lienthong audit simulate` is written through the gateway's own log and dossier tables with the
sandbox's own keys, so that the console shows, seals and reveals it like any other; a hundred real look-ups of today
follow through the gateway. The rule: only into a sandbox that was made for it.
"""

import argparse
import asyncio
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
from rich.console import Console

from bench.load import people
from gateway.audit.simulation.country import CLIENTS, Country
from gateway.audit.simulation.plan import Plan, SimDossier
from gateway.audit.simulation.running import plan_of
from gateway.audit.simulation.writing import write_events, write_lookups
from gateway.client import ClientError, SyncClient
from gateway.dossiers.receiving import Receiver
from gateway.evidence.keys import EvidenceKeys
from gateway.evidence.log import EvidenceLog
from gateway.evidence.pseudonyms import Pseudonyms
from gateway.evidence.sealing import MinuteSealer
from gateway.keyfiles import client_document, new_client
from gateway.sandbox.installation import Sandbox
from gateway.sandbox.layout import PROVINCE, Layout
from gateway.sandbox.procedures import CATALOGUE
from gateway.sandbox.processes import Program, StopSignals
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.housekeeping import make_partitions
from gateway.store.scope import Scope
from schemas.dates import LOCAL
from schemas.dossiers import DossierEvent
from schemas.services import CATALOGUE as SERVICES
from signing.algorithms import Algorithm

SEED, DAYS, EACH = 20261, 30, 2
_TODAY, _AT_ONCE = 100, 100
_NAMES = {"H97.sim": "tỉnh H97", "H98.sim": "tỉnh H98", "H99.sim": "tỉnh H99"}
_UNREAD = """
SELECT sum(h.next_index - coalesce(m.next, 0)) FILTER (WHERE h.next_index > coalesce(m.next, 0) + 20)
FROM log_head h LEFT JOIN audit_mark m ON m.source = 'log ' || h.log_id
"""
out = Console(width=120)


def main(arguments: list[str]) -> None:
    """Start a sandbox, fill it, and stay until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m bench month", description=__doc__)
    parser.add_argument(
        "--dir", type=Path, required=True, help="a new directory; given again, it continues where it stopped"
    )
    parser.add_argument("--days", type=int, default=DAYS)
    options = parser.parse_args(arguments)
    with StopSignals() as signals:
        sandbox = MonthSandbox(options.dir, options.days)
        try:
            sandbox.start()
            console = sandbox.addresses.console if sandbox.addresses else ""
            out.print(f"READY {console} (log in: {sandbox.layout.auditor})", markup=False)
            while not signals.wait():
                sandbox.check()
        finally:
            sandbox.stop()


class MonthSandbox(Sandbox):
    """A sandbox whose month is written before its gateway runs: a running keeper closes questions of the past."""

    def __init__(self, directory: Path, days: int = DAYS, seed: int = SEED) -> None:
        super().__init__(directory, 0, 1)
        self._days, self._seed, self._fresh = days, seed, False

    def start(self) -> str:
        """Start, filling a new directory; return the public URL."""
        url = super().start()
        if self._fresh:
            _today(self.layout, url, datetime.now(UTC))
            asyncio.run(_settle(self.layout))
        return url

    def _gateway(self) -> Program:
        self._fresh = not _staff(self.layout).exists()
        if self._fresh:
            fill(self.layout, self._days, self._seed)
        return super()._gateway()


def fill(layout: Layout, days: int = DAYS, seed: int = SEED) -> None:
    """Fill a sandbox whose gateway does not run yet: configuration, and the month before now."""
    now = datetime.now(UTC)
    last = now.astimezone(LOCAL).date()
    country, plan = plan_of(seed, days, last, EACH)
    plan.lookups = [one for one in plan.lookups if one.at < now - timedelta(minutes=1)]
    plan.events = [one for one in plan.events if one.recorded_at < now - timedelta(minutes=1)]
    _configure(layout, country, last - timedelta(days=days + 1), last + timedelta(days=2))
    asyncio.run(_write(layout, plan, last - timedelta(days=days)))
    sought = {one.number for one in plan.incidents if one.rule == "many-officers"}
    person = next(one.subject for one in plan.lookups if one.incident in sought)
    (layout.root / "person.toml").write_text(f'looked_up_by_many = "{person}"\n', encoding="utf-8")
    out.print(f"{len(plan.lookups)} look-ups, {len(plan.events)} events, {len(plan.incidents)} seeded misuses")


async def _settle(layout: Layout) -> None:
    """Wait until the rules have read everything, and date the past's alerts as a stream would have raised them."""
    settings = Settings(_env_file=layout.env)  # type: ignore[call-arg] # pydantic-settings' own argument
    connection = await asyncpg.connect(str(settings.migration_url), server_settings={"search_path": "lienthong"})
    try:
        while await connection.fetchval(_UNREAD):  # noqa: ASYNC110 — another process reads
            await asyncio.sleep(1)
        await connection.execute("UPDATE alert SET at = happened_at + interval '3 seconds' WHERE at > happened_at")
    finally:
        await connection.close()


def _configure(layout: Layout, country: Country, since: date, until: date) -> None:
    """Register the simulated callers, what is agreed with them, and the staff lists."""
    documents = country.documents(*(datetime.combine(day, time(), LOCAL).isoformat() for day in (since, until)))
    staff = _staff(layout)
    staff.parent.mkdir(exist_ok=True)
    staff.write_text(documents["staff/simulated.toml"], encoding="utf-8")
    for client in CLIENTS:
        key = new_client(layout.clients / client, client, Algorithm.ED25519, f"{client}-1")
        text = client_document(client, f"Cổng một cửa {_NAMES[client]} (mô phỏng)", "province", key)
        (layout.config / "clients" / f"{client}.toml").write_text(text, encoding="utf-8")
        (layout.config / "agreements" / f"{client}.toml").write_text(_agreement(client), encoding="utf-8")
    command = [sys.executable, "-m", "gateway.cli", "apply", str(layout.config)]
    subprocess.run(command, env={"LIENTHONG_ENV_FILE": str(layout.env)}, check=True, capture_output=True)


def _staff(layout: Layout) -> Path:
    return layout.config / "staff" / "simulated.toml"


def _agreement(client: str) -> str:
    agency = f"{client.partition('.')[0]}*"
    rows = [f'agreement = "{client}"\nclient = "{client}"\n']
    for spec in SERVICES.values():
        fields = ", ".join(f'"{name}"' for name in spec.fields if name not in spec.sensitive)
        procedures = ", ".join(f'"9.99990{number}"' for number in range(1, 10))
        rows.append(
            f'[[grants]]\nservice = "{spec.name}"\nprocedures = [{procedures}]\nfields = [{fields}]\n'
            f'legal_bases = ["law", "vital_interest"]\nagencies = ["{agency}"]\ndossier_rule = "none"\n'
            f'valid_from = "2026-01-01"\nvalid_until = "2027-12-31"\ndaily_quota = 400\n'
        )
    return "\n".join(rows)


async def _write(layout: Layout, plan: Plan, first: date) -> None:
    settings = Settings(_env_file=layout.env)  # type: ignore[call-arg] # pydantic-settings' own argument
    keys = EvidenceKeys.load(settings)
    database = await Database.connect(settings.database_url, timeout_s=60.0)
    try:
        await make_partitions(database, datetime.combine(first, time(), LOCAL), 14)
        receiver = Receiver(database, pseudonyms=Pseudonyms(keys.pseudonyms), sealer=MinuteSealer(keys.reveal))
        await write_events(receiver, plan)
        log = await EvidenceLog.start(database, keys=keys, origin_base=settings.origin)
        try:
            await write_lookups(log, plan.lookups)
        finally:
            await log.close()
        await _components(database, receiver, plan)
    finally:
        await database.close()


async def _components(database: Database, receiver: Receiver, plan: Plan) -> None:
    """Report what each dossier's papers were replaced by, and how it was filed and handed over."""
    rows = await database._pool.fetch(  # noqa: SLF001 — a bench reads what no room of the gateway has to
        "SELECT dossier, service, question FROM lienthong.entry WHERE kind = 'answered' AND outcome = 'found'"
    )
    asked = {(row["dossier"], row["service"]): str(row["question"]) for row in rows}
    random, now = Random(SEED), datetime.now(UTC)
    for client in CLIENTS:
        told = [one for one in plan.dossiers if one.officer.client == client and one.pushed and one.opened_at < now]
        events = [_filed(one, asked, random) for one in told]
        scope, rest = Scope.of([f"{client.partition('.')[0]}*"]), iter(events)
        while part := list(islice(rest, _AT_ONCE)):
            await receiver.receive(client, scope, part, request_id="0", now=now)


def _filed(dossier: SimDossier, asked: dict[tuple[str | None, str], str], random: Random) -> DossierEvent:
    digital = random.random() < {"H97.sim": 0.92, "H98.sim": 0.75}.get(dossier.officer.client, 0.6)
    components = []
    for number, paper in enumerate(CATALOGUE[dossier.procedure].papers, 1):
        part: dict[str, Any] = {"code": f"TP{number:02}", "name": paper.name, "digitised": digital}
        lookup = asked.get((dossier.code, paper.by.service)) if paper.by else None
        if lookup and random.random() < 0.85:  # noqa: PLR2004 — some officers ask and take the paper as well
            part |= {"obtained": "registry", "lookup_id": lookup, "reused": True}
        else:
            part |= {"obtained": random.choice(("upload", "upload", "paper", "store"))}
        components.append(part)
    stated = {
        "received_at": dossier.opened_at.isoformat(),
        "due_at": (dossier.opened_at + timedelta(days=7)).isoformat(),
        "channel": random.choice(("online", "online", "counter")),
        "result": {"electronic": random.random() < 0.8},  # noqa: PLR2004 — four in five
    }
    return DossierEvent(
        f"month-{dossier.code}", dossier.code, dossier.procedure, dossier.officer.unit, 2,
        dossier.opened_at + timedelta(seconds=30), stated=stated, components=tuple(components),
    )  # fmt: skip


def _today(layout: Layout, url: str, now: datetime) -> None:
    """Look some people up through the gateway, most of them for an open dossier."""
    persons = people(_TODAY, SEED, "insurance/health-card")
    with SyncClient(url, layout.client_toml(PROVINCE)) as client:
        client.request("POST", "/v1/dossiers/events", {"events": [*_opened(persons, now)]})
        for number, person in enumerate(persons):
            try:
                client.lookup(*_asked(person, number, now))
            except ClientError as error:
                out.print(f"today: {error}", markup=False)


def _dossier(number: int, now: datetime) -> str:
    return f"H99.{1 + number % 3:02}-{now.astimezone(LOCAL):%y%m%d}-9{number:03}"


def _opened(persons: Sequence[dict[str, Any]], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "event_id": f"today-{number}",
            "dossier": _dossier(number, now),
            "procedure": "9.999909",
            "agency": f"H99.{1 + number % 3:02}",
            "status": 2,
            "occurred_at": (now - timedelta(minutes=20)).isoformat(),
            "parties": [{"id_type": "personal_id", "id": person["personal_id"], "role": "applicant"}],
        }
        for number, person in enumerate(persons)
        if number % 20
    ]


def _asked(
    person: dict[str, Any], number: int, now: datetime
) -> tuple[str, dict[str, str], dict[str, Any], tuple[str, ...]]:
    subject = {
        "id_type": "personal_id",
        "id": person["personal_id"],
        "full_name": person["full_name"],
        "birth_date": person["birth_date"],
    }
    officer = {"id": f"0990850{number % 9:02}061", "name": "Trần Văn Cán", "unit": f"H99.{1 + number % 3:02}"}
    purpose = {
        "procedure": "9.999909",
        "dossier": _dossier(number, now),
        "component": f"TP0{1 + number % 2}",
        "legal_basis": "law",
        "officer": officer,
    }
    if number % 2:
        return "population/person", subject, purpose, ("full_name", "birth_date", "personal_id")
    return "insurance/health-card", subject, purpose, ("card_number", "valid_to")
