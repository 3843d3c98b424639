"""Migrations: numbered, resumable, and the application role may append and read, never change or remove."""

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from gateway.store.database import SCHEMA, Database, StoreRefused
from gateway.store.embedded import APPLICATION
from gateway.store.migrations import Migration, migrate, migrations, newest_version, schema_version
from gateway.store.queries import query

TABLES = ("log", "log_head", "entry", "nonce", "quota", "guess", "sealing_key", "tile", "checkpoint", "configuration")
ROOT = Path(__file__).parents[3]
CHANGES = (
    "INSERT INTO {0} DEFAULT VALUES",
    "UPDATE {0} SET {1} = DEFAULT",
    "DELETE FROM {0}",
    "TRUNCATE {0}",
    "ALTER TABLE {0} ADD COLUMN x integer",
    "DROP TABLE {0}",
)


@pytest.fixture
async def application(database_urls):
    """Connect as the application role."""
    connection = await asyncpg.connect(database_urls.application, server_settings={"search_path": SCHEMA})
    yield connection
    await connection.close()


def test_migrations_are_numbered_in_order():
    """No number comes twice, they rise, and their names say why."""
    steps = migrations()
    assert [step.number for step in steps] == sorted({step.number for step in steps})
    assert all(len(step.name) > 5 for step in steps)


async def test_a_second_run_does_nothing(database: Database, database_urls):
    """Migrating again applies nothing and keeps the version."""
    assert await migrate(database_urls.owner, APPLICATION) == []
    assert await schema_version(database) == newest_version()


async def test_a_broken_step_leaves_the_ones_before_it(database: Database, database_urls, monkeypatch):
    """A step that fails half-way leaves nothing of itself; the next run goes on from the last whole one."""
    good = migrations()
    extra = [
        Migration(newest_version() + 1, "a_good_one", "CREATE TABLE good (x integer)"),
        Migration(newest_version() + 2, "a_bad_one", "CREATE TABLE bad (x integer); SELECT 1 / 0"),
    ]
    before = newest_version()
    monkeypatch.setattr("gateway.store.migrations.migrations", lambda: [*good, *extra])
    with pytest.raises(Exception, match="DivisionByZeroError"):
        await migrate(database_urls.owner, APPLICATION)
    assert await schema_version(database) == before + 1
    extra[1] = Migration(before + 2, "a_bad_one_mended", "CREATE TABLE bad (x integer)")
    assert await migrate(database_urls.owner, APPLICATION) == [extra[1]]
    assert await schema_version(database) == before + 2
    monkeypatch.undo()
    with pytest.raises(StoreRefused, match=f"at {before + 2}"):
        await migrate(database_urls.owner, APPLICATION)


SLOW = """
import asyncio, sys
from gateway.store import migrations
steps = migrations.migrations()
slow = "CREATE TABLE slow (x integer); SELECT pg_sleep(100)"
steps.append(migrations.Migration(steps[-1].number + int(sys.argv[2]), "a_slow_one", slow))
migrations.migrations = lambda: steps
asyncio.run(migrations.migrate(sys.argv[1], "lienthong_app"))
"""


async def _sleeping(owner, wanted=True):
    """Wait until a migration sleeps in the server, or until none does."""
    asleep = """SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND query LIKE '%pg_sleep(100)%' AND pid <> pg_backend_pid()"""
    while bool(await owner.fetchval(asleep)) is not wanted:  # noqa: ASYNC110 — the server tells nobody
        await asyncio.sleep(0.05)


async def test_a_killed_run_leaves_nothing_and_the_next_completes(postgres, database_urls, crash):
    """SIGKILL of the migrating process, then of the server, in the middle of a step: the next run goes through."""
    owner = await asyncpg.connect(database_urls.owner)
    version = await owner.fetchval(query("migrations.version"))
    command = [sys.executable, "-c", SLOW, database_urls.owner, str(version + 1 - newest_version())]
    running = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
    await _sleeping(owner)
    running.kill()
    await running.wait()
    await _sleeping(owner, wanted=False)
    running = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=subprocess.DEVNULL)
    await _sleeping(owner)
    owner.terminate()
    crash()
    assert await running.wait() == 1
    postgres.start()
    owner = await asyncpg.connect(database_urls.owner)
    assert await owner.fetchval(query("migrations.version")) == version
    known, step = migrations(), Migration(version + 1, "a_slow_one_made_quick", "CREATE TABLE slow (x integer)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.store.migrations.migrations", lambda: [*known, step])
        assert await migrate(database_urls.owner, APPLICATION) == [step]
    assert await owner.fetchval("SELECT count(*) FROM lienthong.slow") == 0
    await owner.close()


async def test_two_runs_at_once_apply_each_step_once(postgres, database_urls):
    """Two operators migrate a fresh database at once: one waits for the other, and nothing fails."""
    owner = await asyncpg.connect(database_urls.owner)
    await owner.execute("CREATE DATABASE twice")
    await owner.close()
    url = postgres.url("lienthong_owner", "twice")
    done = await asyncio.gather(*(migrate(url, APPLICATION) for _ in range(3)))
    assert sorted(len(steps) for steps in done) == [0, 0, len(migrations())]


async def test_an_application_role_that_does_not_exist_is_refused(database_urls):
    """The role is made by whoever runs the server; migrating without it says so."""
    with pytest.raises(StoreRefused, match="role"):
        await migrate(database_urls.owner, "nobody_here")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", CHANGES)
async def test_the_application_cannot_change_or_remove_anything_itself(application, table: str, change: str):
    """No statement of the application's own writes to any table: only the functions do."""
    column = await application.fetchval(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum = 1", table
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application.execute(change.format(table, column))
    assert await application.fetchval(f"SELECT count(*) FROM {table}") >= 0


async def test_the_application_cannot_call_what_is_inside(application):
    """The helpers of the append function run for it alone."""
    for name in ("evidence_raise_quota", "evidence_raise_guesses", "evidence_judge"):
        allowed = await application.fetchval(
            "SELECT has_function_privilege(oid, 'EXECUTE') FROM pg_proc WHERE proname = $1", name
        )
        assert allowed is False


async def test_definer_functions_trust_no_search_path(application):
    """Every SECURITY DEFINER function names its own search path, pg_temp last, so nothing can be put before it."""
    rows = await application.fetch(
        "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = $1::text::regnamespace AND prosecdef", SCHEMA
    )
    assert len(rows) >= 8
    paths = {
        row["proname"]: [item for item in row["proconfig"] or () if item.startswith("search_path")] for row in rows
    }
    assert {name for name, path in paths.items() if path != ["search_path=lienthong, pg_temp"]} == set()


async def test_a_table_of_the_sessions_own_shadows_nothing(application):
    """A temporary table named like one of ours does not reach into the functions."""
    await application.execute("CREATE TEMP TABLE in_force (configuration integer, nonce_floor bigint)")
    await application.execute("SET search_path = pg_temp, lienthong")
    assert await application.fetchval("SELECT lienthong.raise_nonce_floor(5)") == 5
    assert await application.fetchval("SELECT count(*) FROM pg_temp.in_force") == 0
