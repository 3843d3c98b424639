"""The embedded PostgreSQL: private, tied to its supervisor, and able to go on after any kill."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from gateway.store.embedded import APPLICATION, OWNER, EmbeddedPostgres, EmbeddedPostgresError, shared_buffers_mb


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for all the tests of this file."""
    embedded = EmbeddedPostgres(tmp_path_factory.mktemp("embedded") / "postgres")
    embedded.start()
    yield embedded
    embedded.remove()


async def value(server, sql, role=APPLICATION):
    """One value by one query on a fresh connection."""
    connection = await asyncpg.connect(server.url(role))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def wait_gone(pid):
    """Whether the process ends within 15 s."""
    deadline = time.monotonic() + 15
    while Path("/proc", str(pid)).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return not Path("/proc", str(pid)).exists()


async def test_both_roles_log_in_by_their_passwords(server):
    """The owner and the application reach the database `lienthong` through the socket."""
    assert await value(server, "select current_user::text", OWNER) == OWNER
    assert await value(server, "select current_user::text") == APPLICATION


async def test_a_wrong_password_is_refused(server):
    """Nothing is trusted: the socket alone opens no door."""
    url = server.url().replace(":", ":x", 2).replace(":x//", "://")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url)


async def test_the_superuser_cannot_log_in(server):
    """The superuser has no way in, with or without a password."""
    url = server.url().replace(APPLICATION, "postgres", 1)
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(url)


async def test_the_application_owns_nothing(server):
    """The application role may neither create tables nor schemas in the database."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await value(server, "create schema mine")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await value(server, "create table public.mine (x int)")


def test_memory_for_pages_follows_the_machine():
    """An eighth of the memory, within bounds: a small machine is not filled, a large one not left unused."""
    assert [shared_buffers_mb(gigabytes << 30) for gigabytes in (1, 4, 24)] == [128, 512, 1024]


async def test_durable_settings_and_builtin_locale(server):
    """Commits are durable, the collation is C.UTF-8 of the builtin provider, and no TCP port is open."""
    assert await value(server, "select current_setting('fsync') || current_setting('synchronous_commit')") == "onon"
    assert await value(server, "select current_setting('listen_addresses')") == ""
    assert await value(server, "select datlocprovider::text from pg_database where datname='lienthong'") == "b"
    assert await value(server, "select lower('ĐẶNG')") == "đặng"


async def test_a_new_segment_of_the_log_is_soon_filled(server):
    """Segments are of 1 MB: every commit waits for whoever fills a new one with zeros."""
    assert await value(server, "select current_setting('wal_segment_size')") == "1MB"


def test_secrets_and_socket_are_private(server):
    """Password files are 0600 and the socket's directory is 0700."""
    assert stat.S_IMODE((server._dir / f"{OWNER}.password").stat().st_mode) == 0o600
    assert stat.S_IMODE(server._sockets.stat().st_mode) == 0o700


async def test_restarts_after_kill_9(server):
    """A server killed with its pid file left behind starts again in time, data kept, same address."""
    await value(server, "create table if not exists kept (x int)", OWNER)
    url, pid = server.url(), server.pid
    os.kill(pid, signal.SIGKILL)
    server._process.wait(5)
    begun = time.monotonic()
    server.start()
    assert time.monotonic() - begun < 3
    assert server.url() == url
    assert await value(server, "select count(*) from kept", OWNER) == 0


async def test_continues_after_a_stop(server):
    """Stopped and started by a second supervisor object, it finds the same passwords and data."""
    await value(server, "create table if not exists kept (x int)", OWNER)
    server.stop()
    assert server.pid is None
    server.start()
    assert await value(server, "select count(*) from kept", OWNER) == 0


def test_no_address_before_the_start(tmp_path):
    """Asking for an address of a server that does not run is an error that says so."""
    with pytest.raises(EmbeddedPostgresError, match="not running"):
        EmbeddedPostgres(tmp_path / "postgres").url()


SUPERVISOR = """
import sys, time
from pathlib import Path
from gateway.store.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


def test_dies_with_its_supervisor(server):
    """When the supervisor is killed -9 the server ends by itself, and the next supervisor goes on."""
    server.stop()
    with subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(server._dir)], stdout=subprocess.PIPE) as supervisor:
        pid = int(supervisor.stdout.readline())
        supervisor.kill()
    server.start()  # waits for the orphan to end
    assert wait_gone(pid)
    assert server.pid not in {None, pid}


def test_a_foreign_pid_file_is_forgotten(server):
    """A pid file that names a living process which is no server of this directory does not stop the start."""
    server.stop()
    (Path((server._dir / "location").read_text().strip()) / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    server.start()
    assert server.pid is not None
