"""Numbered migrations, `migrations/NNNN_what_for.sql`, and the grants that follow them (DESIGN section 4).

The rule: each migration runs in one transaction that also writes its number, under an advisory lock,
so a run that is killed leaves a whole number of migrations and the next run goes on from there. The server looks
every second whether the run is still there: a killed one does not keep the next waiting behind a long statement.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from gateway.store.database import FLOOR_VERSION, SCHEMA, Database, StoreRefused, within
from gateway.store.queries import query

_FILE = re.compile(r"^(\d{4})_(\w+)\.sql$")
_WATCHED = {"client_connection_check_interval": "1000"}
_CONNECT_S, _LOCK_S, _STEP_S = 10.0, 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema: its number, the reason in its file's name, its SQL."""

    number: int
    name: str
    sql: str


def migrations() -> list[Migration]:
    """Return the migrations shipped with this version, in order."""
    found = []
    for path in sorted(Path(__file__).with_name("migrations").iterdir()):
        match = _FILE.match(path.name)
        if match:
            found.append(Migration(int(match[1]), match[2], path.read_text(encoding="utf-8")))
    return found


def newest_version() -> int:
    """Return the number of the newest migration shipped: what `schema_version` should answer."""
    return migrations()[-1].number


async def schema_version(database: Database) -> int:
    """Return the number of the last migration applied; 0 where the schema is empty or foreign."""
    if not await database.fetchval("migrations.exists"):
        return 0
    return int(await database.fetchval("migrations.version") or 0)


async def migrate(owner_url: str, app_role: str) -> list[Migration]:
    """Apply what is missing as the owner, grant `app_role` what it may do, and return what was applied.

    Raises `StoreUnavailable` where the database cannot be reached or a step failed, `StoreRefused` where the
    server is too old, `app_role` does not exist, or the schema is newer than this version of the program.
    """
    connecting = asyncpg.connect(owner_url, timeout=_CONNECT_S, server_settings=_WATCHED)
    connection = await within(_CONNECT_S, connecting)
    try:
        if connection.get_server_version().major < FLOOR_VERSION:
            raise StoreRefused(f"PostgreSQL {FLOOR_VERSION} or newer is needed")
        await within(_LOCK_S, connection.execute(query("migrations.lock")))
        return await within(_STEP_S, _migrate(connection, app_role))
    finally:
        connection.terminate()


async def _migrate(connection: asyncpg.Connection, app_role: str) -> list[Migration]:
    if not await connection.fetchval(query("migrations.role_exists"), app_role):
        raise StoreRefused("the application role of the database URL does not exist: create it first")
    await connection.execute(query("migrations.prepare"))
    applied = await connection.fetchval(query("migrations.version")) or 0
    known = migrations()
    if applied > known[-1].number:
        raise StoreRefused(f"the schema is at {applied}, this version of lienthong knows {known[-1].number}")
    missing = [step for step in known if step.number > applied]
    for step in missing:
        async with connection.transaction():
            await connection.execute(f"SET LOCAL search_path = {SCHEMA}")
            await connection.execute(step.sql)
            await connection.execute(query("migrations.record"), step.number, step.name)
    async with connection.transaction():
        await connection.execute(query("migrations.set_role"), app_role)
        await connection.execute(Path(__file__).with_name("migrations").joinpath("grants.sql").read_text("utf-8"))
    return missing
