"""`python -m bench appends`: what the console's indexes add to a look-up, in CPU time of PostgreSQL.

A year's log is filled; then look-ups are appended through `evidence_append`, a question and an answer each, by one
session, in turn with every index, without those that only the console's lists need, and with every index again.
"""

import argparse
import asyncio
import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from statistics import median

import asyncpg
from rich.console import Console
from rich.table import Table

from bench.cpu import cpu_us
from bench.scratch import postgres
from bench.year import fill
from gateway.evidence.leaf import uuid7
from gateway.store.append import EntryRow, append_batch
from gateway.store.database import Database, Session
from gateway.store.embedded import APPLICATION, OWNER, EmbeddedPostgres
from gateway.store.migrations import migrate

BATCH, ASKED_BYTES, ANSWERED_BYTES = 8, 1815, 1259
_LISTS = """
SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_class c
WHERE c.relkind = 'I' AND (c.relname LIKE 'ended\\_by\\_%' OR c.relname = 'entry_of_acts')
"""
_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE usename = 'lienthong_app'"
_SERVICES = ("population/person", "insurance/health-card", "civil-status/birth", "tax/taxpayer")
out = Console(width=120)


def main(arguments: list[str]) -> None:
    """Fill, append, print."""
    parser = argparse.ArgumentParser(prog="python -m bench appends", description=__doc__)
    parser.add_argument("--entries", type=int, default=300_000, help="in the log before")
    parser.add_argument("--lookups", type=int, default=8000, help="of each round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    with postgres() as server:
        asyncio.run(_measured(server, options))


async def _measured(server: EmbeddedPostgres, options: argparse.Namespace) -> None:
    await migrate(server.url(OWNER), APPLICATION)
    await fill(server.url(OWNER), options.entries, datetime.now(UTC))
    settings = {"search_path": "lienthong", "jit": "off"}
    owner = await asyncpg.connect(server.url(OWNER), server_settings=settings)
    lists = await owner.fetch(_LISTS)
    log_id = await owner.fetchval("SELECT log_id FROM log_open(0, $1, 'bench')", datetime.now(UTC).year)
    seen: dict[str, list[float]] = {"with every index": [], "without the console's": []}
    for _ in range(options.rounds):
        seen["with every index"].append(await _round(server, owner, log_id, options.lookups))
        for name, _ in lists:
            await owner.execute(f"DROP INDEX {name}")
        seen["without the console's"].append(await _round(server, owner, log_id, options.lookups))
        for _, definition in lists:
            await owner.execute(definition.replace(" ON ONLY ", " ON "), timeout=None)
    await owner.close()
    table = Table("appending", "µs a look-up (PostgreSQL)", title=f"{len(lists)} indexes of the console's lists")
    for name, spent in seen.items():
        table.add_row(name, f"{median(spent):.0f}   ({', '.join(f'{one:.0f}' for one in spent)})")
    out.print(table)


async def _round(server: EmbeddedPostgres, owner: asyncpg.Connection, log_id: int, lookups: int) -> float:
    """Append look-ups through a session of its own; return its CPU time a look-up."""
    database = await Database.connect(server.url(APPLICATION))
    others = {row["pid"] for row in await owner.fetch(_SESSIONS)}
    async with database.own_session() as session:
        (pid,) = {row["pid"] for row in await owner.fetch(_SESSIONS)} - others
        for number in range(50):  # plans and caches
            await _append(session, log_id, number)
        before = cpu_us([pid])
        for number in range(lookups // BATCH):
            await _append(session, log_id, number)
        spent = cpu_us([pid]) - before
    await database.close()
    return spent / (lookups // BATCH * BATCH)


async def _append(session: Session, log_id: int, number: int) -> None:
    """Append a batch of questions, then the batch of their answers."""
    now = datetime.now(UTC)
    asked = [_question(now, number * BATCH + one) for one in range(BATCH)]
    await append_batch(session, log_id, 0, asked)
    later = now + timedelta(milliseconds=40)
    answers = [
        row._replace(
            at=later,
            entry_id=uuid7(int(later.timestamp() * 1000)),
            kind="answered",
            outcome="found",
            person=row.subject,
            question=row.entry_id,
            leaf=os.urandom(ANSWERED_BYTES),
            nonce=b"",
            created=None,
        )
        for row in asked
    ]
    await append_batch(session, log_id, 0, answers)


def _question(now: datetime, number: int) -> EntryRow:
    stamp = int(now.timestamp() * 1000)
    return EntryRow(
        now,
        uuid7(stamp),
        "asked",
        uuid7(stamp),
        "H99.igate",
        _SERVICES[number % len(_SERVICES)],
        f"9.99990{number % 9 + 1}",
        f"H99.01-261122-{int.from_bytes(os.urandom(3)):08}",
        f"H99.{number % 30 + 1:02}",
        sha256(b"%d" % (number % 500)).digest(),
        os.urandom(32),
        b"",
        None,
        None,
        None,
        os.urandom(ASKED_BYTES),
        os.urandom(16),
        int(now.timestamp()),
    )
